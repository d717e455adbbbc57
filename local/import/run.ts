/** An import from its first checkpoint to its last. */
import type { Queues } from "#aws/queues.ts";
import { type Checkpoint, mismatchOf, readCheckpoint, writeCheckpoint } from "./checkpoint.ts";
import { linesOf, makeDoneLines } from "./done-lines.ts";
import { importLines, makeRejecter, type PassState } from "./import-lines.ts";
import type { InputFile } from "./input-file.ts";
import { type Counts, linesDone, type Progress } from "./progress.ts";
import { openRejectedFile } from "./rejected-file.ts";
import { makeSender } from "./sender.ts";

/** Between two checkpoints: what is sent meanwhile is sent again after a crash. */
const checkpointMs = 1_000;
/** How long a stop waits for what is on its way. */
const stopMsMax = 10_000;

export interface RunOptions {
  readonly file: string;
  readonly input: InputFile;
  /** Undefined only checks the lines. */
  readonly queues: Pick<Queues, "send"> | undefined;
  /** Queue and domain, as the checkpoint names them. */
  readonly target: string;
  /** The domain in the events, and those that no contact may have. */
  readonly domain: string | undefined;
  readonly ownDomains: readonly string[];
  readonly rate: number | undefined;
  readonly restart: boolean;
  /** For what people should know at once. */
  readonly tell: (text: string) => void;
  /** Stops the run. */
  readonly signal: AbortSignal;
  /** Called when it has begun; what it is given tells how far the run is. */
  readonly begun: (progress: () => Progress) => void;
}

export type Outcome =
  /** `already`: by an earlier run. */
  | {
      readonly kind: "finished";
      readonly counts: Counts;
      readonly rejectedPath: string;
      readonly already: boolean;
    }
  | { readonly kind: "stopped"; readonly counts: Counts }
  /** The queue takes nothing. */
  | { readonly kind: "lost"; readonly counts: Counts; readonly reason: string }
  /** It could not begin. */
  | { readonly kind: "failed"; readonly reason: string };

const nowhere = { line: 0, offset: 0 };
const nothingYet: Counts = { sent: 0, rejected: 0, silent: 0 };
const failed = (reason: string): Outcome => ({ kind: "failed", reason });

/** Only checks the lines: nothing is sent, and no checkpoint read or written. */
export async function dryRun(options: RunOptions): Promise<Outcome> {
  return await pass(options, `${options.file}.dry-run-rejected`, undefined, async () => undefined);
}

/** Imports the file, from where an earlier run of it has come to. Throws what the file system throws. */
export async function runImport(options: RunOptions): Promise<Outcome> {
  const { file, input, target } = options;
  const progress = `${file}.progress`;
  const rejectedPath = `${file}.rejected`;
  const earlier = options.restart ? undefined : await readCheckpoint(progress);
  if (earlier?.ok === false) return failed(earlier.error);
  // Where nothing was sent there is nothing to go on from: the file may have been mended since.
  const from = earlier?.value?.counts.sent === 0 ? undefined : earlier?.value;
  const mismatch = from && mismatchOf(from, input.identity, target, { file, progress });
  if (mismatch !== undefined) return failed(mismatch);
  if (from?.finished) return { kind: "finished", counts: from.counts, rejectedPath, already: true };
  return await pass(options, rejectedPath, from, async (state, finished) => {
    // All at one moment, before anything is awaited: what is done, and how much of the rejected lines belongs to it.
    const checkpoint: Checkpoint = {
      version: 1,
      input: input.identity,
      target,
      finished,
      ...(state.format === undefined ? {} : { format: state.format }),
      position: state.done.position,
      beyond: state.done.beyond().map(([first, last]) => [first, last]),
      counts: { ...state.counts },
      rejectedBytes: state.rejected.bytes,
    };
    await state.rejected.flush();
    await writeCheckpoint(progress, checkpoint);
  });
}

type Save = (state: PassState, finished: boolean) => Promise<void>;

async function pass(
  options: RunOptions,
  rejectedPath: string,
  from: Checkpoint | undefined,
  save: Save,
): Promise<Outcome> {
  const { input, tell, domain, ownDomains, rate, queues } = options;
  const start = from?.position ?? nowhere;
  const state: PassState = {
    format: from?.format,
    counts: { ...(from?.counts ?? nothingYet) },
    done: makeDoneLines(start),
    rejected: await openRejectedFile(rejectedPath, from?.rejectedBytes ?? 0),
  };
  const trouble = new AbortController();
  const signal = AbortSignal.any([options.signal, trouble.signal]);
  const reject = makeRejecter(state, tell);
  let lost: string | undefined;
  const sender =
    queues &&
    makeSender({
      queues,
      origin: { domain, time: input.identity.modified },
      rate,
      signal,
      sent: (line) => {
        state.counts.sent += 1;
        state.done.finish(line);
      },
      refused: (line, pair, reason) =>
        reject(line, JSON.stringify(pair), { field: "line", text: `was refused by the queue: ${reason}` }),
      troubled: (reason, gone) => {
        if (!gone) return tell(`the queue takes nothing (${reason}): trying again`);
        lost ??= reason;
        trouble.abort();
      },
    });
  await save(state, false);
  options.begun(progressOf(state, start.offset, input.identity.size));
  const ports = { tell, signal, tick: everySoOften(() => save(state, false)) };
  const skip = linesOf(from?.beyond ?? []);
  const unusable = await importLines(
    input.lines(start),
    state,
    { skip, ownDomains },
    { ports, reject, sender },
  );
  await sender?.quiet(stopMsMax);
  const finished = unusable === undefined && !signal.aborted;
  await save(state, finished);
  await state.rejected.close();
  const { counts } = state;
  if (unusable !== undefined) return failed(`${options.file} cannot be imported: ${unusable}`);
  if (lost !== undefined) return { kind: "lost", reason: lost, counts };
  if (!finished) return { kind: "stopped", counts };
  return { kind: "finished", counts, rejectedPath, already: false };
}

function everySoOften(act: () => Promise<void>): () => Promise<void> | undefined {
  let lastMs = performance.now();
  return () => {
    if (performance.now() - lastMs < checkpointMs) return undefined;
    lastMs = performance.now();
    return act();
  };
}

function progressOf(state: PassState, bytesBefore: number, bytesAll: number): () => Progress {
  const linesBefore = linesDone(state.counts);
  const beganMs = performance.now();
  return () => ({
    counts: state.counts,
    linesBefore,
    bytes: { done: state.done.bytes, before: bytesBefore, all: bytesAll },
    elapsedMs: performance.now() - beganMs,
  });
}
