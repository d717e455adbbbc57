/** Who exists, and under which address: design §9, "Who exists". */
import type { Table, UserRecord } from "#aws/table.ts";
import { limits } from "#core/limits.ts";
import { localpartOfUser, type UserId, userOfLocalpart } from "#core/mapping.ts";

/** A user as far as addressing goes; what may be cached. */
export interface Address {
  readonly user: UserId;
  readonly localpart: string;
}

export interface Directory {
  /** The user behind a ghost's localpart, or `undefined` for nobody. 0 requests when cached, else 1 read. */
  byLocalpart(domain: string, localpart: string): Promise<Address | undefined>;
  /** A native user by id; `localpart-taken` when an open directory cannot give it its address. */
  byUser(domain: string, user: UserId): Promise<Address | "unknown-user" | "localpart-taken">;
  /** Announces a user, or says why not. */
  announce(record: UserRecord): Promise<"created" | "exists" | "localpart-taken">;
}

/** A cache of what exists. What does not exist is never cached: it may be announced at any moment. */
function makeCache(clock: () => number) {
  const entries = new Map<string, { address: Address; until: number }>();
  return {
    get(key: string): Address | undefined {
      const entry = entries.get(key);
      if (entry === undefined || entry.until < clock()) return undefined;
      return entry.address;
    },
    put(key: string, address: Address): Address {
      entries.delete(key);
      entries.set(key, { address, until: clock() + limits.profileCacheMs });
      if (entries.size > limits.profileCacheMax) {
        for (const oldest of entries.keys()) {
          entries.delete(oldest);
          break;
        }
      }
      return address;
    },
  };
}

export function makeDirectory(options: { table: Table; open: boolean; clock: () => number }): Directory {
  const { table, open } = options;
  const cache = makeCache(options.clock);
  const localpartKey = (domain: string, localpart: string) => `l ${domain} ${localpart}`;
  const userKey = (domain: string, user: UserId) => `u ${domain} ${user}`;

  function remember(domain: string, address: Address): Address {
    cache.put(userKey(domain, address.user), address);
    return cache.put(localpartKey(domain, address.localpart), address);
  }

  /** In an open directory a user exists as soon as anyone names it. */
  async function claim(domain: string, user: UserId): Promise<Address | "localpart-taken"> {
    const address = { user, localpart: localpartOfUser(user) };
    const outcome = await table.createUser({ domain, ...address, mark: "" });
    if (outcome === "localpart-taken") return outcome;
    if (outcome === "created") return remember(domain, address);
    const record = await table.readUser(domain, user);
    return remember(domain, { user, localpart: record?.localpart ?? address.localpart });
  }

  return {
    async byLocalpart(domain, localpart) {
      const cached = cache.get(localpartKey(domain, localpart));
      if (cached !== undefined) return cached;
      const user = await table.userAt(domain, localpart);
      if (user !== undefined) return remember(domain, { user, localpart });
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
      if (record !== undefined) return remember(domain, { user, localpart: record.localpart });
      return open ? claim(domain, user) : "unknown-user";
    },

    async announce(record) {
      const outcome = await table.createUser(record);
      if (outcome === "created") remember(record.domain, { user: record.user, localpart: record.localpart });
      return outcome;
    },
  };
}
