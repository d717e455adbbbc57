/** `message-stanzas.fifo`: what contacts write becomes events. */
import { hashId } from "#aws/hash.ts";
import type { Cause, Effect, Pair, StanzaEffect } from "#core/decision.ts";
import { limits } from "#core/limits.ts";
import { messageToEvent } from "#core/translate/message-to-event.ts";
import { routedToEvent } from "#core/translate/routed-to-event.ts";
import { type Caused, sendAllEffects } from "./effects.ts";
import { answerForNobody, ghostOf } from "./ghost.ts";
import { onLambda } from "./pipeline.ts";
import { type Ports, portsFromEnvironment } from "./ports.ts";
import { stanzaWork } from "./stanza-pack.ts";

/**
 * Translates the messages of a pair and sends what comes of them in one go. What is read is cached; 0 writes, but 1
 * for a message that is encrypted.
 */
export const messageWork = stanzaWork("message", "messageStanzas", async (jobs, ports) => {
  const [first] = jobs;
  if (first === undefined) return;
  const ghost = await ghostOf(first, ports);
  if (ghost === undefined || (await ports.directory.isBlocked(ghost.address, ghost.pair))) {
    return answerForNobody(jobs, ports);
  }
  const now = new Date(ports.clock()).toISOString();
  const decided: Caused[] = [];
  for (const { item, stanza, cause } of jobs) {
    const { effects } =
      item.routed === undefined
        ? messageToEvent({ ...ghost, cause }, stanza, ports.capabilities, now)
        : // The same item, confirmed again, makes the same event.
          routedToEvent({ ...ghost, cause: { ...cause, id: `routed ${hashId(item.routed)}` } }, stanza);
    decided.push({ cause, effects: await onTheirConditions(ports, ghost.pair, cause, effects) });
  }
  return sendAllEffects(ports, ghost.pair, decided);
});

/** Leaves out the stanzas whose condition does not hold. */
async function onTheirConditions(
  ports: Ports,
  pair: Pair,
  cause: Cause,
  effects: readonly Effect[],
): Promise<readonly Effect[]> {
  const kept: Effect[] = [];
  for (const effect of effects) {
    if (effect.kind !== "stanza" || (await holds(ports, pair, cause, effect))) kept.push(effect);
  }
  return kept;
}

async function holds(
  ports: Ports,
  pair: Pair,
  cause: Cause,
  { afterwards = "always" }: StanzaEffect,
): Promise<boolean> {
  switch (afterwards) {
    case "always":
      return true;
    case "seen-by-contact":
      return ports.directory.isSeenBy(pair);
    case "not-told": {
      const nowS = Math.floor(ports.clock() / 1000);
      return ports.table.tellOnce(pair, cause.id, nowS, nowS + limits.toldKeptS);
    }
    default:
      return afterwards satisfies never;
  }
}

export const handler = onLambda(
  () => portsFromEnvironment(["nativeDeliveries", "outboundStanzas"]),
  messageWork,
);
