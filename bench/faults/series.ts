/** Faults one after another. */
import type { ServerKind } from "#local/servers/server.ts";
import { wordsOf } from "#local/words.ts";
import type { Fault } from "./fault.ts";
import type { Outcome } from "./run.ts";

/** One fault on one server. */
export interface Run {
  readonly fault: Fault;
  readonly server: ServerKind;
}

export interface Series {
  readonly outcomes: readonly Outcome[];
  /** Runs that did not come to an outcome, such as those whose bridge did not start. */
  readonly failed: number;
}

/** Runs them in turn until the signal; one that fails is told, and keeps none of the others from its turn. */
export async function runSeries(
  runs: readonly Run[],
  options: {
    readonly run: (run: Run, log: (line: string) => void) => Promise<Outcome>;
    /** Called after each with all outcomes so far: what comes later may fail. */
    readonly onOutcome: (outcomes: readonly Outcome[]) => void;
    readonly log: (line: string) => void;
    readonly signal: AbortSignal;
  },
): Promise<Series> {
  const { signal } = options;
  const outcomes: Outcome[] = [];
  let failed = 0;
  for (const run of runs) {
    if (signal.aborted) break;
    const log = (line: string) => options.log(`${run.fault.name} (${run.server}): ${line}`);
    const impossible = run.fault.impossible?.();
    if (impossible !== undefined) {
      log(`skipped: ${impossible}`);
      continue;
    }
    log(run.fault.summary);
    try {
      const outcome = await options.run(run, log);
      outcomes.push(outcome);
      log(outcome.broken.length === 0 ? "kept" : `BROKEN: ${outcome.broken.join(", ")}`);
      options.onOutcome(outcomes);
    } catch (error) {
      if (signal.aborted) break;
      failed += 1;
      log(`FAILED: ${wordsOf(error)}`);
    }
  }
  return { outcomes, failed };
}
