/** When to stop waiting for the server's end of a closing stream. All times in monotonic milliseconds. */
import type { Limits } from "#core/limits.ts";

export interface Quiet {
  /** A byte has been read. */
  read(now: number): void;
  /** Reading has stopped: until it goes on the server's end cannot be seen, and no time counts. */
  hold(now: number): void;
  goOn(now: number): void;
  /** Our closing tag has been written. */
  close(now: number): void;
  /** Whether the server has had its time to end: it is silent, or sends without end. */
  isOver(now: number): boolean;
  /** Of the last byte read. */
  readAt(): number;
}

export function makeQuiet(
  { closeMsMax, closeStuckMsMax }: Pick<Limits, "closeMsMax" | "closeStuckMsMax">,
  now: number,
): Quiet {
  let readAt = now;
  let wentOnAt = now;
  let heldAt: number | undefined;
  /** Put off by as long as reading was held since. */
  let closingAt = Number.POSITIVE_INFINITY;
  return {
    read(now) {
      readAt = now;
    },
    hold(now) {
      heldAt = now;
    },
    goOn(now) {
      if (heldAt !== undefined) closingAt += now - Math.max(heldAt, Math.min(closingAt, now));
      heldAt = undefined;
      wentOnAt = now;
    },
    close(now) {
      closingAt = now;
    },
    isOver(now) {
      if (heldAt !== undefined) return false;
      const silentMs = now - Math.max(readAt, wentOnAt, closingAt);
      return silentMs >= closeMsMax || now - closingAt >= closeStuckMsMax;
    },
    readAt: () => readAt,
  };
}
