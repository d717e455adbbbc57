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
  /** The longest unused first. */
  const fullAt = new Map<string, number>();

  /** Makes room by forgetting a full one; what is in debt goes behind, so that the search does not stick to it. */
  const makesRoom = (now: number): boolean => {
    let candidates = candidatesMax;
    for (const [key, at] of fullAt) {
      fullAt.delete(key);
      if (at <= now) return true;
      fullAt.set(key, at);
      candidates -= 1;
      if (candidates === 0) return false;
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
      fullAt.delete(look.key);
      fullAt.set(look.key, look.fullAt);
    },
    get size() {
      return fullAt.size;
    },
  };
}
