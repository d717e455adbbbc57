/** An even pace: who asks is told how long to wait. */
export interface Pace {
  /** Takes the next place for so many events; returns the milliseconds until it comes. */
  waitMs(events: number, nowMs: number): number;
}

/** At most `perSecond` events a second, without catching up on what was left unused; undefined for no bound. */
export function makePace(perSecond: number | undefined): Pace {
  if (perSecond === undefined) return { waitMs: () => 0 };
  let freeMs = Number.NEGATIVE_INFINITY;
  return {
    waitMs(events, nowMs) {
      const turnMs = Math.max(freeMs, nowMs);
      freeMs = turnMs + (events * 1000) / perSecond;
      return turnMs - nowMs;
    },
  };
}
