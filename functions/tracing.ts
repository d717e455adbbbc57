/** The spans of a function: one for each item of a sampled trace, and one for the invocation that all of them link to. */
import type { Span, SpanFields, Tracer } from "#core/trace.ts";
import type { Ports } from "./ports.ts";

/** What an invocation's spans are made with, from its begin to its end. */
export interface Invocation {
  /** Its spans link to the invocation's own. */
  readonly tracer: Tracer;
  /** Ends the invocation's span, and hands over what has been recorded: for at most `limits.traceFlushMsMax`. */
  end(fields: SpanFields): Promise<void>;
}

/**
 * Begins an invocation. Its span is a trace of its own, and is made with the first span of an item: an invocation is
 * worth recording when something in it is.
 */
export function beginInvocation({ tracer, clock }: Ports, name: string): Invocation {
  const sinceMs = clock();
  let invocation: Span | undefined;
  const linked = {
    link() {
      invocation ??= tracer.record(`invocation ${name}`, () => ({}), { sinceMs });
      return invocation.trace;
    },
  };
  return {
    tracer: {
      ...tracer,
      begin: (spanName, fields) => tracer.begin(spanName, fields, linked),
      attempt: (attempt, spanName, fields) => tracer.attempt(attempt, spanName, fields, linked),
      follow: (spanName, parent, fields) => tracer.follow(spanName, parent, fields, linked),
    },
    async end(fields) {
      invocation?.add(fields);
      invocation?.end();
      await tracer.flush();
    },
  };
}
