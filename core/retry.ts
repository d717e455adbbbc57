import { limits as defaults, type Limits } from "./limits.ts";

/**
 * Seconds until a queue message is tried again: doubles with each receive, up to `limits.retryVisibilitySMax`.
 *
 * @param receives how often it has been received, from 1
 */
export function retryVisibilityS(
  receives: number,
  limits: Pick<Limits, "retryVisibilityS" | "retryVisibilitySMax"> = defaults,
): number {
  return Math.min(limits.retryVisibilitySMax, limits.retryVisibilityS * 2 ** Math.min(receives - 1, 10));
}
