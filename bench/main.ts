/** `npm run bench`: measures the bridge on this machine. */
import { stop as stopBundler } from "esbuild";
import { ensureServers } from "#local/servers/ensure-servers.ts";
import { stopOnSignal } from "#local/stop-signals.ts";
import type { Bench } from "./bench.ts";
import { bundleBench } from "./bundle/bundle.ts";
import { connectorBench } from "./connector/compare.ts";
import { endAll } from "./ending.ts";
import { canWrite, writeJson } from "./json-file.ts";
import { latencyBench } from "./load/latency.ts";
import { packingBench } from "./load/packing.ts";
import { soakBench } from "./load/soak.ts";
import { throughputBench } from "./load/throughput.ts";
import { loadNow, type Machine, thisMachine } from "./machine.ts";
import { helpText, type Options, readOptions } from "./options.ts";
import { presenceBench } from "./presence/presence.ts";

const benches: Readonly<Record<string, Bench>> = {
  connector: connectorBench,
  latency: latencyBench,
  throughput: throughputBench,
  packing: packingBench,
  presence: presenceBench,
  soak: soakBench,
  bundle: bundleBench,
};

interface Result {
  readonly begun: string;
  /** Processes that wanted a core before and after. */
  readonly load: { readonly before: number; readonly after: number };
  readonly figures: object;
}

function machineText({ cpu, cores, memoryGb, node }: Machine): string {
  return `${cores} cores (${cpu}) with ${memoryGb} GB, Node ${node}`;
}

async function runAll(options: Options): Promise<void> {
  await ensureServers(options.servers);
  const begun = performance.now();
  const machine = thisMachine();
  console.log(`${machineText(machine)}, ${new Date().toISOString()}\n`);
  const { json, names: _, ...settings } = options;
  const results: Record<string, Result> = {};
  const names = options.names.length > 0 ? options.names : Object.keys(benches);
  for (const name of names) {
    const progress = (line: string) => {
      const at = ((performance.now() - begun) / 1000).toFixed(1).padStart(7);
      console.error(`${at} s  ${name}: ${line}`);
    };
    const [time, before] = [new Date().toISOString(), loadNow()];
    const outcome = await benches[name]?.run(options, progress);
    if (outcome === undefined) continue;
    const load = { before, after: loadNow() };
    results[name] = { begun: time, load, figures: outcome.figures };
    console.log(`## ${name}, load ${load.before.toFixed(1)} to ${load.after.toFixed(1)}\n`);
    console.log(`${outcome.tables.join("\n\n")}\n`);
    // At once: what comes later may fail.
    if (json !== undefined) writeJson(json, { machine, settings, benches: results });
  }
}

/** Ctrl-C: what we have started ends first. */
function endOnSignals(): void {
  const stopping = stopOnSignal();
  stopping.signal.addEventListener("abort", () => {
    console.error("stopping: what was started ends first");
    void endAll().then(() => process.exit(stopping.exitCode()));
  });
}

async function main(): Promise<number> {
  const help = helpText(
    Object.fromEntries(Object.entries(benches).map(([name, { purpose }]) => [name, purpose])),
  );
  const options = readOptions(process.argv.slice(2), Object.keys(benches));
  if (!options.ok) {
    console.error(`${options.error}\n\nnpm run bench -- --help says more.`);
    return 2;
  }
  if (options.value === "help") {
    console.log(help);
    return 0;
  }
  if (!canWrite(options.value.json)) return 1;
  endOnSignals();
  try {
    await runAll(options.value);
    return 0;
  } finally {
    await endAll();
    await stopBundler();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error);
  process.exitCode = 1;
}
