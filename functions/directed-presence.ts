/** What a user shows to one contact alone, from the first time until all of them are told that it is gone. */
import type { UserRecord } from "#aws/table.ts";
import type { WalkTaskOf } from "#core/contract/envelope.ts";
import type { NativeEventOf } from "#core/contract/events.ts";
import type { Rejection } from "#core/contract/rejection.ts";
import type { Cause } from "#core/decision.ts";
import { limits } from "#core/limits.ts";
import { parseUserId } from "#core/mapping.ts";
import { err, ok } from "#core/result.ts";
import type { Context } from "#core/translate/context.ts";
import { decideDirectedPresence, endDirectedPresence } from "#core/translate/directed-presence.ts";
import { contextOf } from "./context.ts";
import { sendWalk, sendWalks } from "./effects.ts";
import { ghostJid } from "./ghost.ts";
import { blockedContact, unknownUser } from "./native-rejections.ts";
import { pairByPair } from "./pair-by-pair.ts";
import { commitDecision, commitLate } from "./pair-commit.ts";
import { causeOfWalk, pairsOf } from "./pair-walk.ts";
import type { Ports } from "./ports.ts";

type Task = WalkTaskOf<"parting">;

/** Shows the user to one contact, or takes that back. 2 reads, a transaction of 2 or 3 and a write, 1 message. */
export async function directPresence(
  event: NativeEventOf<"presence.changed">,
  ctx: Context,
  ports: Ports,
): Promise<Rejection | undefined> {
  const { pair, cause } = ctx;
  const record = await ports.table.readUser(pair.domain, pair.user);
  if (record === undefined || record.removing) return unknownUser(event);
  return commitDecision(ports, pair, cause, (current) =>
    current.blocked
      ? err(blockedContact(event))
      : ok(decideDirectedPresence(ctx, current, event, record.presence)),
  );
}

/** Has those told to whom the user, gone by this cause, has shown itself. 1 message; one more does no harm. */
export async function beginParting(
  ports: Ports,
  { domain, user }: UserRecord,
  { id, mark, time, trace, hops }: Cause,
  broadcast: boolean,
): Promise<void> {
  const cause = { id, mark, time };
  await sendWalk(ports, { kind: "parting", id, trace, hops: hops + 1, domain, user, cause, broadcast });
}

/**
 * Has the next of them told, some in each message: 1 read, 1 query, 1 message for {@link limits.partingPairsMax}
 * contacts, 1 write at the end. Apart from the telling, since whoever is told is listed no more: what a telling that
 * dies has left to send would be found by nobody.
 */
async function listParting(task: Task, record: UserRecord, ports: Ports): Promise<void> {
  const { domain, user } = record;
  const { cursor: from, ...common } = task;
  const page = await ports.table.directedContacts(domain, user, from);
  const parts = Math.ceil(page.contacts.length / limits.partingPairsMax);
  const tellings = Array.from({ length: parts }, (_, part) => ({
    ...common,
    id: `${task.cause.id} ${from ?? ""} ${part}`,
    contacts: page.contacts.slice(part * limits.partingPairsMax, (part + 1) * limits.partingPairsMax),
  }));
  const next = { ...common, id: `${task.cause.id} ${page.cursor}`, cursor: page.cursor };
  await sendWalks(ports, page.cursor === undefined ? tellings : [...tellings, next]);
  if (page.cursor === undefined) await ports.table.forgetDirected(domain, user, task.cause.mark);
}

/**
 * Tells contacts, each once. For each 1 read, a transaction of 2 or 3, 1 message and 1 write. Whom the user shows itself
 * to again meanwhile is left alone: that is a later cause.
 */
async function tellParting(
  task: Task,
  contacts: readonly string[],
  record: UserRecord,
  ports: Ports,
): Promise<void> {
  const ghost = ghostJid(record.localpart, task.domain);
  const cause = causeOfWalk(task);
  const status = record.presence?.show === "offline" ? record.presence.status : undefined;
  const pairs = pairsOf(
    record,
    contacts.map((contact) => ({ contact })),
  );
  await pairByPair(ports, task, pairs, async ({ pair }) => {
    const ctx = contextOf(ports, pair, ghost, cause);
    await commitLate(ports, pair, cause, (current) =>
      ok(endDirectedPresence(ctx, current, status, task.broadcast)),
    );
  });
}

/** One step of telling those to whom a user that has gone has shown itself: first who they are, then each of them. */
export async function partingStep(task: Task, ports: Ports): Promise<void> {
  const user = parseUserId(task.user);
  const record = user.ok ? await ports.table.readUser(task.domain, user.value) : undefined;
  // Whoever removes a user tells everybody.
  if (record === undefined || record.removing) return;
  if (task.contacts === undefined) await listParting(task, record, ports);
  else await tellParting(task, task.contacts, record, ports);
}
