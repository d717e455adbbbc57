/** One pass over the lines of the file: checks each, sends what is good, keeps what is bad. */
import type { DoneLines } from "./done-lines.ts";
import type { Line } from "./lines.ts";
import { describeProblem, type Problem } from "./problem.ts";
import type { Counts } from "./progress.ts";
import { type Format, formatOf, isJsonList, isSilent, readLine } from "./read-line.ts";
import type { RejectedFile } from "./rejected-file.ts";
import type { Sender } from "./sender.ts";

/** Lines read beyond the first that is not done: what is in memory, and what the order of users has room in. */
export const linesAheadMax = 10_000;
/** Problems that are told at once; all are in the file of rejected lines. */
const problemsToldMax = 20;

/** What a pass has found out so far; what a checkpoint is made of. */
export interface PassState {
  format: Format | undefined;
  readonly counts: { -readonly [K in keyof Counts]: Counts[K] };
  readonly done: DoneLines;
  readonly rejected: RejectedFile;
}

export interface PassPorts {
  readonly tell: (text: string) => void;
  /** Called every so often, to keep what is done. */
  readonly tick: () => Promise<void> | undefined;
  readonly signal: AbortSignal;
}

/** Keeps a rejected line, and tells the first ones. */
export function makeRejecter(state: PassState, tell: (text: string) => void) {
  let told = 0;
  return async (number: number, text: string, problem: Problem): Promise<void> => {
    state.counts.rejected += 1;
    state.done.finish(number);
    told += 1;
    if (told <= problemsToldMax) tell(describeProblem({ number, problem }));
    if (told === problemsToldMax + 1) tell(`more rejected lines are in ${state.rejected.path} only`);
    await state.rejected.add({ number, text, problem });
  };
}

export type Rejecter = ReturnType<typeof makeRejecter>;

/**
 * Goes through the lines until they end or the signal comes.
 *
 * @param skip lines that an earlier run is done with
 * @param sender undefined only checks the lines
 * @returns why the file as a whole cannot be imported, if so
 */
export async function importLines(
  lines: AsyncIterable<Line>,
  state: PassState,
  options: { skip: ReadonlySet<number>; ownDomains: readonly string[] },
  parts: { ports: PassPorts; reject: Rejecter; sender: Sender | undefined },
): Promise<string | undefined> {
  const { counts, done } = state;
  const { ports, reject, sender } = parts;
  const sendUntil = async (enough: () => boolean): Promise<void> => {
    while (sender !== undefined && !enough() && !ports.signal.aborted) {
      sender.start(true);
      await sender.oneEnded();
      await ports.tick();
    }
  };
  for await (const line of lines) {
    if (ports.signal.aborted) return undefined;
    const { number, text } = line;
    done.begin(line);
    if (options.skip.has(number)) {
      done.finish(number);
      continue;
    }
    if (state.format === undefined && !isSilent(text)) {
      if (isJsonList(text)) return "it is one JSON list: write one object a line (jq -c '.[]')";
      state.format = formatOf(text);
    }
    const read = line.problem ?? readLine(text, state.format ?? "csv", options.ownDomains);
    if ("field" in read) await reject(number, text, read);
    else if (!read.ok) await reject(number, text, read.error);
    else if (read.value === undefined || sender === undefined) {
      counts[read.value === undefined ? "silent" : "sent"] += 1;
      done.finish(number);
    } else {
      sender.add({ line: number, pair: read.value });
      sender.start(false);
    }
    if (done.ahead >= linesAheadMax) await sendUntil(() => done.ahead < linesAheadMax);
    await ports.tick();
  }
  await sendUntil(() => sender?.idle !== false);
  return undefined;
}
