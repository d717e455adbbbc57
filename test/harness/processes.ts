/** Commands as people type them, and what they leave running; by Linux's /proc. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { waitUntil } from "#local/wait-until.ts";

const root = new URL("../..", import.meta.url).pathname;

/** A command in a process group of its own, as a terminal gives it. */
export interface Command {
  readonly pid: number;
  readonly stdin: NonNullable<ChildProcess["stdin"]>;
  /** Everything that it has printed. */
  output(): string;
  /** Resolves when what it has printed matches; rejects at its end, or after `timeoutMs`. */
  prints(pattern: RegExp, timeoutMs?: number): Promise<void>;
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  /** Sends a signal to the whole group, as Ctrl-C in a terminal does. */
  signalGroup(signal: NodeJS.Signals): void;
}

const printsMsDefault = 30_000;

/** Runs `npm` in the repository. */
export function startNpm(...args: string[]): Command {
  // What npm told our own process about its script is not meant for this one.
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|NODE_TEST_|CAUSEWAY_)/.test(name),
  );
  const child = spawn("npm", args, { cwd: root, detached: true, env: Object.fromEntries(inherited) });
  const { pid } = child;
  if (pid === undefined) throw new Error("npm could not be started");
  const exited = once(child, "close").then(([code, signal]) => ({ code, signal }));
  const ended = new AbortController();
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (piece: string) => {
      text += piece;
    });
  }
  void exited.then(({ code, signal }) => {
    ended.abort(new Error(`npm ${args.join(" ")} ended with ${signal ?? code}:\n${text}`));
  });
  return {
    pid,
    stdin: child.stdin,
    output: () => text,
    prints: (pattern, timeoutMs = printsMsDefault) =>
      waitUntil(async () => pattern.test(text), {
        what: `${pattern} from npm ${args.join(" ")}`,
        timeoutMs,
        signal: ended.signal,
      }),
    exited,
    signalGroup: (signal) => process.kill(-pid, signal),
  };
}

/** A process, told from a later one of the same pid by its start. */
export interface ProcessId {
  readonly pid: number;
  readonly parent: number;
  readonly started: string;
  readonly command: string;
}

function processOf(pid: number): ProcessId | undefined {
  try {
    // proc(5): the command in parentheses may hold anything, so fields are counted behind it.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
    const [state, parent = "0"] = fields;
    if (state === "Z") return undefined;
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
    return { pid, parent: Number(parent), started: fields[19] ?? "", command };
  } catch {
    // It is gone.
    return undefined;
  }
}

function allProcesses(): ProcessId[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => processOf(Number(name)) ?? []);
}

/** A process with everything that it has started, and what that has started. */
export function familyOf(pid: number): ProcessId[] {
  const all = allProcesses();
  const family = all.filter((process) => process.pid === pid);
  for (const { pid: parent } of family) family.push(...all.filter((process) => process.parent === parent));
  return family;
}

/** Those of them that still run. */
export function survivorsOf(processes: readonly ProcessId[]): ProcessId[] {
  return processes.filter(({ pid, started }) => processOf(pid)?.started === started);
}

/** Processes that name a text, such as a folder of their own, in their command line. */
export function processesNaming(text: string): ProcessId[] {
  return allProcesses().filter(({ command, pid }) => pid !== process.pid && command.includes(text));
}

/** Addresses, in hex as the kernel writes them, on which a TCP port listens. */
export function listenersOn(port: number): string[] {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  const lines = ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((file) => readFileSync(file, "utf8").split("\n"));
  const sockets = lines.map((line) => line.trim().split(/\s+/));
  const listening = "0A";
  return sockets.flatMap(([, address = "", , state]) => {
    const [host = "", at] = address.split(":");
    return at === hex && state === listening ? [host] : [];
  });
}
