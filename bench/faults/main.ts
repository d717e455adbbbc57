/** `npm run faults`: breaks the bridge in every known way while messages flow, and counts what becomes of them. */
import { stop as stopBundler } from "esbuild";
import { buildAll } from "#infra/build.ts";
import { stopOnSignal } from "#local/stop-signals.ts";
import { wordsOf } from "#local/words.ts";
import { canWrite, writeJson } from "../json-file.ts";
import { loadNow, thisMachine } from "../machine.ts";
import { type FaultsOptions, faultsHelp, faultsList, readFaultsOptions } from "./options.ts";
import { tableOf } from "./report.ts";
import { runFault } from "./run.ts";
import { type Run, runSeries, type Series } from "./series.ts";

function log(line: string): void {
  console.log(`${new Date().toTimeString().slice(0, 8)}  ${line}`);
}

/** What is to be run: each fault on each server. */
function runsOf({ faults, servers }: FaultsOptions): Run[] {
  return faults.flatMap((fault) => servers.map((server) => ({ fault, server })));
}

async function run(options: FaultsOptions, signal: AbortSignal): Promise<Series> {
  const { json } = options;
  const seed = options.seed ?? Date.now() % 2 ** 32;
  const loadBefore = loadNow();
  log(`seed ${seed}`);
  log("bundling functions and connector …");
  await buildAll();
  // Else the bundler's process stays beside us.
  await stopBundler();
  return await runSeries(runsOf(options), {
    run: (one, tell) => runFault({ ...options, ...one, seed, full: true, build: false, signal, log: tell }),
    onOutcome(outcomes) {
      if (json === undefined) return;
      const all = { machine: thisMachine(), loadBefore, loadAfter: loadNow(), outcomes };
      writeJson(json, all);
    },
    log,
    signal,
  });
}

async function main(args: readonly string[]): Promise<number> {
  const options = readFaultsOptions(args);
  if (!options.ok) {
    console.error(`${options.error}\n\nnpm run faults -- --help says more.`);
    return 2;
  }
  if (options.value === "help" || options.value === "list") {
    console.log(options.value === "help" ? faultsHelp : faultsList);
    return 0;
  }
  if (!canWrite(options.value.json)) return 1;
  const stopping = stopOnSignal();
  stopping.signal.addEventListener("abort", () => log("stopping: what was started ends first"));
  const { outcomes, failed } = await run(options.value, stopping.signal);
  if (outcomes.length > 0) console.log(`\nFigures of both ways: out; in\n\n${tableOf(outcomes)}`);
  if (stopping.signal.aborted) return stopping.exitCode();
  return failed === 0 && outcomes.every(({ broken }) => broken.length === 0) ? 0 : 1;
}

try {
  // Whatever still holds the event loop is of no use to anyone.
  process.exit(await main(process.argv.slice(2)));
} catch (error) {
  console.error(wordsOf(error));
  process.exit(1);
}
