/** Two flows over the same ports, in every order that their calls can have. */
import type { Queues } from "#aws/queues.ts";
import type { Table } from "#aws/table.ts";

export type Parts = { readonly table: Table; readonly queues: Queues };
type Method = (...args: never[]) => Promise<unknown>;
type Side = "left" | "right";

/** What nobody writes while the flows run can be read at any time: it takes no turn. */
const commuting: ReadonlySet<string> = new Set(["readUser", "userAt"]);

interface Flow {
  /** Resolves when the flow wants to make a call (true) or has ended (false). */
  ready(): Promise<boolean>;
  /** Lets it make its next call, and resolves when that is done. */
  step(): Promise<void>;
  readonly ended: Promise<unknown>;
}

function startFlow(parts: Parts, start: (gated: Parts) => Promise<unknown>): Flow {
  const waiting: (() => Promise<void>)[] = [];
  let news = Promise.withResolvers<void>();
  let over = false;
  const tell = () => {
    news.resolve();
    news = Promise.withResolvers();
  };
  const gate = <T extends object>(port: T) => {
    const gated = Object.entries(port).map(([name, method]: [string, Method]) => {
      if (commuting.has(name)) return [name, method];
      const call = (...args: never[]) =>
        new Promise((resolve, reject) => {
          waiting.push(async () => {
            await method(...args).then(resolve, reject);
          });
          tell();
        });
      return [name, call];
    });
    return Object.fromEntries(gated) as T;
  };
  const ended = start({ table: gate(parts.table), queues: gate(parts.queues) }).finally(() => {
    over = true;
    tell();
  });
  return {
    ended,
    async ready() {
      while (waiting.length === 0 && !over) await news.promise;
      return waiting.length > 0;
    },
    async step() {
      await waiting.shift()?.();
    },
  };
}

/** Whose turn it is, `last` having had the last one and being able to go on. */
type Choose = (last: Side | undefined) => Side;

/** Runs two flows call by call; `choose` is asked where both could go on. */
export async function interleave(
  parts: Parts,
  flows: Readonly<Record<Side, (gated: Parts) => Promise<unknown>>>,
  choose: Choose,
): Promise<void> {
  const started = { left: startFlow(parts, flows.left), right: startFlow(parts, flows.right) };
  let last: Side | undefined;
  for (;;) {
    const left = await started.left.ready();
    const right = await started.right.ready();
    if (!left && !right) break;
    last = left && right ? choose(last) : left ? "left" : "right";
    await started[last].step();
  }
  await Promise.all([started.left.ended, started.right.ended]);
}

/** Calls `run` once for every sequence of choices in which a flow is interrupted at most so many times. */
export async function inEveryOrder(
  run: (choose: Choose) => Promise<void>,
  interruptionsMax = Number.POSITIVE_INFINITY,
): Promise<void> {
  const path: { side: Side; open: boolean }[] = [];
  for (;;) {
    let depth = 0;
    let interruptions = 0;
    await run((last) => {
      const open = last === undefined || interruptions < interruptionsMax;
      if (depth === path.length) path.push({ side: last ?? "left", open });
      const { side } = path[depth] ?? { side: "left" };
      if (last !== undefined && side !== last) interruptions += 1;
      depth += 1;
      return side;
    });
    for (let end = path.at(-1); end !== undefined && !end.open; end = path.at(-1)) path.pop();
    const end = path.at(-1);
    if (end === undefined) return;
    // The other one's turn, and nothing is left to choose here.
    path[path.length - 1] = { side: end.side === "left" ? "right" : "left", open: false };
  }
}
