/**
 * Before a planned end of the stream: whoever sees a user of the domain sees it go, pair by pair, paced, from a
 * checkpoint. What users have told stays stored, so that the resync of the next stream tells it again.
 */
import { hashId } from "#aws/hash.ts";
import type { WalkEntry } from "#aws/table.ts";
import type { WalkTaskOf } from "#core/contract/envelope.ts";
import { stanzaMark } from "#core/decision.ts";
import { partForNow } from "#core/translate/resync.ts";
import { sendEffects, sendWalk } from "./effects.ts";
import { pairContext, type UserOf, visitPairs } from "./pair-walk.ts";
import type { Ports } from "./ports.ts";

type Task = WalkTaskOf<"offline">;

/** Behind both phases of the resync of its stream, before that of the next one; a later walk is behind an earlier one. */
function markOf(fence: number, begun: string, step: number): string {
  return stanzaMark(fence, step).replace(".", `.2.${begun}.`);
}

/** 0 or 1 stanza about a pair; whether there was one. */
async function part(task: Task, entry: WalkEntry, userOf: UserOf, ports: Ports): Promise<boolean> {
  if (entry.kind !== "subscription") return false;
  const { pair, state } = entry;
  const record = await userOf(pair);
  if (record === undefined || record.removing) return false;
  const id = `offline.${task.begun}.${hashId(pair.user, pair.contact)}`;
  const ctx = pairContext(ports, task, pair, record, { id, mark: "" });
  const effects = partForNow(ctx, state, record.presence);
  await sendEffects(ports, pair, ctx.cause, effects);
  return effects.length > 0;
}

/**
 * One step, and the next into the queue: 1 write (2 at the end), 1 scan, 1 read a user, 1 message a contact that sees
 * one; the first step reads the fence. A step that comes again repeats itself under the same ids; one of a stream that
 * is over, or of an earlier walk, does nothing.
 */
export async function offlineStep(task: Task, ports: Ports): Promise<void> {
  const { domain, begun, step } = task;
  const fence = task.fence ?? (await ports.table.readFence(domain));
  let { told } = task;
  const claim = (at: number, done: boolean) =>
    ports.table.claimWalk(domain, markOf(fence, begun, at), { begun, step: at, told, done });
  if (!(await claim(step, false))) return;
  const cursor = await visitPairs(ports, task, async (entry, userOf) => {
    if (await part(task, entry, userOf, ports)) told += 1;
  });
  if (cursor === undefined) {
    await claim(step + 1, true);
    return;
  }
  const id = `offline.${begun}.${step + 1}`;
  await sendWalk(ports, { ...task, id, fence, step: step + 1, told, cursor }, 1);
}
