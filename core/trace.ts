/**
 * Traces: W3C Trace Context as items and events carry it, and the port by which spans are made. Ids, queues, counts
 * and conditions may be said of a span; never a body, a status text or a name.
 */

/** Trace Context §3.2, version 00; later versions may only add to it. */
const form = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Whether a text is a `traceparent`. */
export function isTraceparent(text: string): boolean {
  return form.test(text);
}

export interface TraceParts {
  readonly traceId: string;
  readonly spanId: string;
}

/** The ids in a `traceparent`; `undefined` where it is none. */
export function partsOfTrace(trace: string): TraceParts | undefined {
  if (!isTraceparent(trace)) return undefined;
  return { traceId: trace.slice(3, 35), spanId: trace.slice(36, 52) };
}

export function writeTrace({ traceId, spanId }: TraceParts, sampled: boolean): string {
  return `00-${traceId}-${spanId}-0${sampled ? 1 : 0}`;
}

/** Trace Context §3.2.2.5.1. Looks at one character, since it is asked of everything that passes. */
export function isSampled(trace: string): boolean {
  return trace.length === 55 && (Number.parseInt(trace.charAt(54), 16) & 1) === 1;
}

/** The same trace, of which nothing more is recorded: for what is too much to be looked at one by one. */
export function unsampled(trace: string): string {
  const parts = partsOfTrace(trace);
  return parts === undefined ? trace : writeTrace(parts, false);
}

export type SpanFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** What was done for one item, from begin to end. Of an unsampled one nothing is kept. */
export interface Span {
  /** What follows from it continues this context. */
  readonly trace: string;
  add(fields: SpanFields): void;
  /** A moment in its course. */
  event(name: string): void;
  /** It has failed, for a reason in a word. */
  fail(reason: string): void;
  end(): void;
}

/** One of the times that something is tried, by an id that all of them share. */
export interface Attempt {
  readonly id: string;
  /** From 1 on. */
  readonly number: number;
}

export interface SpanOptions {
  /** Milliseconds since 1970, where it began earlier than now. */
  readonly sinceMs?: number;
  /** Asked, where it is sampled, for the context of a span that it belongs to otherwise than as its child. */
  readonly link?: () => string;
}

export interface Tracer {
  /** Begins a trace; whether it is sampled is decided here, by its id, for all that follows. */
  begin(name: string, fields: () => SpanFields, options?: SpanOptions): Span;
  /** Begins a trace whose ids follow from the attempt's: a later attempt is a child of the first. */
  attempt(attempt: Attempt, name: string, fields: () => SpanFields, options?: SpanOptions): Span;
  /** Begins a trace that is sampled at any rate. */
  record(name: string, fields: () => SpanFields, options?: SpanOptions): Span;
  /** Goes on in a trace. `fields` are asked for only where it is sampled. */
  follow(name: string, parent: string, fields: () => SpanFields, options?: SpanOptions): Span;
  /** Hands over what has ended; resolves when that is done or given up, within its limit. Never rejects. */
  flush(): Promise<void>;
}

const nothing = () => {};

/** A span of which nothing is kept. */
export function silentSpan(trace: string): Span {
  return { trace, add: nothing, event: nothing, fail: nothing, end: nothing };
}
