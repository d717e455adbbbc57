import { setTimeout as wait } from "node:timers/promises";

/** Waits, or less when the signal ends it. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await wait(ms, undefined, { signal });
  } catch {
    // Aborted: whoever waits looks at the signal next.
  }
}

/** Waits for it, but no longer than `ms`. */
export async function atMost(ms: number, awaited: Promise<unknown>): Promise<void> {
  const due = Promise.withResolvers<void>();
  const timer = setTimeout(due.resolve, ms);
  try {
    await Promise.race([due.promise, awaited]);
  } finally {
    clearTimeout(timer);
  }
}

/** Lets several wait for the next time that something happens. */
export interface Bell {
  /** Ends every wait that is under way. */
  ring(): void;
  /** Resolves at the next ring. */
  rung(): Promise<void>;
}

export function makeBell(): Bell {
  let next = Promise.withResolvers<void>();
  return {
    ring() {
      next.resolve();
      next = Promise.withResolvers<void>();
    },
    rung: () => next.promise,
  };
}
