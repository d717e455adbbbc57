import type { Limits } from "#core/limits.ts";

/** Bounds of a backoff, in milliseconds. */
export type BackoffBounds = Pick<Limits, "backoffMsMin" | "backoffMsMax">;

/**
 * How long to wait before the next try, in milliseconds: a random time between `backoffMsMin` and a bound that doubles
 * with every failure up to `msMax`, so that connectors which failed together do not come back together.
 *
 * @param failures how many tries in a row have failed, from 1.
 * @param random from 0 (included) to 1 (excluded).
 */
export function backoffMs(
  failures: number,
  random: number,
  { backoffMsMin, backoffMsMax }: BackoffBounds,
  msMax: number = backoffMsMax,
): number {
  const bound = Math.min(msMax, backoffMsMin * 2 ** Math.min(failures, 30));
  return backoffMsMin + random * (bound - backoffMsMin);
}

/** How a stream has ended. */
export interface EndedStream {
  /** How long it was up, in milliseconds; 0 when it never was. */
  readonly upMs: number;
  /** The pause before it was tried. */
  readonly waitedMs: number;
  /** Another connection of the same component displaced it. */
  readonly displaced: boolean;
}

/**
 * How many streams in a row have failed, with one that has just ended. One that was up for longer than the pause
 * before it begins a new row: else a link that breaks every ten seconds would soon be tried twice a minute only. One
 * that was displaced does so only after the longest pause: two connectors that know nothing of each other would
 * displace each other every second.
 */
export function failuresAfter(failures: number, ended: EndedStream, { backoffMsMax }: BackoffBounds): number {
  const enoughMs = ended.displaced ? backoffMsMax : ended.waitedMs;
  return ended.upMs > enoughMs ? 1 : failures + 1;
}
