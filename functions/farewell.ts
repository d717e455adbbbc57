/** `user.removed`: every contact is told politely, then the user is gone. */
import type { WalkTaskOf } from "#core/contract/envelope.ts";
import type { Cause, Pair } from "#core/decision.ts";
import { limits } from "#core/limits.ts";
import { parseUserId } from "#core/mapping.ts";
import { ok } from "#core/result.ts";
import { unsampled } from "#core/trace.ts";
import { endBoth } from "#core/translate/contact-event.ts";
import { parseBareJid } from "#core/xmpp/jid.ts";
import { sendWalk } from "./effects.ts";
import { ghostJid } from "./ghost.ts";
import { pairByPair } from "./pair-by-pair.ts";
import { commitDecision } from "./pair-commit.ts";
import type { Ports } from "./ports.ts";

/** Ends the next of the user's subscriptions, and puts the rest into the queue. 1 query, 1 read and 2 writes a pair. */
export async function farewellStep(task: WalkTaskOf<"farewell">, ports: Ports): Promise<void> {
  const { domain, trace, hops } = task;
  const user = parseUserId(task.user);
  const record = user.ok ? await ports.table.readUser(domain, user.value) : undefined;
  // Gone already, perhaps back, perhaps being removed once more: the step has come again.
  if (record === undefined || record.removing !== task.cause.mark) return;
  const ghost = ghostJid(record.localpart, domain);
  const cause: Cause = { ...task.cause, side: "native", trace: unsampled(trace), hops };
  const page = await ports.table.roster(domain, record.user, task.cursor, limits.farewellPairsMax);
  const pairs = page.entries.flatMap(({ contact }): { pair: Pair }[] => {
    const jid = parseBareJid(contact);
    return jid.ok ? [{ pair: { domain, user: record.user, contact: jid.value } }] : [];
  });
  await pairByPair(ports, task, pairs, async ({ pair }) => {
    const ctx = { pair, ghost, cause, caps: ports.caps, severalDomains: ports.domains.length > 1 };
    await commitDecision(ports, pair, cause, (current) => ok(endBoth(ctx, current)));
  });
  if (page.cursor === undefined) {
    await ports.table.removeUser(record);
    return;
  }
  await sendWalk(ports, { ...task, id: `${task.cause.id} ${page.cursor}`, cursor: page.cursor });
}
