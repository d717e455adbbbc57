/** Spans by OpenTelemetry's SDK, made by hand; what is not sampled never comes near it. */
import {
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
import { isChosen, newSpanId, newTrace, newTraceParts, tracePartsOf } from "./trace.ts";

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
  begin: () => silentSpan(newTrace()),
  attempt: ({ id }) => silentSpan(writeTrace(tracePartsOf(id), false)),
  record: () => silentSpan(newTrace()),
  follow: (_name, parent) => silentSpan(parent),
  flush: () => Promise.resolve(),
};

/** A tracer that hands its spans to `send`. */
export function makeTracer(options: TracerOptions): Tracer {
  const { ratio, service } = options;
  const buffer = makeSpanBuffer({ ...options, limits });
  // The ids decide before there is a span, so the SDK is told which ones to take.
  let ids = newTraceParts();
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ "service.name": service }),
    spanLimits: { attributeValueLengthLimit: limits.traceValueCharsMax },
    idGenerator: { generateTraceId: () => ids.traceId, generateSpanId: () => ids.spanId },
    spanProcessors: [buffer.processor],
  });
  const sdk = provider.getTracer("causeway");

  const start = (
    name: string,
    place: { readonly ids: TraceParts; readonly parent?: TraceParts },
    fields: () => SpanFields,
    { sinceMs, link }: SpanOptions = {},
  ): Span => {
    const { parent } = place;
    const linked = link && partsOfTrace(link());
    const spanOptions = {
      kind: parent === undefined ? SpanKind.SERVER : SpanKind.CONSUMER,
      attributes: fields(),
      ...(sinceMs !== undefined && { startTime: sinceMs }),
      ...(linked && { links: [{ context: contextOf(linked) }] }),
    };
    const context =
      parent === undefined ? ROOT_CONTEXT : traceApi.setSpanContext(ROOT_CONTEXT, contextOf(parent));
    // Last: asking for the link may have begun a span of its own.
    ids = place.ids;
    return spanOf(sdk.startSpan(name, spanOptions, context));
  };

  const isRecorded = ({ traceId }: TraceParts) => isChosen(traceId, ratio);
  const follow = (parent: TraceParts) => ({ parent, ids: { ...parent, spanId: newSpanId() } });

  return {
    begin(name, fields, more) {
      const own = newTraceParts();
      return isRecorded(own) ? start(name, { ids: own }, fields, more) : silentSpan(writeTrace(own, false));
    },
    attempt({ id, number }, name, fields, more) {
      const first = tracePartsOf(id);
      if (!isRecorded(first)) return silentSpan(writeTrace(first, false));
      return start(name, number > 1 ? follow(first) : { ids: first }, fields, more);
    },
    record: (name, fields, more) => start(name, { ids: newTraceParts() }, fields, more),
    follow(name, parent, fields, more) {
      const parts = isSampled(parent) ? partsOfTrace(parent) : undefined;
      return parts === undefined ? silentSpan(parent) : start(name, follow(parts), fields, more);
    },
    flush: buffer.flush,
  };
}
