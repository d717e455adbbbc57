import { pause } from "#connector/pause.ts";
import { describeExit, type Process } from "./process.ts";
import { wordsOf } from "./words.ts";

const backoffMsMin = 200;
const backoffMsMax = 10_000;
/** A process that lived this long has proven itself: its next death is restarted at once again. */
const provenMs = 30_000;
/** How long a process may take to stop before it is killed. */
const stopMsDefault = 5_000;

export interface SupervisedOptions {
  readonly name: string;
  /** Starts the process and resolves when it is ready to serve. */
  readonly start: () => Promise<Process>;
  readonly stopMs?: number;
  /** Called with each new pid, and with `undefined` when the process is gone. */
  readonly onChange?: (pid: number | undefined) => void;
  readonly log: (line: string) => void;
}

/** A process that is started again whenever it dies, until it is stopped. */
export interface Supervised {
  readonly pid: number | undefined;
  /** Sends it a signal; if that ends it, it is started again with backoff. */
  kill(signal: NodeJS.Signals): void;
  /** Stops it and starts it again at once; resolves when it is ready. */
  restart(): Promise<void>;
  /** Stops it and keeps it down; resolves with what starts it again and waits until it is ready. */
  hold(): Promise<() => Promise<void>>;
  /** Resolves when the process is up: at once, or after the restart that is under way. */
  up(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a process for good. Rejects when the very first start fails; later failures are tried again. */
export async function supervise(options: SupervisedOptions): Promise<Supervised> {
  const { name, log } = options;
  const stopping = new AbortController();
  let current: Process | undefined = await options.start();
  let startedAt = performance.now();
  let backoffMs = 0;
  let wanted = false;
  let isUp = true;
  let held: PromiseWithResolvers<void> | undefined;
  let up = Promise.withResolvers<void>();
  up.resolve();
  options.onChange?.(current.pid);

  function markDown(): void {
    if (isUp) up = Promise.withResolvers<void>();
    isUp = false;
  }

  function markUp(): void {
    isUp = true;
    up.resolve();
  }

  async function startAgain(): Promise<Process | undefined> {
    while (!stopping.signal.aborted) {
      await held?.promise;
      if (!wanted) {
        await pause(backoffMs, stopping.signal);
        backoffMs = Math.min(backoffMsMax, Math.max(backoffMsMin, backoffMs * 2));
      }
      if (stopping.signal.aborted) return undefined;
      wanted = false;
      try {
        return await options.start();
      } catch (error) {
        backoffMs = Math.max(backoffMs, backoffMsMin);
        log(`${name} did not start: ${wordsOf(error)}`);
      }
    }
    return undefined;
  }

  async function watch(): Promise<void> {
    while (current !== undefined) {
      const exit = await current.exited;
      if (stopping.signal.aborted) return;
      current = undefined;
      markDown();
      options.onChange?.(undefined);
      if (!wanted) log(`${name} ended (${describeExit(exit)}); starting it again`);
      if (performance.now() - startedAt > provenMs) backoffMs = 0;
      current = await startAgain();
      // Stopped while it was starting: the new process must not stay.
      if (stopping.signal.aborted) return await current?.stop(options.stopMs ?? stopMsDefault);
      startedAt = performance.now();
      if (current !== undefined) {
        log(`${name} runs again (pid ${current.pid})`);
        options.onChange?.(current.pid);
        markUp();
      }
    }
  }

  const watching = watch();
  return {
    get pid() {
      return current?.pid;
    },
    kill(signal) {
      if (signal === "SIGKILL" || signal === "SIGTERM" || signal === "SIGINT") markDown();
      current?.signal(signal);
    },
    async restart() {
      markDown();
      wanted = true;
      await current?.stop(options.stopMs ?? stopMsDefault);
      await up.promise;
    },
    async hold() {
      const hold = Promise.withResolvers<void>();
      held = hold;
      markDown();
      wanted = true;
      await current?.stop(options.stopMs ?? stopMsDefault);
      return async () => {
        hold.resolve();
        await up.promise;
      };
    },
    up: () => up.promise,
    async stop() {
      stopping.abort();
      held?.resolve();
      markUp();
      await current?.stop(options.stopMs ?? stopMsDefault);
      await watching;
    },
  };
}
