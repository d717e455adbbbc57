import { randomUUID } from "node:crypto";
import { createWriteStream, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { youngGenerationMb } from "./young-generation.ts";

/** How long an instance may take from its start to its first result beyond the function's own timeout. */
const coldStartMsMax = 10_000;

export interface FunctionOptions {
  readonly name: string;
  /** The bundled module; it exports `handler`. */
  readonly bundle: string;
  /** The whole environment that the function sees. */
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly memoryMb: number;
  /** What the function prints is appended here. */
  readonly logFile: string;
  /** URLs of modules to load first. */
  readonly imports?: readonly string[];
}

/** Node's arguments for modules to load first. */
export function importArguments(urls: readonly string[] = []): string[] {
  return urls.map((url) => `--import=${url}`);
}

/** What a worker is told at its start. */
export interface InstanceData {
  readonly name: string;
  /** URL of the bundle. */
  readonly bundle: string;
  readonly timeoutMs: number;
  readonly memoryMb: number;
}

export interface Invocation {
  readonly id: string;
  /** The event, as JSON. */
  readonly event: string;
}

export type Outcome =
  | { readonly id: string; readonly ok: true; readonly result: string }
  | { readonly id: string; readonly ok: false; readonly error: string };

export type InvocationResult =
  | { readonly kind: "returned"; readonly value: unknown }
  /** The handler threw: the instance lives on, as on Lambda. */
  | { readonly kind: "threw"; readonly error: string }
  /** The instance died or took too long; it cannot be used again. */
  | { readonly kind: "crashed"; readonly error: string };

/** One instance of a function: its own thread, environment and memory limit. */
export interface FunctionInstance {
  readonly alive: boolean;
  /** Runs the handler with `event`; never rejects. One invocation at a time. */
  invoke(event: unknown): Promise<InvocationResult>;
  /** Ends the thread whatever it does. */
  terminate(): Promise<void>;
}

/** Starts an instance. It imports the bundle while the first invocation is already waiting for it. */
export function startInstance(options: FunctionOptions): FunctionInstance {
  const { name, timeoutMs, memoryMb } = options;
  const data: InstanceData = { name, bundle: pathToFileURL(options.bundle).href, timeoutMs, memoryMb };
  const worker = new Worker(new URL("function-worker.ts", import.meta.url), {
    workerData: data,
    env: { ...options.env },
    ...(options.imports && { execArgv: importArguments(options.imports) }),
    resourceLimits: {
      maxOldGenerationSizeMb: memoryMb,
      maxYoungGenerationSizeMb: youngGenerationMb(memoryMb),
    },
    name,
    stdout: true,
    stderr: true,
  });
  mkdirSync(dirname(options.logFile), { recursive: true });
  const log = createWriteStream(options.logFile, { flags: "a" });
  worker.stdout.pipe(log, { end: false });
  worker.stderr.pipe(log, { end: false });

  let dead: string | undefined;
  let warm = false;
  let waiting: ((result: InvocationResult) => void) | undefined;
  const settle = (result: InvocationResult) => {
    waiting?.(result);
    waiting = undefined;
  };
  const die = (reason: string) => {
    dead ??= reason;
    settle({ kind: "crashed", error: dead });
  };
  worker.on("error", (error) => die(`${name} failed: ${error.message}`));
  worker.on("exit", (code) => {
    die(`${name} exited with code ${code}`);
    log.end();
  });
  worker.on("message", (outcome: Outcome) => {
    warm = true;
    settle(
      outcome.ok
        ? { kind: "returned", value: JSON.parse(outcome.result) }
        : { kind: "threw", error: outcome.error },
    );
  });

  return {
    get alive() {
      return dead === undefined;
    },
    async invoke(event) {
      if (dead !== undefined) return { kind: "crashed", error: dead };
      if (waiting !== undefined) throw new Error(`${name}: an instance handles one invocation at a time`);
      const { promise, resolve } = Promise.withResolvers<InvocationResult>();
      waiting = resolve;
      const limitMs = warm ? timeoutMs : timeoutMs + coldStartMsMax;
      const timer = setTimeout(() => {
        die(`${name} timed out after ${limitMs / 1000} s`);
        void worker.terminate();
      }, limitMs);
      worker.postMessage({ id: randomUUID(), event: JSON.stringify(event) } satisfies Invocation);
      const result = await promise;
      clearTimeout(timer);
      return result;
    },
    async terminate() {
      await worker.terminate();
    },
  };
}
