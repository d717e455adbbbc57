/** `user.removed`: every contact is told politely, then the user is gone. */
import type { WalkTaskOf } from "#core/contract/envelope.ts";
import { limits } from "#core/limits.ts";
import { parseUserId } from "#core/mapping.ts";
import { ok } from "#core/result.ts";
import { endBoth } from "#core/translate/contact-event.ts";
import { contextOf } from "./context.ts";
import { sendWalk } from "./effects.ts";
import { ghostJid } from "./ghost.ts";
import { pairByPair } from "./pair-by-pair.ts";
import { commitDecision } from "./pair-commit.ts";
import { causeOfWalk, pairsOf } from "./pair-walk.ts";
import type { Ports } from "./ports.ts";

/** Ends the next of the user's subscriptions, and puts the rest into the queue. 1 query, 1 read and 2 writes a pair. */
export async function farewellStep(task: WalkTaskOf<"farewell">, ports: Ports): Promise<void> {
  const { domain } = task;
  const user = parseUserId(task.user);
  const record = user.ok ? await ports.table.readUser(domain, user.value) : undefined;
  // Gone already, perhaps back, perhaps being removed once more: the step has come again.
  if (record === undefined || record.removing !== task.cause.mark) return;
  const ghost = ghostJid(record.localpart, domain);
  const cause = causeOfWalk(task);
  const page = await ports.table.roster(domain, record.user, task.cursor, limits.farewellPairsMax);
  await pairByPair(ports, task, pairsOf(record, page.entries), async ({ pair }) => {
    const ctx = contextOf(ports, pair, ghost, cause);
    await commitDecision(ports, pair, cause, (current) => ok(endBoth(ctx, current)));
  });
  if (page.cursor === undefined) {
    await ports.table.removeUser(record);
    return;
  }
  await sendWalk(ports, { ...task, id: `${task.cause.id} ${page.cursor}`, cursor: page.cursor });
}
