/** `iq-stanzas`: every get and set is answered, by an answer that a repeat repeats. */
import { seenByContact } from "#core/subscription.ts";
import { answerIq } from "#core/translate/iq.ts";
import { sendAnswers } from "./effects.ts";
import { ghostOf } from "./ghost.ts";
import { takeCapsAnswer } from "./learn-caps.ts";
import { onLambda } from "./pipeline.ts";
import { type Ports, portsFromEnvironment } from "./ports.ts";
import type { StanzaJob } from "./stanza-job.ts";
import { stanzaWork } from "./stanza-pack.ts";

/** Who asks what of whom: strangers learn nothing about who exists. 0 reads for the domain, 1–2 for a ghost. */
async function answer(job: StanzaJob, ports: Ports) {
  if (job.to.local === "") {
    return answerIq(job.stanza, { to: "domain", userExists: false, mayLook: false }, ports);
  }
  const ghost = await ghostOf(job, ports);
  const record = ghost && (await ports.table.readPair(ghost.pair));
  const state = record?.state;
  const mayLook = state !== undefined && !state.blocked && seenByContact(state.state);
  const to = job.to.resource === "" ? "user" : "device";
  return answerIq(job.stanza, { to, userExists: ghost !== undefined, mayLook }, ports);
}

export const iqWork = stanzaWork("iq", "iqStanzas", async (jobs, ports) => {
  for (const job of jobs) {
    const { type } = job.stanza.attrs;
    // RFC 6120 §8.2.3: what answers is never answered; it may answer a question of ours.
    if (type === "result" || type === "error") {
      await takeCapsAnswer(job, ports);
      continue;
    }
    const reply = await answer(job, ports);
    if (reply !== undefined) await sendAnswers(ports, job, [reply]);
  }
});

export const handler = onLambda(() => portsFromEnvironment(["outboundStanzas"]), iqWork);
