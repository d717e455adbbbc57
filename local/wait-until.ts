/** Waits for what tells nobody when it holds: ports, files, tables of other processes. */
import { setTimeout as delay } from "node:timers/promises";

const pollMs = 25;

interface WaitOptions {
  /** What is awaited, for the error message. */
  readonly what: string;
  readonly timeoutMs: number;
  /** Gives up with its error: the process that is waited for has exited, or we are stopping. */
  readonly signal?: AbortSignal;
}

/** Resolves when `check` holds; throws when it does not in time. */
export async function waitUntil(check: () => Promise<boolean>, options: WaitOptions): Promise<void> {
  const deadline = performance.now() + options.timeoutMs;
  while (!(await check())) {
    options.signal?.throwIfAborted();
    if (performance.now() > deadline) {
      throw new Error(`${options.what}: nothing after ${options.timeoutMs / 1000} s`);
    }
    await delay(pollMs);
  }
}
