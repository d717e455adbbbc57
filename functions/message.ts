/** `message-stanzas.fifo`: what contacts write becomes events. */
import { messageToEvent } from "#core/translate/message-to-event.ts";
import { sendAllEffects } from "./effects.ts";
import { answerForNobody, ghostOf } from "./ghost.ts";
import { onLambda } from "./pipeline.ts";
import { portsFromEnvironment } from "./ports.ts";
import { stanzaWork } from "./stanza-pack.ts";

/** Translates the messages of a pair and sends what comes of them in one go. 0 writes, what is read is cached. */
export const messageWork = stanzaWork("message", "messageStanzas", async (jobs, ports) => {
  const [first] = jobs;
  if (first === undefined) return;
  const ghost = await ghostOf(first, ports);
  if (ghost === undefined || (await ports.directory.isBlocked(ghost.address, ghost.pair))) {
    return answerForNobody(jobs, ports);
  }
  const decided = jobs.map(({ stanza, cause }) => ({
    cause,
    effects: messageToEvent({ ...ghost, cause }, stanza).effects,
  }));
  return sendAllEffects(ports, ghost.pair, decided);
});

export const handler = onLambda(
  () => portsFromEnvironment(["nativeDeliveries", "outboundStanzas"]),
  messageWork,
);
