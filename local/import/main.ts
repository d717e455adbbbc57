/** `npm run import`: brings contacts from a file into the bridge. */
import { rmSync } from "node:fs";
import { chooseDomain } from "../read-endpoints.ts";
import { takeRunLock } from "../run-lock.ts";
import { openScreen } from "../screen.ts";
import { stopOnSignal } from "../stop-signals.ts";
import { type Destination, openDestination } from "./destination.ts";
import { type InputFile, openInputFile } from "./input-file.ts";
import { help, type Options, readOptions } from "./options.ts";
import { duration, progressText, summaryText } from "./progress.ts";
import { dryRun, type Outcome, runImport } from "./run.ts";

function complain(text: string): number {
  console.error(text);
  return 1;
}

/** Imports or checks until the end or a signal; tells how it went and returns the exit code. */
async function carryOut(options: Options, input: InputFile, destination: Destination | undefined) {
  const { file, domain, rate, restart } = options;
  const stopping = stopOnSignal();
  const screen = openScreen();
  const beganMs = performance.now();
  const run = options.dryRun ? dryRun : runImport;
  const outcome = await run({
    file,
    input,
    queues: options.dryRun ? undefined : destination?.queues,
    target: `${destination?.url}${domain === undefined ? "" : ` as ${domain}`}`,
    domain,
    ownDomains: [...(destination?.domains ?? []), ...(domain === undefined ? [] : [domain])],
    rate,
    restart,
    tell: screen.tell,
    signal: stopping.signal,
    begun: (progress) => screen.follow(() => progressText(progress())),
  }).finally(screen.end);
  const took = duration(performance.now() - beganMs);
  return { outcome, took, exitCode: stopping.exitCode() };
}

const toGoOn = "To go on, give the same command again (without --restart).";

type Finished = Extract<Outcome, { kind: "finished" }>;

function reportEnd(options: Options, { counts, rejectedPath, already }: Finished, took: string): number {
  const summary = summaryText(counts, options.dryRun);
  console.log(
    already
      ? `${options.file} was imported before, nothing is sent (--restart would). It was ${summary}`
      : `${summary}, in ${took}`,
  );
  if (counts.rejected === 0) return 0;
  console.log(`The rejected lines are in ${rejectedPath}: mend them there and import that file.`);
  return 2;
}

async function importFile(options: Options): Promise<number> {
  const { file } = options;
  const opened = openDestination(options.target);
  // A check needs no bridge; where there is one, it knows one thing more.
  if (!opened.ok && !options.dryRun) return complain(opened.error);
  const destination = opened.ok ? opened.value : undefined;
  const served = destination?.domains ?? [];
  if (options.domain !== undefined && served.length > 0) {
    const chosen = chooseDomain(options.domain, served);
    if (!chosen.ok) return complain(`--domain: ${chosen.error}`);
  }
  const input = await openInputFile(file);
  if (!input.ok) return complain(input.error);
  const lock = takeRunLock(`${file}.lock`);
  if (!lock.ok) return complain(`${file} is being imported already, by process ${lock.error}`);
  try {
    const { outcome, took, exitCode } = await carryOut(options, input.value, destination);
    if (outcome.kind === "finished") return reportEnd(options, outcome, took);
    if (outcome.kind === "failed") return complain(outcome.reason);
    const summary = summaryText(outcome.counts, options.dryRun);
    if (outcome.kind === "lost") {
      const ailment = `${outcome.reason}: ${await destination?.ailment()}`;
      return complain(`${destination?.url} takes nothing (${ailment}). So far ${summary}. ${toGoOn}`);
    }
    console.log(`Stopped: ${summary}. ${options.dryRun ? "" : toGoOn}`.trimEnd());
    return exitCode;
  } finally {
    await input.value.close();
    lock.value.release();
    rmSync(`${file}.lock`, { recursive: true, force: true });
  }
}

async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (!options.ok) return complain(`${options.error}\n\nnpm run import -- --help says more.`);
  if (options.value === "help") {
    console.log(help);
    return 0;
  }
  try {
    return await importFile(options.value);
  } catch (error) {
    // What the file system says is for people; anything else is a mistake of ours.
    if (error instanceof Error && "syscall" in error) return complain(`the import ended: ${error.message}`);
    throw error;
  }
}

// Not left to the event loop: an interrupted call may still be trying.
process.exit(await main(process.argv.slice(2)));
