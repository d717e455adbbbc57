/** Setting aside, for certain: a dead letter is tried again until the queue has it. */
import type { DeadLetter } from "#aws/dead-letter.ts";
import type { Queues } from "#aws/queues.ts";
import type { QueueName } from "#core/contract/queues.ts";
import type { Limits } from "#core/limits.ts";
import { backoffMs } from "./backoff.ts";
import { type Log, nameOfError } from "./log.ts";
import { pause } from "./pause.ts";

export interface AsideOptions {
  readonly queues: Pick<Queues, "setAside">;
  readonly limits: Limits;
  readonly random: () => number;
  readonly log: Log;
  /** Ends the tries when the process must. */
  readonly signal: AbortSignal;
}

/** Resolves to false only when the signal has ended the tries. */
export async function setAside(
  options: AsideOptions,
  queue: QueueName,
  letter: DeadLetter,
): Promise<boolean> {
  const { limits, log, signal } = options;
  const { reason, cause, trace } = letter;
  log("warn", "stanza.set-aside", { queue, reason, cause, trace });
  for (let failures = 1; !signal.aborted; failures += 1) {
    try {
      await options.queues.setAside(queue, letter);
      return true;
    } catch (error) {
      log("error", "set-aside.failed", { queue, reason: nameOfError(error), cause });
      await pause(backoffMs(failures, options.random(), limits), signal);
    }
  }
  return false;
}
