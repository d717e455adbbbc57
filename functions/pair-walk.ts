/** The walk through all pairs of a domain: one paced step of it, whatever is done at each pair. */
import type { UserRecord, WalkEntry } from "#aws/table.ts";
import type { WalkTask } from "#core/contract/envelope.ts";
import type { Cause, Pair } from "#core/decision.ts";
import type { UserId } from "#core/mapping.ts";
import { unsampled } from "#core/trace.ts";
import type { Context } from "#core/translate/context.ts";
import { parseBareJid } from "#core/xmpp/jid.ts";
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
  return {
    pair,
    ghost: ghostJid(record.localpart, pair.domain),
    caps: ports.caps,
    severalDomains: ports.domains.length > 1,
    // Of a walk its steps are recorded, not each of the pairs.
    cause: {
      ...cause,
      side: "xmpp",
      time: new Date(ports.clock()).toISOString(),
      trace: unsampled(trace),
      hops,
    },
  };
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
  const entries = page.entries.flatMap(({ contact, state }): WalkEntry[] => {
    const jid = parseBareJid(contact);
    if (!jid.ok) return [];
    return [{ kind: "subscription", pair: { domain: task.domain, user, contact: jid.value }, state }];
  });
  await pairByPair(ports, task, entries, (entry) => visit(entry, userOf));
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
