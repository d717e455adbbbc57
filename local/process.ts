import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, closeSync, existsSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import { waitUntil } from "./wait-until.ts";
import { wordsOf } from "./words.ts";

export interface ProcessOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment of the process; nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly folder?: string;
  /** Standard output and error are appended here. */
  readonly logFile: string;
  /** Called with each line of standard error, too. */
  readonly onErrorLine?: (line: string) => void;
}

export interface Exit {
  readonly code: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
}

/** A child process that never outlives us, with everything that it started. */
export interface Process {
  readonly pid: number;
  readonly exited: Promise<Exit>;
  /** Sends a signal to the process itself. */
  signal(signal: NodeJS.Signals): void;
  /** SIGTERM, then SIGKILL to its whole group after `graceMs`; resolves when it is gone. */
  stop(graceMs: number): Promise<void>;
}

const setpriv = "/usr/bin/setpriv";

/** Starts a process in its own group. Throws when the command cannot be started. */
export async function startProcess(options: ProcessOptions): Promise<Process> {
  mkdirSync(dirname(options.logFile), { recursive: true });
  const log = openSync(options.logFile, "a");
  try {
    // Its own group: a Ctrl-C in our terminal reaches us alone, and we stop the others in order. The kernel's
    // parent-death signal takes it down when we are killed outright.
    const [command, args] = existsSync(setpriv)
      ? [setpriv, ["--pdeathsig", "TERM", "--", options.command, ...options.args]]
      : [options.command, [...options.args]];
    const child = spawn(command, args, {
      env: options.env,
      stdio: ["ignore", log, options.onErrorLine ? "pipe" : log],
      detached: true,
      ...(options.folder !== undefined && { cwd: options.folder }),
    });
    const { logFile, onErrorLine } = options;
    if (child.stderr && onErrorLine) {
      createInterface(child.stderr).on("line", (line) => {
        appendFileSync(logFile, `${line}\n`);
        onErrorLine(line);
      });
    }
    await once(child, "spawn");
    return processOf(child);
  } catch (cause) {
    throw new Error(`${options.name} could not be started (${options.command})`, { cause });
  } finally {
    closeSync(log);
  }
}

const readyMs = 30_000;

/**
 * Starts a process and resolves when `isReady` holds. Its early end, or silence for half a minute, is an
 * error that quotes its log.
 */
export async function startServing(
  options: ProcessOptions,
  isReady: () => Promise<boolean>,
): Promise<Process> {
  const child = await startProcess(options);
  const ended = new AbortController();
  void child.exited.then((exit) => ended.abort(new Error(`ended with ${describeExit(exit)}`)));
  try {
    await waitUntil(isReady, { what: options.name, timeoutMs: readyMs, signal: ended.signal });
  } catch (cause) {
    await child.stop(0);
    const tail = tailOf(options.logFile);
    throw new Error(`${options.name} did not start: ${wordsOf(cause)}. ${options.logFile} ends:\n${tail}`, {
      cause,
    });
  }
  return child;
}

function processOf(child: ChildProcess): Process {
  const pid = child.pid;
  if (pid === undefined) throw new Error("a process without a pid was started");
  const exited = new Promise<Exit>((resolve) => {
    // What it started and left behind goes with it.
    child.once("exit", () => signalGroup(pid, "SIGKILL"));
    // When its last lines have been read, too.
    child.once("close", (code, signal) => resolve({ code: code ?? undefined, signal: signal ?? undefined }));
  });
  const gone = () => child.exitCode !== null || child.signalCode !== null;
  return {
    pid,
    exited,
    signal: (signal) => {
      child.kill(signal);
    },
    async stop(graceMs) {
      if (gone()) return;
      child.kill("SIGTERM");
      const timer = setTimeout(() => signalGroup(pid, "SIGKILL"), graceMs);
      await exited;
      clearTimeout(timer);
    },
  };
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // ESRCH: the group is gone already, which is what is wanted.
  }
}

/** The last lines of a log file, for error messages. */
export function tailOf(logFile: string, lines = 15): string {
  if (!existsSync(logFile)) return "";
  return readFileSync(logFile, "utf8").trimEnd().split("\n").slice(-lines).join("\n");
}

/** How an exit reads in a log line. */
export function describeExit(exit: Exit): string {
  return exit.signal === undefined ? `code ${exit.code}` : exit.signal;
}
