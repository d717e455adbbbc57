/** Spans that have ended, on their way out: a bounded buffer that never makes anybody wait and counts what it drops. */
import type { ReadableSpan, SpanProcessor } from "@opentelemetry/sdk-trace";
import type { Limits } from "#core/limits.ts";

/** Hands spans over, or rejects; they are lost then. */
export type SendSpans = (spans: readonly ReadableSpan[], signal: AbortSignal) => Promise<void>;

export interface SpanBufferOptions {
  readonly send: SendSpans;
  readonly limits: Pick<Limits, "traceSpansMax" | "traceBatchMax">;
  /** Milliseconds from the first span that waits until it is sent; without it, only `flush` sends. */
  readonly everyMs?: number | undefined;
  /** What one round of sending may take, in milliseconds. */
  readonly sendMsMax: number;
  /** Called with how many spans were lost since the last call, and why: `full`, or the error's name. */
  readonly onDropped: (spans: number, reason: string) => void;
}

export interface SpanBuffer {
  readonly processor: SpanProcessor;
  /** Sends what waits, for at most `sendMsMax`; what is left then waits on. Never rejects. */
  flush(): Promise<void>;
}

const nameOf = (error: unknown) => (error instanceof Error ? error.name : "unknown");

export function makeSpanBuffer(options: SpanBufferOptions): SpanBuffer {
  const { limits, sendMsMax, onDropped } = options;
  let waiting: ReadableSpan[] = [];
  let overflown = 0;
  let timer: NodeJS.Timeout | undefined;
  let sending: Promise<void> | undefined;

  const sendBatch = async (signal: AbortSignal) => {
    const batch = waiting.slice(0, limits.traceBatchMax);
    waiting = waiting.slice(batch.length);
    await options.send(batch, signal).catch((error: unknown) => onDropped(batch.length, nameOf(error)));
  };

  const sendAll = async () => {
    const signal = AbortSignal.timeout(sendMsMax);
    while (waiting.length > 0 && !signal.aborted) await sendBatch(signal);
    if (overflown > 0) onDropped(overflown, "full");
    overflown = 0;
  };

  const flush = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    if (waiting.length === 0 && sending === undefined) return Promise.resolve();
    // What ends while others are being sent goes along: the round looks again until nothing waits.
    sending ??= sendAll().finally(() => {
      sending = undefined;
    });
    return sending;
  };

  return {
    flush,
    processor: {
      onStart() {},
      onEnd(span) {
        if (waiting.length >= limits.traceSpansMax) {
          overflown += 1;
          return;
        }
        waiting.push(span);
        if (options.everyMs === undefined) return;
        timer ??= setTimeout(() => void flush(), options.everyMs).unref();
      },
      forceFlush: flush,
      shutdown: flush,
    },
  };
}
