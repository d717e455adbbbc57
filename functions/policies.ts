import type { Table } from "#aws/table.ts";
import { limits } from "#core/limits.ts";
import { type Rules, rulesOf } from "#core/policy.ts";
import { makeCache } from "./cache.ts";

/** The policies of the domains that we serve. A change holds everywhere `limits.policyReadMs` later. */
export interface Policies {
  /** 0 requests when cached, else 1 read, however many ask at once. */
  of(domain: string): Promise<Rules>;
}

export function makePolicies(options: { table: Pick<Table, "readPolicy">; clock: () => number }): Policies {
  const cache = makeCache<Promise<Rules>>(options.clock, limits.policyReadMs);
  return {
    of(domain) {
      const cached = cache.get(domain);
      if (cached !== undefined) return cached;
      const read = options.table.readPolicy(domain).then(rulesOf);
      read.catch(() => cache.drop(domain));
      return cache.put(domain, read);
    },
  };
}
