/** Spans by OpenTelemetry's SDK, made by hand; what is not sampled never comes near it. */
import {
  type Context,
  ROOT_CONTEXT,
  type Span as SdkSpan,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace as traceApi,
} from "@opentelemetry/api";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { TracerProvider } from "@opentelemetry/sdk-trace";
import { limits } from "#core/limits.ts";
import {
  isSampled,
  partsOfTrace,
  type Span,
  type SpanFields,
  type SpanOptions,
  silentSpan,
  type TraceParts,
  type Tracer,
  writeTrace,
} from "#core/trace.ts";
import { makeSpanBuffer, type SpanBufferOptions } from "./span-buffer.ts";
import { isChosen, newSpanId, newTraceId } from "./trace.ts";

export interface TracerOptions extends Omit<SpanBufferOptions, "limits"> {
  /** Of traces that begin here, how many are sampled: 0 to 1. */
  readonly ratio: number;
  /** Who says it: `causeway-connector`, `causeway-message`, … */
  readonly service: string;
}

const contextOf = ({ traceId, spanId }: TraceParts) => ({
  traceId,
  spanId,
  traceFlags: TraceFlags.SAMPLED,
  isRemote: true,
});

function spanOf(span: SdkSpan): Span {
  return {
    trace: writeTrace(span.spanContext(), true),
    add: (fields) => void span.setAttributes({ ...fields }),
    event: (name) => void span.addEvent(name),
    fail: (reason) => void span.setStatus({ code: SpanStatusCode.ERROR, message: reason }),
    end: () => span.end(),
  };
}

/** Contexts are handed on, and nothing is recorded: for where there is nobody to send spans to. */
export const untraced: Tracer = {
  begin: () => silentSpan(writeTrace({ traceId: newTraceId(), spanId: newSpanId() }, false)),
  record: () => silentSpan(""),
  follow: (_name, parent) => silentSpan(parent),
  flush: () => Promise.resolve(),
};

/** A tracer that hands its spans to `send`. */
export function makeTracer(options: TracerOptions): Tracer {
  const { ratio, service } = options;
  const buffer = makeSpanBuffer({ ...options, limits });
  // The id decides before there is a span, so the SDK is told which one to take.
  let traceId = "";
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ "service.name": service }),
    spanLimits: { attributeValueLengthLimit: limits.traceValueCharsMax },
    idGenerator: { generateTraceId: () => traceId, generateSpanId: newSpanId },
    spanProcessors: [buffer.processor],
  });
  const sdk = provider.getTracer("causeway");

  const start = (
    name: string,
    kind: SpanKind,
    context: Context,
    fields: () => SpanFields,
    { sinceMs, link }: SpanOptions = {},
  ): Span => {
    const linked = link && partsOfTrace(link());
    const span = sdk.startSpan(
      name,
      {
        kind,
        attributes: fields(),
        ...(sinceMs !== undefined && { startTime: sinceMs }),
        ...(linked && { links: [{ context: contextOf(linked) }] }),
      },
      context,
    );
    return spanOf(span);
  };

  const record: Tracer["record"] = (name, fields, more) => {
    traceId = newTraceId();
    return start(name, SpanKind.SERVER, ROOT_CONTEXT, fields, more);
  };

  return {
    begin(name, fields, more) {
      traceId = newTraceId();
      if (!isChosen(traceId, ratio)) return silentSpan(writeTrace({ traceId, spanId: newSpanId() }, false));
      return start(name, SpanKind.SERVER, ROOT_CONTEXT, fields, more);
    },
    record,
    follow(name, parent, fields, more) {
      const parts = isSampled(parent) ? partsOfTrace(parent) : undefined;
      if (parts === undefined) return silentSpan(parent);
      const context = traceApi.setSpanContext(ROOT_CONTEXT, contextOf(parts));
      return start(name, SpanKind.CONSUMER, context, fields, more);
    },
    flush: buffer.flush,
  };
}
