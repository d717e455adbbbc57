/** `presence-stanzas.fifo`: availability, probes and subscriptions of contacts. */

import { noPair, type PairDecision, type PairState } from "#core/pair.ts";
import { counts } from "#core/presence.ts";
import { ok } from "#core/result.ts";
import { decideAvailability, parseAvailability } from "#core/translate/availability.ts";
import type { Context } from "#core/translate/context.ts";
import { forgetDirectedPresence } from "#core/translate/directed-presence.ts";
import { answerForDomain } from "#core/translate/domain-presence.ts";
import { decideProbe } from "#core/translate/probe.ts";
import {
  answersSubscription,
  decidePresenceError,
  decideSubscriptionStanza,
} from "#core/translate/subscription-stanza.ts";
import { sendAnswers, sendEffects } from "./effects.ts";
import { answerForNobody, ghostOf } from "./ghost.ts";
import { learnCaps } from "./learn-caps.ts";
import { commitDecision } from "./pair-commit.ts";
import { onLambda } from "./pipeline.ts";
import { type Ports, portsFromEnvironment } from "./ports.ts";
import { probeAttemptOf, probeLater } from "./probe-again.ts";
import type { StanzaJob } from "./stanza-job.ts";
import { stanzaWork } from "./stanza-pack.ts";

/**
 * Availability of one resource: 1 write, no read; more only where it bears capabilities that are not known yet, and
 * what {@link forgetShown} costs where a stranger goes.
 */
async function takeAvailability(ctx: Context, job: StanzaJob, ports: Ports): Promise<void> {
  const { pair, cause } = ctx;
  const { resource } = job.from;
  const update = parseAvailability(job.stanza, job.item.fence, cause.time);
  const outcome =
    update === undefined && resource === ""
      ? await dropAll(ctx, ports)
      : await ports.table.putAvailability(pair, cause.mark, resource, update);
  // Of strangers, and of a resource that has said something newer since, there is nothing to tell.
  if (outcome.kind === "unknown" && update === undefined) return forgetShown(ctx, ports);
  if (outcome.kind !== "applied") return;
  const { after, effects } = decideAvailability(ctx, outcome.before, resource, update);
  await sendEffects(ports, pair, cause, effects);
  if (update?.caps !== undefined && counts(update) && resource !== "") {
    await learnCaps(ctx, job.from, update.caps, ports);
  }
  if (outcome.directed && Object.keys(after).length === 0) return forgetShown(ctx, ports);
  const dropped = Object.keys(outcome.before).filter((name) => name !== resource && !(name in after));
  // Last, so that a repeat finds what is over the limit and decides the same.
  if (dropped.length > 0 && update !== undefined) {
    await ports.table.trimResources(pair, cause.mark, dropped);
  }
}

/**
 * RFC 6121 §4.6.1: the contact is gone, so that it need not be told when the user goes. Of a stranger one device is
 * all that is known of it. 1 read; a transaction where the user has shown itself to it alone.
 */
async function forgetShown(ctx: Context, ports: Ports): Promise<void> {
  await decidePair(ctx, ports, forgetDirectedPresence);
}

/** `unavailable` from a bare JID speaks for all resources: 1 read, 1 write. */
async function dropAll({ pair, cause }: Context, ports: Ports) {
  const known = await ports.table.readAvailability(pair);
  return ports.table.dropResources(pair, cause.mark, known ?? {});
}

/** Commits a decision, but for a blocked contact, of whom nothing is taken in (XEP-0191 §3.3). */
async function decidePair(
  { pair, cause }: Context,
  ports: Ports,
  decide: (current: PairState) => PairDecision,
): Promise<void> {
  await commitDecision(ports, pair, cause, (current) =>
    ok(current.blocked ? { next: current, effects: [] } : decide(current)),
  );
}

/**
 * An error for a request is told. Any other makes the contact unknown, and has it asked again: once it was known,
 * or when it answers one of our probes.
 */
async function takeError(ctx: Context, job: StanzaJob, ports: Ports): Promise<void> {
  const { pair, cause } = ctx;
  // Asked before the commit, which decides nothing when the error comes again.
  const { state } = (await ports.table.readPair(pair)) ?? { state: noPair };
  if (answersSubscription(state, job.stanza)) {
    return decidePair(ctx, ports, (current) => decidePresenceError(ctx, current, job.stanza));
  }
  const outcome = await dropAll(ctx, ports);
  if (outcome.kind !== "applied") return;
  await sendEffects(ports, pair, cause, decideAvailability(ctx, outcome.before, "", undefined).effects);
  const attempt = probeAttemptOf(job.stanza.attrs["id"]);
  const wasKnown = Object.keys(outcome.before).length > 0;
  if (attempt !== undefined || wasKnown) await probeLater(pair, cause, (attempt ?? 0) + 1, ports);
}

async function takePresence(ctx: Context, job: StanzaJob, ports: Ports): Promise<void> {
  const { pair, cause } = ctx;
  switch (job.stanza.attrs["type"]) {
    case undefined:
    case "unavailable":
      return takeAvailability(ctx, job, ports);
    case "probe": {
      const { state } = (await ports.table.readPair(pair)) ?? { state: noPair };
      // XEP-0191 §3.3: presence of a blocked contact is never answered.
      if (state.blocked) return;
      return sendEffects(ports, pair, cause, decideProbe(ctx, state, job.stanza));
    }
    case "error":
      return takeError(ctx, job, ports);
    default:
      // Unknown types change nothing: RFC 6121 §4.7.1 knows no others than these.
      return decidePair(ctx, ports, (current) => decideSubscriptionStanza(ctx, current, job.stanza));
  }
}

export const presenceWork = stanzaWork("presence", "presenceStanzas", async (jobs, ports) => {
  for (const job of jobs) {
    if (job.to.local === "") {
      // 0 reads, 0 writes.
      await sendAnswers(ports, job, answerForDomain(job.stanza));
      continue;
    }
    const ghost = await ghostOf(job, ports);
    if (ghost === undefined) await answerForNobody([job], ports);
    else await takePresence(ghost, job, ports);
  }
});

export const handler = onLambda(
  () =>
    portsFromEnvironment([
      "nativeDeliveries",
      "outboundStanzas",
      "outboundPresence",
      "nativeEvents",
      "walks",
    ]),
  presenceWork,
);
