import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { err, ok, type Result } from "#core/result.ts";

/** When a process was started, in clock ticks since boot; tells a process from a later one of the same pid. */
function startTimeOf(pid: number): string | undefined {
  try {
    // proc(5): field 22, counted behind the command in parentheses, which may hold anything.
    return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ")[19];
  } catch {
    return undefined;
  }
}

/** The code of an error of the system. */
const codeOf = (error: unknown) => (error instanceof Error && "code" in error ? error.code : undefined);

/** Whether there is such a process. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It runs under another user.
    return codeOf(error) === "EPERM";
  }
}

const ownerSchema = v.object({
  // 0 and less would mean groups of processes.
  pid: v.pipe(v.number(), v.integer(), v.minValue(1)),
  startTime: v.exactOptional(v.string()),
});
type Owner = v.InferOutput<typeof ownerSchema>;

export interface RunLock {
  /** Whether an earlier run ended without releasing the folder. */
  readonly stale: boolean;
  release(): void;
}

/** Takes a state folder for this process. The error is the pid of the bridge that has it. */
export function takeRunLock(stateDir: string): Result<RunLock, number> {
  const file = join(stateDir, "run.json");
  // Secrets and what people said are in there.
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  const mine: Owner = { pid: process.pid, ...ownStartTime() };
  for (let stale = false; ; stale = true) {
    try {
      writeFileSync(file, JSON.stringify(mine), { flag: "wx" });
      return ok({ stale, release: () => rmSync(file, { force: true }) });
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw error;
    }
    const owner = readOwner(file);
    if (owner !== undefined && isSame(owner)) return err(owner.pid);
    rmSync(file, { force: true });
  }
}

function ownStartTime(): { startTime?: string } {
  const startTime = startTimeOf(process.pid);
  return startTime === undefined ? {} : { startTime };
}

function readOwner(file: string): Owner | undefined {
  try {
    return v.parse(ownerSchema, JSON.parse(readFileSync(file, "utf8")));
  } catch {
    return undefined;
  }
}

function isSame(owner: Owner): boolean {
  if (!isAlive(owner.pid)) return false;
  return owner.startTime === undefined || owner.startTime === startTimeOf(owner.pid);
}
