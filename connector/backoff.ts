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
export function failuresAfter(failures: number, ended: EndedStream, { msMax }: BackoffBounds): number {
  const enoughMs = ended.displaced ? msMax : ended.waitedMs;
  return ended.upMs > enoughMs ? 1 : failures + 1;
}
