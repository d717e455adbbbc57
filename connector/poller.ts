/** Long polls of one outbound queue: one while it is quiet, several while it is busy, none without a stream. */
import type { Queues, ReceivedMessage } from "#aws/queues.ts";
import type { QueueName } from "#core/contract/queues.ts";
import type { Limits } from "#core/limits.ts";
import { backoffMs } from "./backoff.ts";
import { type Log, nameOfError } from "./log.ts";
import { makeBell, pause } from "./pause.ts";

export interface PollerOptions {
  readonly queue: QueueName;
  readonly queues: Pick<Queues, "receive">;
  readonly limits: Limits;
  readonly random: () => number;
  readonly log: Log;
  /** Polls at the same time. */
  readonly parallelMax: number;
  /** Whether `messages` more are wanted; the poller asks again before each poll. */
  readonly wants: (messages: number) => boolean;
  readonly onMessages: (messages: readonly ReceivedMessage[]) => void;
  readonly signal: AbortSignal;
}

export interface Poller {
  /** Polls if more is wanted. */
  wake(): void;
  /** Messages that polls under way may bring. */
  expected(): number;
  /** Resolves when no poll is under way. */
  ended(): Promise<void>;
}

export function makePoller(options: PollerOptions): Poller {
  const { queue, limits, signal, log } = options;
  let polls = 0;
  const end = makeBell();
  const expected = () => polls * limits.queueBatchMax;
  const mayPoll = () => !signal.aborted && options.wants(limits.queueBatchMax);

  /** Undefined when the poll failed. */
  const receive = async (): Promise<ReceivedMessage[] | undefined> => {
    try {
      return await options.queues.receive(queue, {
        max: limits.queueBatchMax,
        waitS: limits.receiveWaitS,
        visibilityS: limits.outboundVisibilityS,
        signal,
      });
    } catch (error) {
      if (!signal.aborted) log("warn", "receive.failed", { queue, reason: nameOfError(error) });
      return undefined;
    }
  };

  /** Loops, those included that wait after a failure. */
  let loops = 0;

  const poll = async () => {
    loops += 1;
    try {
      await pollWhileWanted();
    } finally {
      loops -= 1;
    }
  };

  const pollWhileWanted = async () => {
    let failures = 0;
    // Asked before the poll counts itself, as it is what the answer is about.
    while (mayPoll()) {
      polls += 1;
      const messages = await receive();
      polls -= 1;
      end.ring();
      if (messages === undefined) {
        failures += 1;
        await pause(backoffMs(failures, options.random(), limits), signal);
        continue;
      }
      failures = 0;
      if (messages.length > 0) {
        options.onMessages(messages);
        if (loops < options.parallelMax && mayPoll()) void poll();
      } else if (polls > 0) return;
    }
  };

  return {
    wake() {
      if (loops === 0 && mayPoll()) void poll();
    },
    expected,
    async ended() {
      while (polls > 0) await end.rung();
    },
  };
}
