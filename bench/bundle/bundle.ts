/** How large the bundles are, and how long they take to be imported. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";
import { type Bundle, buildAll } from "#infra/build.ts";
import type { Bench } from "../bench.ts";
import { type Spread, spreadOf, spreadText } from "../figures.ts";
import { ms, tableText } from "../table.ts";

const kbMax = 450;
const importMsMax = 100;

export interface BundleFigures {
  readonly name: string;
  readonly bytes: number;
  readonly importMs: Spread;
}

/** Milliseconds of one import in a process of its own, with no environment. */
async function importOnce(file: string): Promise<number> {
  const script = join(import.meta.dirname, "import-time.mjs");
  const child = spawn(process.execPath, [script, pathToFileURL(file).href], {
    env: {},
    stdio: ["ignore", "pipe", "ignore"],
  });
  const answer = Number(await text(child.stdout));
  if (!(answer > 0)) throw new Error(`${file} was not imported`);
  return answer;
}

async function measure({ name, file, bytes }: Bundle, runs: number): Promise<BundleFigures> {
  const times: number[] = [];
  for (let run = 0; run < runs; run += 1) times.push(await importOnce(file));
  return { name, bytes, importMs: spreadOf(times) };
}

export const bundleBench: Bench = {
  purpose: "size of each bundle, and how long it takes to be imported",
  async run({ runs }, progress) {
    const figures: BundleFigures[] = [];
    for (const bundle of await buildAll()) {
      figures.push(await measure(bundle, runs));
      progress(`${bundle.name}: ${(bundle.bytes / 1000).toFixed(0)} kB`);
    }
    const table = tableText(
      `Bundles: import is the median of ${runs} fresh processes (lowest to highest)`,
      ["", `size (functions ≤ ${kbMax} kB)`, `import (functions ≤ ${importMsMax} ms)`],
      figures.map(({ name, bytes, importMs }) => [
        name,
        `${(bytes / 1000).toFixed(0)} kB`,
        spreadText(importMs, ms),
      ]),
    );
    return { figures, tables: [table] };
  },
};
