/** Sends pairs as events: several calls at once, never two events of one user at the same time. */
import type { Queues, SendFailure } from "#aws/queues.ts";
import { atMost, pause } from "#connector/pause.ts";
import { limits } from "#core/limits.ts";
import { makePace } from "./pace.ts";
import { type EventOrigin, pairMessage } from "./pair-event.ts";
import type { ImportedPair } from "./read-line.ts";
import { makeWaitingPairs, type WaitingPair } from "./waiting-pairs.ts";

/** Calls to the queue at the same time. */
const callsMax = 8;
/** Pause after a call of which nothing was taken, and how long the queue may go on like that. */
const troublePauseMs = 1_000;
const troubleMsMax = 60_000;

export interface SenderOptions {
  readonly queues: Pick<Queues, "send">;
  readonly origin: EventOrigin;
  /** Events a second; undefined for as many as the queue takes. */
  readonly rate: number | undefined;
  /** Nothing new is sent any more. */
  readonly signal: AbortSignal;
  readonly sent: (line: number) => void;
  /** The queue will never take this one. */
  readonly refused: (line: number, pair: ImportedPair, reason: string) => Promise<void>;
  /** The queue has begun to take nothing; or it is `gone`, with no use in waiting longer. */
  readonly troubled: (reason: string, gone: boolean) => void;
}

export interface Sender {
  /** Nothing waits and nothing is on its way. */
  readonly idle: boolean;
  add(waiting: WaitingPair): void;
  /** Starts what calls it can; with `partly` also those that are not full. */
  start(partly: boolean): void;
  /** Resolves when any call has ended; throws what any has thrown. */
  oneEnded(): Promise<void>;
  /** Resolves when no call is under way, or after `waitMs`. */
  quiet(waitMs: number): Promise<void>;
}

export function makeSender(options: SenderOptions): Sender {
  const { queues, origin, rate, signal } = options;
  const waiting = makeWaitingPairs();
  const pace = makePace(rate);
  const calls = new Set<Promise<void>>();
  // A slow pace is kept event by event, not in bursts.
  const batchMax = Math.max(1, Math.min(limits.queueBatchMax, rate ?? limits.queueBatchMax));
  let everSent = false;
  let troubleSinceMs: number | undefined;
  let fault: { readonly error: unknown } | undefined;

  /** Waits for its turn; false when it will not come. */
  const turn = async (events: number): Promise<boolean> => {
    const waitMs = pace.waitMs(events, performance.now());
    if (waitMs > 0) await pause(waitMs, signal);
    return !signal.aborted;
  };

  const untaken = async (failures: readonly SendFailure[], batch: readonly WaitingPair[]) => {
    const back: WaitingPair[] = [];
    const failed = new Map(failures.map((failure) => [failure.index, failure]));
    for (const [index, each] of batch.entries()) {
      const failure = failed.get(index);
      if (failure === undefined) options.sent(each.line);
      else if (failure.permanent) await options.refused(each.line, each.pair, failure.reason);
      else back.push(each);
    }
    return back;
  };

  const call = async (batch: readonly WaitingPair[]): Promise<void> => {
    if (!(await turn(batch.length))) return waiting.settle(batch, batch);
    const failures = await queues.send(
      "nativeEvents",
      batch.map(({ pair }) => pairMessage(pair, origin)),
    );
    const back = await untaken(failures, batch);
    if (back.length < batch.length) {
      everSent = true;
      troubleSinceMs = undefined;
    } else if (!signal.aborted) {
      const begins = troubleSinceMs === undefined;
      troubleSinceMs ??= performance.now();
      const gone = !everSent || performance.now() - troubleSinceMs > troubleMsMax;
      if (begins || gone) options.troubled(failures[0]?.reason ?? "unknown", gone);
      await pause(troublePauseMs, signal);
    }
    waiting.settle(batch, back);
  };

  return {
    get idle() {
      return waiting.size === 0;
    },
    add: waiting.add,
    start(partly) {
      while (calls.size < callsMax && waiting.ready >= (partly ? 1 : batchMax) && !signal.aborted) {
        const batch = waiting.take(batchMax);
        const running = call(batch)
          .catch((error: unknown) => {
            fault ??= { error };
          })
          .finally(() => calls.delete(running));
        calls.add(running);
      }
    },
    async oneEnded() {
      if (fault === undefined) await Promise.race(calls);
      if (fault !== undefined) throw fault.error;
    },
    async quiet(waitMs) {
      await atMost(waitMs, Promise.all(calls));
    },
  };
}
