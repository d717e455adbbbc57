/** Bounds of a backoff, in milliseconds. */
export interface BackoffBounds {
  readonly msMin: number;
  readonly msMax: number;
}

/**
 * How long to wait before the next try: a random time between `msMin` and a bound that doubles with every
 * failure up to `msMax`, so that connectors which failed together do not come back together.
 *
 * @param failures how many tries in a row have failed, from 1.
 * @param random from 0 (included) to 1 (excluded).
 */
export function backoffMs(failures: number, random: number, { msMin, msMax }: BackoffBounds): number {
  const bound = Math.min(msMax, msMin * 2 ** Math.min(failures, 30));
  return msMin + random * (bound - msMin);
}

/**
 * How many streams in a row have failed, with one that has just ended. One that was up for longer than the pause
 * before it begins a new row: else a link that breaks every ten seconds would soon be tried twice a minute only.
 *
 * @param upMs how long it was up; 0 when it never was.
 * @param waitedMs the pause before it was tried.
 */
export function failuresAfter(failures: number, upMs: number, waitedMs: number): number {
  return upMs > waitedMs ? 1 : failures + 1;
}
