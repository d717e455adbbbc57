/** Faults between a function and its ports: what AWS, the network or the end of the process do to it. */
import { TransientFault } from "#aws/faults.ts";
import type { Queues } from "#aws/queues.ts";
import type { Table } from "#aws/table.ts";

/** How a call ends: as it should, with a transient fault before or after it was done, or never. */
export type Ending = "done" | "fails" | "fails-after" | "dies" | "dies-after";

export interface FaultyParts {
  readonly table: Table;
  readonly queues: Queues;
  /** Calls made so far, by name. */
  readonly calls: readonly string[];
  /** Resolves when the process has died: what it was doing will never end. */
  readonly died: Promise<"died">;
}

type Method = (...args: never[]) => Promise<unknown>;

/** The real ports, but the calls end as `endingOf` says (`index` counts the calls of both, from 0). */
export function faulty(
  parts: { table: Table; queues: Queues },
  endingOf: (index: number, name: string) => Ending,
): FaultyParts {
  const calls: string[] = [];
  const never = new Promise<never>(() => undefined);
  const death = Promise.withResolvers<"died">();
  let dead = false;
  const die = () => {
    dead = true;
    death.resolve("died");
    return never;
  };

  async function call(name: string, run: () => Promise<unknown>): Promise<unknown> {
    if (dead) return never;
    const ending = endingOf(calls.length, name);
    calls.push(name);
    if (ending === "fails") throw new TransientFault(`before ${name}`);
    if (ending === "dies") return die();
    const result = await run();
    if (dead || ending === "dies-after") return die();
    if (ending === "fails-after") throw new TransientFault(`after ${name}`);
    return result;
  }

  function wrap<T extends object>(port: T): T {
    const wrapped = Object.entries(port).map(([name, method]: [string, Method]) => [
      name,
      (...args: never[]) => call(name, () => method(...args)),
    ]);
    return Object.fromEntries(wrapped) as T;
  }

  return { table: wrap(parts.table), queues: wrap(parts.queues), calls, died: death.promise };
}
