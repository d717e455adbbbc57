/** What an instance of a function knows of the capabilities of contacts' clients. */
import type { CapsName, CapsRecord, Table } from "#aws/table.ts";
import type { ContactFeatures } from "#core/capabilities.ts";
import { isWhole } from "#core/client-features.ts";
import type { Pair } from "#core/decision.ts";
import { limits } from "#core/limits.ts";
import { makeCache } from "./cache.ts";

export interface KnownCaps {
  /**
   * The record of a verification string as it was at most `ageMsMax` ago, whether it still holds or not; what is known
   * never changes and is as new as ever. 0 requests when cached, else 1 read.
   */
  read(caps: CapsName, ageMsMax: number): Promise<CapsRecord | undefined>;
  /** Keeps a record that was just written. */
  put(caps: CapsName, record: CapsRecord): void;
  /** Whether a record still holds. */
  holds(record: CapsRecord): boolean;
  /** Counts a question to a contact; false when there were enough of late, since it names new capabilities each time. */
  mayAsk(contact: string): boolean;
  /** The features of a contact, for a short while. */
  readonly pairs: {
    get(pair: Pair): { readonly features: ContactFeatures } | undefined;
    put(pair: Pair, features: ContactFeatures): ContactFeatures;
  };
}

interface Entry {
  readonly record: CapsRecord;
  readonly readAt: number;
}

export function makeKnownCaps({ table, clock }: { table: Table; clock: () => number }): KnownCaps {
  const records = makeCache<Entry>(clock, limits.capsUnknownS * 1000);
  const questions = makeCache<{ count: number }>(clock, limits.capsAnswerS * 1000);
  const pairs = makeCache<{ features: ContactFeatures }>(clock);
  const keyOf = ({ hash, ver }: CapsName) => `${hash} ${ver}`;
  const pairKey = ({ domain, user, contact }: Pair) => `${domain} ${user} ${contact}`;
  const holds = ({ expires, state }: CapsRecord) =>
    expires * 1000 > clock() && (state.kind !== "known" || isWhole(state.features));

  function put(caps: CapsName, record: CapsRecord): void {
    records.put(keyOf(caps), { record, readAt: clock() });
  }

  return {
    holds,
    put,
    async read(caps, ageMsMax) {
      const entry = records.get(keyOf(caps));
      const isNew = entry !== undefined && clock() - entry.readAt <= ageMsMax;
      if (entry !== undefined && holds(entry.record) && (isNew || entry.record.state.kind === "known")) {
        return entry.record;
      }
      const record = await table.readCaps(caps);
      if (record !== undefined) put(caps, record);
      return record;
    },
    mayAsk(contact) {
      const asked = questions.get(contact) ?? questions.put(contact, { count: 0 });
      asked.count += 1;
      return asked.count <= limits.capsQuestionsMax;
    },
    pairs: {
      get: (pair) => pairs.get(pairKey(pair)),
      put: (pair, features) => pairs.put(pairKey(pair), { features }).features,
    },
  };
}
