/** The walk through all pairs of a domain: one paced step of it, whatever is done at each pair. */
import type { UserRecord, WalkEntry } from "#aws/table.ts";
import type { WalkTask, WalkTaskOf } from "#core/contract/envelope.ts";
import type { Cause, Pair } from "#core/decision.ts";
import type { UserId } from "#core/mapping.ts";
import { unsampled } from "#core/trace.ts";
import type { Context } from "#core/translate/context.ts";
import { parseBareJid } from "#core/xmpp/jid.ts";
import { contextOf } from "./context.ts";
import { ghostJid } from "./ghost.ts";
import { pairByPair } from "./pair-by-pair.ts";
import type { Ports } from "./ports.ts";

/** The user of a pair. */
export type UserOf = (pair: Pair) => Promise<UserRecord | undefined>;

/** Reads each user once for all its pairs in a step. */
function usersOnce(ports: Ports): UserOf {
  const users = new Map<string, Promise<UserRecord | undefined>>();
  return ({ domain, user }) => {
    const known = users.get(user) ?? ports.table.readUser(domain, user);
    users.set(user, known);
    return known;
  };
}

/** What decisions about a pair are made with in a walk. */
export function pairContext(
  ports: Ports,
  { trace, hops }: WalkTask,
  pair: Pair,
  record: UserRecord,
  cause: Pick<Cause, "id" | "mark">,
): Context {
  return contextOf(ports, pair, ghostJid(record.localpart, pair.domain), {
    ...cause,
    side: "xmpp",
    time: new Date(ports.clock()).toISOString(),
    // Of a walk its steps are recorded, not each of the pairs.
    trace: unsampled(trace),
    hops,
  });
}

/** The event that a walk carries out at each of a user's pairs, for all of them together. */
export function causeOfWalk({ cause, trace, hops }: WalkTaskOf<"farewell" | "parting">): Cause {
  return { ...cause, side: "native", trace: unsampled(trace), hops };
}

/** The pairs of a user with contacts as they are stored; what is no address is left out. */
export function pairsOf<T extends { readonly contact: string }>(
  { domain, user }: Pick<Pair, "domain" | "user">,
  entries: readonly T[],
): (Omit<T, "contact"> & { readonly pair: Pair })[] {
  return entries.flatMap(({ contact, ...rest }) => {
    const jid = parseBareJid(contact);
    return jid.ok ? [{ ...rest, pair: { domain, user, contact: jid.value } }] : [];
  });
}

/** Items of a step: a pair has two, and says up to two things. */
export const itemsOf = ({ resync }: Ports) => 2 * resync.pairsPerS;

/** The same for the pairs of one user: subscriptions alone. 1 query, 1 read. */
export async function visitPairsOf(
  ports: Ports,
  task: WalkTask & { readonly cursor?: string | undefined },
  user: UserId,
  visit: (entry: WalkEntry, userOf: UserOf) => Promise<void>,
): Promise<string | undefined> {
  const page = await ports.table.roster(task.domain, user, task.cursor, ports.resync.pairsPerS);
  const userOf = usersOnce(ports);
  const pairs = pairsOf({ domain: task.domain, user }, page.entries);
  await pairByPair(ports, task, pairs, ({ pair, state }) =>
    visit({ kind: "subscription", pair, state }, userOf),
  );
  return page.cursor;
}

/**
 * Visits the next pairs, as many as fit a second. 1 scan, 1 read a user.
 *
 * @returns where the walk goes on; undefined at the end
 */
export async function visitPairs(
  ports: Ports,
  task: WalkTask & { readonly cursor?: string | undefined },
  visit: (entry: WalkEntry, userOf: UserOf) => Promise<void>,
): Promise<string | undefined> {
  const page = await ports.table.walkPairs(task.domain, task.cursor, itemsOf(ports));
  const userOf = usersOnce(ports);
  await pairByPair(ports, task, page.entries, (entry) => visit(entry, userOf));
  return page.cursor;
}
