/** Chance that comes out the same for the same seed. */
export interface Random {
  /** A whole number from 0 to below `n`. */
  below(n: number): number;
  /** One of them; throws where there is none. */
  pick<T>(all: readonly T[]): T;
  /** True once in `n` times. */
  oneIn(n: number): boolean;
}

/** Mulberry32: short, and good enough to wander through inputs. */
export function makeRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const below = (n: number) => next() % n;
  return {
    below,
    pick(all) {
      if (all.length === 0) throw new Error("nothing to pick from");
      return all[below(all.length)] as (typeof all)[number];
    },
    oneIn: (n) => below(n) === 0,
  };
}
