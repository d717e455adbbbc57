/** Who exists, and under which address. */
import type { Table, UserRecord } from "#aws/table.ts";
import type { Pair } from "#core/decision.ts";
import { localpartOfUser, type UserId, userOfLocalpart } from "#core/mapping.ts";
import { isStranger, noPair } from "#core/pair.ts";
import { seenByContact } from "#core/subscription.ts";
import type { BareJid } from "#core/xmpp/jid.ts";
import { makeCache } from "./cache.ts";

/** A user as far as addressing goes; what may be cached. */
export interface Address {
  readonly user: UserId;
  readonly localpart: string;
  /** The user blocks somebody: only then is it worth asking whom. */
  readonly blocks: boolean;
}

export interface Directory {
  /** The user behind a ghost's localpart, or `undefined` for nobody. 0 requests when cached, else 2 reads. */
  byLocalpart(domain: string, localpart: string): Promise<Address | undefined>;
  /** A native user by id; `localpart-taken` when an open directory cannot give it its address. */
  byUser(domain: string, user: UserId): Promise<Address | "unknown-user" | "localpart-taken">;
  /** Announces a user, or says why not. */
  announce(record: UserRecord): Promise<"created" | "exists" | "localpart-taken">;
  /** Whether the user blocks the contact. 0 requests for who blocks nobody, and when cached; else 1 read. */
  isBlocked(address: Address, pair: Pair): Promise<boolean>;
  /** Whether the contact may see the user's presence. 0 requests when cached, else 1 read. */
  isSeenBy(pair: Pair): Promise<boolean>;
  /** Whether the two have nothing to do with each other. 0 requests when cached that they do, else 1 read. */
  isStranger(pair: Pair): Promise<boolean>;
  /** Forgets what is cached of a user, and of its pair with a contact, since it has changed. */
  forget(domain: string, user: UserId, contact?: BareJid): void;
  /** Forgets what is cached of a pair alone. */
  forgetPair(pair: Pair): void;
}

/** A pair as far as messages go; what may be cached. */
interface Standing {
  /** The user blocks the contact. */
  readonly blocked: boolean;
  /** The contact may see the user's presence. */
  readonly seen: boolean;
  readonly stranger: boolean;
}

function addressOf(record: UserRecord): Address {
  return { user: record.user, localpart: record.localpart, blocks: record.blocks === true };
}

export function makeDirectory(options: { table: Table; open: boolean; clock: () => number }): Directory {
  const { table, open } = options;
  // What does not exist is never cached: it may be announced at any moment.
  const cache = makeCache<Address>(options.clock);
  const pairCache = makeCache<Standing>(options.clock);
  const localpartKey = (domain: string, localpart: string) => `l ${domain} ${localpart}`;
  const pairKey = ({ domain, user, contact }: Pair) => `${domain} ${user} ${contact}`;
  const userKey = (domain: string, user: UserId) => `u ${domain} ${user}`;

  function remember(domain: string, address: Address): Address {
    cache.put(userKey(domain, address.user), address);
    return cache.put(localpartKey(domain, address.localpart), address);
  }

  async function readStanding(pair: Pair): Promise<Standing> {
    const { state } = (await table.readPair(pair)) ?? { state: noPair };
    return pairCache.put(pairKey(pair), {
      blocked: state.blocked === true,
      seen: seenByContact(state.state),
      stranger: isStranger(state),
    });
  }

  const standingOf = async (pair: Pair) => pairCache.get(pairKey(pair)) ?? (await readStanding(pair));

  /** In an open directory a user exists as soon as anyone names it. */
  async function claim(domain: string, user: UserId): Promise<Address | "localpart-taken"> {
    const record = { domain, user, localpart: localpartOfUser(user), mark: "" };
    const outcome = await table.createUser(record);
    if (outcome === "localpart-taken") return outcome;
    const known = outcome === "exists" ? await table.readUser(domain, user) : undefined;
    return remember(domain, addressOf(known ?? record));
  }

  return {
    async byLocalpart(domain, localpart) {
      const cached = cache.get(localpartKey(domain, localpart));
      if (cached !== undefined) return cached;
      const user = await table.userAt(domain, localpart);
      const record = user && (await table.readUser(domain, user));
      if (record !== undefined) return record.removing ? undefined : remember(domain, addressOf(record));
      const mapped = open ? userOfLocalpart(localpart) : undefined;
      if (mapped === undefined) return undefined;
      const claimed = await claim(domain, mapped);
      // The id may exist under another address: then nobody is at this one.
      return claimed !== "localpart-taken" && claimed.localpart === localpart ? claimed : undefined;
    },

    async byUser(domain, user) {
      const cached = cache.get(userKey(domain, user));
      if (cached !== undefined) return cached;
      const record = await table.readUser(domain, user);
      if (record?.removing) return "unknown-user";
      if (record !== undefined) return remember(domain, addressOf(record));
      return open ? claim(domain, user) : "unknown-user";
    },

    async announce(record) {
      const outcome = await table.createUser(record);
      if (outcome === "created") remember(record.domain, addressOf(record));
      return outcome;
    },

    forget(domain, user, contact) {
      const address = cache.get(userKey(domain, user));
      cache.drop(userKey(domain, user));
      if (address !== undefined) cache.drop(localpartKey(domain, address.localpart));
      if (contact !== undefined) pairCache.drop(pairKey({ domain, user, contact }));
    },

    forgetPair(pair) {
      pairCache.drop(pairKey(pair));
    },

    async isBlocked(address, pair) {
      return address.blocks && (await standingOf(pair)).blocked;
    },

    async isSeenBy(pair) {
      return (await standingOf(pair)).seen;
    },

    async isStranger(pair) {
      // Whoever has just been accepted is not to be turned away for a while yet.
      const isKnown = pairCache.get(pairKey(pair))?.stranger === false;
      return !isKnown && (await readStanding(pair)).stranger;
    },
  };
}
