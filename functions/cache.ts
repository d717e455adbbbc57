import { limits } from "#core/limits.ts";

/** What an instance of a function remembers: at most so many entries, each for a while. */
export interface Cache<T> {
  get(key: string): T | undefined;
  put(key: string, value: T): T;
  drop(key: string): void;
}

/** @param keptMs how long an entry is remembered */
export function makeCache<T>(clock: () => number, keptMs: number = limits.profileCacheMs): Cache<T> {
  const entries = new Map<string, { value: T; at: number }>();
  return {
    get(key) {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      const ageMs = clock() - entry.at;
      // A clock that was set back would keep it for as long as that.
      return ageMs >= 0 && ageMs <= keptMs ? entry.value : undefined;
    },
    drop(key) {
      entries.delete(key);
    },
    put(key, value) {
      entries.delete(key);
      entries.set(key, { value, at: clock() });
      if (entries.size > limits.profileCacheMax) {
        for (const oldest of entries.keys()) {
          entries.delete(oldest);
          break;
        }
      }
      return value;
    },
  };
}
