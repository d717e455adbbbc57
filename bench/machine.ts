/** The machine, and what its processes take. */
import { readFileSync } from "node:fs";
import { cpus, loadavg, totalmem } from "node:os";

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly node: string;
}

export function thisMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    node: process.versions.node,
  };
}

/** Processes that wanted a core, on average over the last minute. */
export function loadNow(): number {
  return loadavg()[0] ?? 0;
}

/** The kernel counts processor time in these, on every architecture that Node runs on. */
const usPerTick = 10_000;

/** Processor time so far by a file of the kernel's, in microseconds. */
function readCpuUs(file: string): number {
  const stat = readFileSync(file, "utf8");
  // The name, in parentheses, may hold anything; user and system time are fields 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * usPerTick;
}

/** Processor time of a process so far, all its threads, in microseconds. */
export const cpuUsOf = (pid: number): number => readCpuUs(`/proc/${pid}/stat`);

/** That of its first thread alone. */
export const mainThreadCpuUsOf = (pid: number): number => readCpuUs(`/proc/${pid}/task/${pid}/stat`);

/** Resident memory of a process, in MB. */
export function memoryMbOf(pid: number): number {
  const found = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(found?.[1] ?? 0) / 1024;
}
