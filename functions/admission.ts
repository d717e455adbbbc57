/** The operator's policy on what comes in: the one place that asks it for messages, presence and IQs alike. */
import { strangerMay } from "#core/policy.ts";
import { errorAnswer } from "#core/translate/reply.ts";
import { sendAnswers } from "./effects.ts";
import { answerForNobody, ghostOf } from "./ghost.ts";
import type { Ports } from "./ports.ts";
import type { StanzaJob } from "./stanza-job.ts";

/**
 * Those of a pair's stanzas that the policy lets in; the others are answered and counted here. 0 reads beyond the cached policy
 * where strangers may write; else the pair besides, cached where it is no stranger's.
 */
export async function admit(jobs: readonly StanzaJob[], ports: Ports): Promise<readonly StanzaJob[]> {
  const [first] = jobs;
  if (first === undefined) return jobs;
  const { strangers, denies } = await ports.policies.of(first.to.domain);
  // What the connector says of our own message is nobody's to hold back.
  const isTheirs = ({ item }: StanzaJob) => item.routed === undefined;
  if (denies(first.from.domain)) {
    const denied = jobs.filter(isTheirs);
    await answerDenied(denied, ports);
    ports.refusals.add("denied", denied.length);
    return jobs.filter((job) => !isTheirs(job));
  }
  const isHeld = (job: StanzaJob) => isTheirs(job) && !strangerMay(strangers, job.stanza);
  if (first.to.local === "" || !jobs.some(isHeld)) return jobs;
  const ghost = await ghostOf(first, ports);
  // Nobody there: the same answers as those to strangers.
  if (ghost === undefined || !(await ports.directory.isStranger(ghost.pair))) return jobs;
  const held = jobs.filter(isHeld);
  await answerForNobody(held, ports);
  ports.refusals.add("stranger", held.length);
  return jobs.filter((job) => !isHeld(job));
}

/** The connector refuses most of them; these came before it knew. Whether the user exists makes no difference. */
async function answerDenied(jobs: readonly StanzaJob[], ports: Ports): Promise<void> {
  for (const job of jobs) {
    const { stanza } = job;
    const isSilent = stanza.getName() === "presence" || stanza.attrs["type"] === "headline";
    const reply = isSilent ? undefined : errorAnswer(stanza, "not-allowed");
    if (reply !== undefined) await sendAnswers(ports, job, [reply]);
  }
}
