/** A contact that answered with an error is unknown: it is asked again, with growing pauses, a few times. */
import { hashId } from "#aws/hash.ts";
import type { WalkTaskOf } from "#core/contract/envelope.ts";
import type { Cause, Pair } from "#core/decision.ts";
import { limits } from "#core/limits.ts";
import { parseUserId } from "#core/mapping.ts";
import { seesContact } from "#core/subscription.ts";
import { withoutDirected } from "#core/translate/directed-presence.ts";
import { greetAgain } from "#core/translate/resync.ts";
import { parseBareJid } from "#core/xmpp/jid.ts";
import { contextOf } from "./context.ts";
import { sendEffects, sendWalk } from "./effects.ts";
import { ghostJid } from "./ghost.ts";
import type { Ports } from "./ports.ts";

/** Which of our probes an error answers: 0 for that of a resync, n for the n-th after an error. */
export function probeAttemptOf(stanzaId: string | undefined): number | undefined {
  const again = /^probe\/probe\.(\d+)\./.exec(stanzaId ?? "");
  if (again) return Number(again[1]);
  return stanzaId?.startsWith("probe/") ? 0 : undefined;
}

/** Puts the next probe into the queue, unless there were enough. */
export async function probeLater(pair: Pair, cause: Cause, attempt: number, ports: Ports): Promise<void> {
  if (attempt > limits.errorProbesMax) return;
  const delayS = Math.min(limits.errorProbeS * 2 ** (attempt - 1), limits.queueDelaySMax);
  const { trace, hops } = cause;
  await sendWalk(ports, { kind: "probe", id: cause.id, trace, hops, attempt, ...pair }, delayS);
}

/** Probes a contact that is still unknown. 3 reads. */
export async function probeStep(task: WalkTaskOf<"probe">, ports: Ports): Promise<void> {
  const user = parseUserId(task.user);
  const contact = parseBareJid(task.contact);
  if (!user.ok || !contact.ok) return;
  const pair: Pair = { domain: task.domain, user: user.value, contact: contact.value };
  const [record, known, resources] = await Promise.all([
    ports.table.readUser(pair.domain, pair.user),
    ports.table.readPair(pair),
    ports.table.readAvailability(pair),
  ]);
  if (record === undefined || record.removing || known === undefined || known.state.blocked) return;
  const isKnown = Object.keys(resources ?? {}).length > 0;
  if (isKnown || !seesContact(known.state.state)) return;
  const ghost = ghostJid(record.localpart, pair.domain);
  const cause: Cause = {
    id: `probe.${task.attempt}.${hashId(task.id, pair.user, pair.contact)}`,
    side: "xmpp",
    mark: "",
    time: new Date(ports.clock()).toISOString(),
    trace: task.trace,
    hops: task.hops,
  };
  const ctx = contextOf(ports, pair, ghost, cause);
  // Of the user's own presence there is nothing to say again.
  await sendEffects(ports, pair, cause, greetAgain(ctx, withoutDirected(known.state), undefined));
}
