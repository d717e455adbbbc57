import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { functionFolder } from "#infra/build.ts";
import { type FunctionName, functionDefinitions } from "#infra/definitions/functions.ts";
import { startChild } from "../child.ts";

/** What a process tells after an invocation. */
interface Report {
  readonly result?: { readonly batchItemFailures: readonly unknown[] };
  readonly error?: string;
  readonly ms: number;
  /** Highest resident memory of the process so far. */
  readonly peakMb: number;
}

export interface FunctionProcess {
  /** Resident memory after the import, before anything was handled. */
  readonly startMb: number;
  readonly peakMb: number;
  /** Milliseconds in the handler so far. */
  readonly handledMs: number;
  readonly invocations: number;
  /** Runs the handler; throws unless everything was handled. */
  invoke(event: object): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a bundled function in a process of its own, with this whole environment. */
export async function startFunction(
  name: FunctionName,
  env: Readonly<Record<string, string>>,
  logFile: string,
): Promise<FunctionProcess> {
  const bundle = pathToFileURL(join(functionFolder(name), "index.mjs")).href;
  const child = await startChild<Report>({
    command: [join(import.meta.dirname, "function-process.mjs"), bundle],
    env,
    // As Lambda bounds it.
    execArgv: [`--max-old-space-size=${functionDefinitions[name].memoryMb}`],
    logFile,
  });
  const { peakMb: startMb } = child.first;
  let peakMb = startMb;
  let handledMs = 0;
  let invocations = 0;
  return {
    startMb,
    get peakMb() {
      return peakMb;
    },
    get handledMs() {
      return handledMs;
    },
    get invocations() {
      return invocations;
    },
    async invoke(event) {
      const reported = child.nextWord();
      child.say(event);
      const report = await reported;
      peakMb = report.peakMb;
      handledMs += report.ms;
      invocations += 1;
      if (report.error !== undefined || report.result?.batchItemFailures.length !== 0) {
        throw new Error(`${name} failed: ${report.error ?? JSON.stringify(report.result)} (see ${logFile})`);
      }
    },
    stop: child.stop,
  };
}
