/** The spans of a bridge run, rebuilt into traces. */
import assert from "node:assert/strict";
import { type CollectedSpan, startCollector } from "#local/traces/collector.ts";
import { waitUntil } from "#local/wait-until.ts";

export interface Traces {
  readonly endpoint: string;
  /** What has arrived so far. */
  readonly spans: readonly CollectedSpan[];
  /** The bodies of all requests, as they came. */
  readonly bodies: readonly string[];
  /** Contexts that others began, which our spans may continue. */
  readonly remote: Set<string>;
  /** Resolves when more has arrived; rejects when nothing does. */
  arrival(): Promise<void>;
  /** Resolves with the spans of a trace when they satisfy a condition. */
  whole(
    traceId: string,
    isWhole: (spans: readonly CollectedSpan[]) => boolean,
    what: string,
  ): Promise<readonly CollectedSpan[]>;
  /** Resolves when each trace that has arrived is one connected tree, and throws where its times are wrong. */
  connected(): Promise<void>;
  close(): Promise<void>;
}

const arriveMsMax = 60_000;

/** Starts a collector that keeps everything. */
export async function keepTraces(): Promise<Traces> {
  const spans: CollectedSpan[] = [];
  const bodies: string[] = [];
  const remote = new Set<string>();
  const collector = await startCollector((arrived, body) => {
    spans.push(...arrived);
    bodies.push(body);
  });
  return {
    endpoint: collector.endpoint,
    spans,
    bodies,
    remote,
    async arrival() {
      const count = spans.length;
      await waitUntil(async () => spans.length > count, { what: "spans", timeoutMs: arriveMsMax });
    },
    async whole(traceId, isWhole, what) {
      const own = () => spans.filter((span) => span.traceId === traceId);
      const options = { what: `${what} in trace ${traceId}`, timeoutMs: arriveMsMax };
      await waitUntil(async () => isWhole(own()), options).catch((error: unknown) => {
        throw new Error(`there are only: ${linesOf(own())}`, { cause: error });
      });
      return own();
    },
    async connected() {
      const options = { what: "every parent", timeoutMs: arriveMsMax };
      await waitUntil(async () => orphans(spans, remote).length === 0, options).catch(() => {});
      assert.deepEqual(linesOf(orphans(spans, remote)), [], "spans without their parent");
      for (const [traceId, own] of Map.groupBy(spans, (span) => span.traceId)) {
        assertTree(traceId, own, remote);
      }
    },
    close: collector.close,
  };
}

const linesOf = (spans: readonly CollectedSpan[]) =>
  spans.map(({ name, spanId, parentSpanId, fields, failed }) =>
    JSON.stringify({ name, spanId, parentSpanId, ...fields, failed }),
  );

/** Spans whose parent, or whose link's end, has not arrived. */
function orphans(spans: readonly CollectedSpan[], remote: ReadonlySet<string>): CollectedSpan[] {
  const known = new Set([...spans.map(({ spanId }) => spanId), ...remote]);
  return spans.filter(
    ({ parentSpanId, links }) =>
      (parentSpanId !== undefined && !known.has(parentSpanId)) ||
      links.some(({ spanId }) => !known.has(spanId)),
  );
}

/** One root, or one parent outside; nobody begins before its parent, or ends before it begins. */
function assertTree(traceId: string, spans: readonly CollectedSpan[], remote: ReadonlySet<string>): void {
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  assert.equal(byId.size, spans.length, `trace ${traceId} has a span twice`);
  const tops = spans.filter(({ parentSpanId }) => parentSpanId === undefined || remote.has(parentSpanId));
  const outside = new Set(tops.map(({ parentSpanId }) => parentSpanId));
  assert.equal(outside.size, 1, `trace ${traceId} has roots of its own and from outside`);
  if (outside.has(undefined)) assert.equal(tops.length, 1, `trace ${traceId}: ${linesOf(tops)}`);
  for (const span of spans) {
    const { name, parentSpanId = "" } = span;
    assert.ok(span.endNs >= span.startNs, `${name} ends before it begins`);
    const parent = byId.get(parentSpanId);
    if (parent) assert.ok(span.startNs >= parent.startNs, `${name} begins before ${parent.name}`);
    else assert.ok(tops.includes(span), `${name} of trace ${traceId} hangs on another trace`);
  }
}

/** The ids of a `traceparent`. */
export function idsOf(traceparent: unknown): { readonly traceId: string; readonly spanId: string } {
  const [, traceId = "", spanId = ""] = String(traceparent).split("-");
  return { traceId, spanId };
}
