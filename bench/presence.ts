/** Presence at its largest: a change that very many see, others meanwhile, and a resync. */
import { writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { stop as stopBundler } from "esbuild";
import { buildAll } from "#infra/build.ts";
import { measureFanOut } from "./fan-out.ts";
import { measureMeanwhile } from "./meanwhile.ts";
import { type Place, startPlace } from "./place.ts";
import type { PresenceOptions } from "./presence-options.ts";
import { fanOutRows, meanwhileRows, resyncRows, tableText } from "./report.ts";
import { measureResync } from "./resync.ts";

/** Runs something with fresh engines, and ends them whatever happens. */
async function withPlace<T>(work: (place: Place) => Promise<T>): Promise<T> {
  const place = await startPlace();
  try {
    return await work(place);
  } finally {
    await place.stop();
  }
}

function machine(): string {
  return `${cpus().length} cores (${cpus()[0]?.model.trim()}), Node ${process.versions.node}`;
}

/** Measures, telling its progress, and prints the tables. */
export async function runPresence({ subscribers, pairs, json }: PresenceOptions): Promise<void> {
  const begun = performance.now();
  const progress = (line: string) => {
    console.log(`${((performance.now() - begun) / 1000).toFixed(1).padStart(6)} s  ${line}`);
  };
  const date = new Date().toISOString();
  const loadBefore = loadavg()[0] ?? 0;
  progress("bundle functions and connector, start engines");
  await buildAll();
  await stopBundler();
  const { fanOut, meanwhile } = await withPlace(async (place) => {
    const { figures, bodies } = await measureFanOut(place, subscribers, progress);
    return { fanOut: figures, meanwhile: await measureMeanwhile(place, bodies, figures.told, progress) };
  });
  const resync = await withPlace((place) => measureResync(place, pairs, progress));
  progress("done");
  const load = { before: loadBefore, after: loadavg()[0] ?? 0 };
  const tables = [
    tableText(`A change that ${subscribers} subscribers see`, fanOutRows(fanOut)),
    tableText("Messages of others meanwhile", meanwhileRows(meanwhile)),
    tableText(`A resync of ${pairs} pairs, at ${resync.pairsPerS} a second`, resyncRows(resync)),
  ];
  console.log(`\n${machine()}, ${date}, load ${load.before.toFixed(1)} to ${load.after.toFixed(1)}\n`);
  console.log(tables.join("\n\n"));
  if (json === undefined) return;
  const figures = { benchmark: "presence", machine: machine(), date, load, fanOut, meanwhile, resync };
  writeFileSync(json, `${JSON.stringify(figures, undefined, 2)}\n`);
}
