/** `npm run ops` against a bridge of a test. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Endpoints } from "#local/endpoints.ts";
import { runOps } from "#local/ops/run.ts";

export interface Answer {
  readonly exit: number;
  readonly said: string;
  readonly complained: string;
}

export interface Ops {
  /** Runs a command to its end, whatever that is. */
  run(...args: string[]): Promise<Answer>;
  /** What it says as JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of many shapes
  json(...args: string[]): Promise<any>;
  /** Runs it again and again until it says fine. */
  untilFine(timeoutMs: number, ...args: string[]): Promise<Answer>;
}

const allText = ({ said, complained }: Answer) => `${said}\n${complained}`;

/** Runs a command line here, with what it would print. */
export async function runHere(args: readonly string[]): Promise<Answer> {
  const said: string[] = [];
  const complained: string[] = [];
  const exit = await runOps(args, {
    say: (text) => said.push(text),
    tell: (text) => complained.push(text),
    signal: new AbortController().signal,
    env: {},
  });
  return { exit, said: said.join("\n"), complained: complained.join("\n") };
}

/** @param endpoints asked before each command */
export function makeOps(endpoints: () => Endpoints): Ops & { stop(): void } {
  const folder = mkdtempSync(join(tmpdir(), "causeway-ops-"));
  const file = join(folder, "endpoints.json");
  const run = (...args: string[]) => {
    writeFileSync(file, JSON.stringify(endpoints()));
    return runHere([...args, "--endpoints", file]);
  };
  return {
    run,
    async json(...args) {
      const answer = await run(...args, "--json");
      try {
        return JSON.parse(answer.said);
      } catch (cause) {
        throw new Error(allText(answer), { cause });
      }
    },
    async untilFine(timeoutMs, ...args) {
      const deadline = performance.now() + timeoutMs;
      for (;;) {
        const answer = await run(...args);
        if (answer.exit === 0) return answer;
        if (performance.now() > deadline) throw new Error(allText(answer));
      }
    },
    stop: () => rmSync(folder, { recursive: true }),
  };
}
