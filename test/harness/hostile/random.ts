import { makeRandom as makeNumbers } from "#bench/faults/random.ts";

/** Chance that comes out the same for the same seed. */
export interface Random {
  /** A whole number from 0 to below `n`. */
  below(n: number): number;
  /** One of them; throws where there is none. */
  pick<T>(all: readonly T[]): T;
  /** True once in `n` times. */
  oneIn(n: number): boolean;
}

export function makeRandom(seed: number): Random {
  const next = makeNumbers(seed);
  // By remainder: seeds that tests name stand for what it gives.
  const below = (n: number) => (next() * 2 ** 32) % n;
  return {
    below,
    pick(all) {
      if (all.length === 0) throw new Error("nothing to pick from");
      return all[below(all.length)] as (typeof all)[number];
    },
    oneIn: (n) => below(n) === 0,
  };
}
