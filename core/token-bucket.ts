/**
 * Token buckets. A bucket is one number: when it will be full again. A full one is as good as none, so that it can be
 * forgotten without giving anything away.
 */

export interface Rate {
  /** Tokens that come in a second. */
  readonly perS: number;
  /** Tokens that a bucket holds. */
  readonly burst: number;
}

/** For what adding milliseconds up leaves over. */
const roundingMs = 1e-3;

/**
 * Takes tokens; undefined where there are not as many. What costs more than a bucket holds takes a full one.
 *
 * @param fullAt milliseconds on the clock of `now` at which the bucket is full again; in the past: it is full
 * @returns when it is full again afterwards
 */
export function takeTokens(fullAt: number, now: number, rate: Rate, cost: number): number | undefined {
  const tokenMs = 1000 / rate.perS;
  const next = Math.max(fullAt, now) + Math.min(cost, rate.burst) * tokenMs;
  return next - now <= rate.burst * tokenMs + roundingMs ? next : undefined;
}
