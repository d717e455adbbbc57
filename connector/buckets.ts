/** Token buckets by key, in bounded memory. */
import { type Rate, takeTokens } from "#core/token-bucket.ts";

export interface Buckets {
  /** When the bucket of a key would be full again after this; undefined where there are not as many tokens. */
  look(key: string, now: number, rate: Rate, cost: number): Look | undefined;
  /** Takes what was looked at; nothing may have come in between. */
  take(look: Look): void;
  readonly size: number;
}

interface Look {
  readonly key: string;
  readonly fullAt: number;
}

/** What those share that find no room. No address is empty. */
const others = "";
/** Buckets that are looked at for one that is full. */
const candidatesMax = 8;

/**
 * Only buckets that are not full are worth their room. When all of `countMax` are in debt, those who come new share
 * one, so that nobody gets a full bucket by having others fill the memory.
 */
export function makeBuckets(countMax: number): Buckets {
  const fullAt = new Map<string, number>();
  /** Goes round and round; to begin anew each time would mean to pass over all that was forgotten. */
  let hand = fullAt.entries();

  /** Makes room by forgetting a full one, if one is among the next few. */
  const makesRoom = (now: number): boolean => {
    for (let candidates = candidatesMax; candidates > 0; candidates -= 1) {
      const { value, done } = hand.next();
      if (done) hand = fullAt.entries();
      else if (value[1] <= now) return fullAt.delete(value[0]);
    }
    return false;
  };

  return {
    look(key, now, rate, cost) {
      const hasRoom = fullAt.has(key) || fullAt.size < countMax || makesRoom(now);
      const own = hasRoom ? key : others;
      const next = takeTokens(fullAt.get(own) ?? now, now, rate, cost);
      return next === undefined ? undefined : { key: own, fullAt: next };
    },
    take(look) {
      fullAt.set(look.key, look.fullAt);
    },
    get size() {
      return fullAt.size;
    },
  };
}
