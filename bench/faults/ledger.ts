/** Notes of what is sent and seen in one direction, pair by pair, as it happens. */
import type { PairLog } from "./account.ts";

export interface Ledger {
  /** Another message has reached the other end. */
  arrived(pair: string, sequence: number, id: string, stored?: boolean): void;
  told(pair: string, sequence: number): void;
  setAside(pair: string, sequence: number): void;
  /** It is, or was, on its way between connector and server. */
  onLink(pair: string, sequence: number): void;
  /** The next message of the pair is on its way; nobody has taken it over yet. Its number is the result. */
  sent(pair: string): number;
  /** It is taken over. */
  accepted(pair: string, sequence: number): void;
  /** Messages sent so far. */
  readonly sentCount: number;
  /** Messages that have reached the other end, repeats too. */
  readonly arrivedCount: number;
  /** The longest time without an arrival so far, in milliseconds, between the first and the last. */
  readonly gapMsMax: number;
  logs(): readonly PairLog[];
}

interface PairNotes {
  sent: number;
  readonly uncertain: Set<number>;
  readonly arrivals: { sequence: number; id: string; stored: boolean }[];
  readonly told: Set<number>;
  readonly setAside: Set<number>;
  readonly onLink: Set<number>;
}

/** @param pairs names of all pairs @param onSent called with each message that is sent */
export function makeLedger(pairs: readonly string[], onSent: () => void = () => {}): Ledger {
  const notes = new Map<string, PairNotes>(
    pairs.map((pair) => [
      pair,
      {
        sent: 0,
        uncertain: new Set(),
        arrivals: [],
        told: new Set(),
        setAside: new Set(),
        onLink: new Set(),
      },
    ]),
  );
  const of = (pair: string) => {
    const found = notes.get(pair);
    if (found === undefined) throw new Error(`nobody wrote as ${pair}`);
    return found;
  };
  let sentCount = 0;
  let arrivedCount = 0;
  let gapMsMax = 0;
  let lastAt: number | undefined;
  return {
    arrived(pair, sequence, id, stored = false) {
      of(pair).arrivals.push({ sequence, id, stored });
      arrivedCount += 1;
      const now = performance.now();
      if (lastAt !== undefined) gapMsMax = Math.max(gapMsMax, now - lastAt);
      lastAt = now;
    },
    told: (pair, sequence) => void of(pair).told.add(sequence),
    setAside: (pair, sequence) => void of(pair).setAside.add(sequence),
    onLink: (pair, sequence) => void of(pair).onLink.add(sequence),
    sent(pair) {
      const log = of(pair);
      const sequence = log.sent;
      log.sent += 1;
      log.uncertain.add(sequence);
      sentCount += 1;
      onSent();
      return sequence;
    },
    accepted: (pair, sequence) => void of(pair).uncertain.delete(sequence),
    get sentCount() {
      return sentCount;
    },
    get arrivedCount() {
      return arrivedCount;
    },
    get gapMsMax() {
      return gapMsMax;
    },
    logs: () => [...notes.values()],
  };
}
