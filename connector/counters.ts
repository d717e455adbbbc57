/** What a connector counts of itself: plain numbers, no clock and no output. */
import type { Limits } from "#core/limits.ts";
import type { RefusalReason } from "./refusals.ts";

const gateCounts = {
  sender: "refusedSender",
  domain: "refusedDomain",
  overall: "refusedOverall",
  denied: "refusedDenied",
} as const satisfies Record<RefusalReason, string>;

/** A count for each reason why a stanza stays out or anything is set aside: so many, and no more. */
export const reasonCounts = {
  ...gateCounts,
  malformed: "setAsideMalformed",
  unfit: "setAsideUnfit",
  late: "setAsideLate",
  "wrong-to": "setAsideWrongTo",
  "wrong-from": "setAsideWrongFrom",
  oversized: "setAsideOversized",
  "too-deep": "setAsideTooDeep",
  "too-many-parts": "setAsideTooManyParts",
  "refused-by-queue": "setAsideRefusedByQueue",
} as const;

const countNames = [
  "messagesIn",
  "presencesIn",
  "iqsIn",
  "messagesOut",
  "presencesOut",
  "iqsOut",
  /** Items that went into a queue, and the SQS messages that carried them. */
  "itemsPacked",
  "packs",
  "setAside",
  /** Stanzas that did not come in, whether at the gate or set aside. */
  "refused",
  ...Object.values(reasonCounts),
] as const;
export type CountName = (typeof countNames)[number];
export type Counts = Readonly<Record<CountName, number>>;

export interface RoundTrips {
  readonly p50Ms: number;
  readonly maxMs: number;
}

export interface Counters {
  add(name: CountName, count?: number): void;
  /** Something stayed out or was set aside for this reason; one that has no count of its own is passed over. */
  reason(word: string): void;
  /** A stanza that was read or written, by its element's name; other elements count for nothing. */
  stanza(name: string, way: "In" | "Out"): void;
  /** A barrier has come back. */
  barrier(ms: number): void;
  /** Since the start. */
  counts(): Counts;
  /** Of the barriers that came back since the last call; `undefined` without one. */
  takeRoundTrips(): RoundTrips | undefined;
}

const plurals: Readonly<Record<string, "messages" | "presences" | "iqs">> = {
  message: "messages",
  presence: "presences",
  iq: "iqs",
};

const zeros = () => Object.fromEntries(countNames.map((name) => [name, 0])) as Record<CountName, number>;

export function makeCounters({ roundTripsKeptMax }: Pick<Limits, "roundTripsKeptMax">): Counters {
  const counts = zeros();
  let roundTrips: number[] = [];
  let maxMs = 0;
  let taken = 0;
  const add = (name: CountName, count = 1) => {
    counts[name] += count;
  };
  const byReason = new Map<string, CountName>(Object.entries(reasonCounts));
  return {
    add,
    reason(word) {
      const name = byReason.get(word);
      if (name) add(name);
    },
    stanza(name, way) {
      const plural = Object.hasOwn(plurals, name) ? plurals[name] : undefined;
      if (plural) add(`${plural}${way}`);
    },
    barrier(ms) {
      maxMs = Math.max(maxMs, ms);
      // The latest are kept: enough for a median, bounded at any rate.
      roundTrips[taken % roundTripsKeptMax] = ms;
      taken += 1;
    },
    counts: () => ({ ...counts }),
    takeRoundTrips() {
      if (taken === 0) return undefined;
      const sorted = roundTrips.toSorted((a, b) => a - b);
      const result = { p50Ms: sorted[Math.floor((sorted.length - 1) / 2)] ?? 0, maxMs };
      roundTrips = [];
      [maxMs, taken] = [0, 0];
      return result;
    },
  };
}

/** What was counted from one look to the next. */
export function countsSince(now: Counts, before: Counts | undefined): Counts {
  const since = zeros();
  for (const name of countNames) since[name] = now[name] - (before?.[name] ?? 0);
  return since;
}
