/** From what was measured to what was asked for: straight lines between points, and nothing beyond them. */
import { mapQuantities, type Quantities } from "../load/bill.ts";

export interface Reading {
  readonly each: Quantities;
  /** The point asked for lies outside those measured: what is told is the nearest one's. */
  readonly outside: "below" | "above" | undefined;
}

/**
 * What one takes at `at`, between the points around it.
 *
 * @param points one at least, the smallest `at` first
 */
export function readCurve(
  points: readonly { readonly at: number; readonly each: Quantities }[],
  at: number,
): Reading {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) throw new Error("nothing was measured");
  if (at < first.at) return { each: first.each, outside: "below" };
  if (at > last.at) return { each: last.each, outside: "above" };
  const after = points.findIndex((point) => point.at >= at);
  const [low, high] = [points[Math.max(0, after - 1)] ?? first, points[after] ?? last];
  const share = high.at === low.at ? 0 : (at - low.at) / (high.at - low.at);
  return {
    each: mapQuantities((name) => low.each[name] + share * (high.each[name] - low.each[name])),
    outside: undefined,
  };
}
