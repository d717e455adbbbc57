/** The rate at which messages go one way: what is asked for, and what a machine keeps of it. */

/** In: from XMPP clients to the native queue. Out: from the native queue to XMPP clients. */
export const ways = ["in", "out"] as const;
export type Way = (typeof ways)[number];

/** How long SQS takes longer on AWS than an engine on this machine, at least: an assumption (docs/decisions/0022). */
export const networkMs = 10;

/** A machine that keeps less of it packs what had to wait: that says nothing of a bridge that keeps up. */
const keptMin = 0.8;

/** Whether the rate that was asked for is one that was measured. */
export const isKept = (askedPerS: number, reachedPerS: number): boolean => reachedPerS >= keptMin * askedPerS;

/**
 * The rate that figures are of, for people: what was asked for, and what was reached where that was not kept.
 *
 * @param askedPerS undefined: as fast as it goes
 */
export function rateText(askedPerS: number | undefined, reachedPerS: number): string {
  const reached = reachedPerS.toFixed(0);
  if (askedPerS === undefined) return `maximum: ${reached}`;
  return isKept(askedPerS, reachedPerS) ? `${askedPerS}` : `${askedPerS}: ${reached}`;
}
