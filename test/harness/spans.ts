import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import { makeTracer } from "#aws/tracer.ts";
import type { Tracer } from "#core/trace.ts";

/** A tracer whose spans end in this process. */
export interface KeptSpans {
  readonly tracer: Tracer;
  /** Those that were handed over, in the order in which they ended. */
  readonly spans: readonly ReadableSpan[];
}

/** @param ratio of the traces that begin with it, how many are sampled */
export function keepSpans(ratio: number): KeptSpans {
  const spans: ReadableSpan[] = [];
  const tracer = makeTracer({
    ratio,
    service: "test",
    sendMsMax: 1_000,
    onDropped(_, reason) {
      throw new Error(`spans are dropped: ${reason}`);
    },
    async send(ended) {
      spans.push(...ended);
    },
  });
  return { tracer, spans };
}
