/** Spans of one trace as a tree for people. */
import type { CollectedSpan } from "./collector.ts";

const nsPerMs = 1e6;
/** What a line has no room for, or its span's name says already. */
const left = new Set(["queue", "message", "domain", "bytes", "hops", "together", "group", "kind"]);

const msBetween = (from: bigint, to: bigint) => Number(to - from) / nsPerMs;

function describe({ name, service, fields, failed }: CollectedSpan): string {
  const said = Object.entries(fields)
    .filter(([key, value]) => !left.has(key) && !(key === "receives" && value === "1"))
    .map(([key, value]) => `${key}=${value}`);
  const parts = [name, service.replace("causeway-", "@"), ...said, ...(failed ? [`FAILED: ${failed}`] : [])];
  return parts.join("  ");
}

/**
 * A line a span: when it began after the first one, how long it took, and what it was. A span whose parent is not
 * there stands at the left: it came from outside, or its parent was lost.
 */
export function treeOf(spans: readonly CollectedSpan[]): string[] {
  const byStart = spans.toSorted((a, b) => Number(a.startNs - b.startNs));
  const [first] = byStart;
  if (first === undefined) return [];
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const childrenOf = Map.groupBy(byStart, ({ parentSpanId }) =>
    parentSpanId !== undefined && ids.has(parentSpanId) ? parentSpanId : undefined,
  );
  const lines: string[] = [`trace ${first.traceId}`];
  const add = (parent: string | undefined, depth: number) => {
    for (const span of childrenOf.get(parent) ?? []) {
      const at = msBetween(first.startNs, span.startNs).toFixed(0).padStart(6);
      const took = msBetween(span.startNs, span.endNs).toFixed(1).padStart(8);
      lines.push(`${at} ms ${took} ms  ${"  ".repeat(depth)}${describe(span)}`);
      add(span.spanId, depth + 1);
    }
  };
  add(undefined, 0);
  return lines;
}
