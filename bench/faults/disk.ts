/** A small disk of its own for an engine's state, that can be filled up. */
import { spawnSync } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";

/** Enough for what waits in the queues while nobody takes it. */
const sizeMiB = 96;
const pieceBytes = 64 * 1024;
const smallPieceBytes = 512;

const run = (command: string, ...args: string[]) => spawnSync(command, args, { encoding: "utf8" });

/** Why there can be no such disk here; `undefined` where there can. */
export function noDiskReason(): string | undefined {
  if (process.platform !== "linux") return "disks in memory are mounted on Linux only";
  if (process.getuid?.() !== 0) return "only root may mount a disk";
  const asked = run("unshare", "--mount", "mount", "-t", "tmpfs", "-o", "size=1m", "none", "/mnt");
  return asked.status === 0 ? undefined : `no disk can be mounted here: ${asked.stderr.trim()}`;
}

/** Mounts one at this folder; resolves with what takes it away. */
export async function mountDisk(folder: string): Promise<() => Promise<void>> {
  mkdirSync(folder, { recursive: true });
  const mounted = run("mount", "-t", "tmpfs", "-o", `size=${sizeMiB}m`, "causeway-faults", folder);
  if (mounted.status !== 0) throw new Error(`no disk at ${folder}: ${mounted.stderr.trim()}`);
  return async () => {
    const unmounted = run("umount", folder);
    // Whoever still writes there is about to end.
    if (unmounted.status !== 0) run("umount", "--lazy", folder);
  };
}

const ballastOf = (folder: string) => join(folder, "ballast");

/** Fills it up to the last byte. */
export function fillDisk(folder: string): void {
  const file = openSync(ballastOf(folder), "a");
  try {
    for (const bytes of [pieceBytes, smallPieceBytes]) {
      const piece = Buffer.alloc(bytes);
      // ENOSPC ends it.
      for (;;) if (!fits(() => writeSync(file, piece))) break;
    }
  } finally {
    closeSync(file);
  }
}

function fits(write: () => number): boolean {
  try {
    return write() > 0;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOSPC") return false;
    throw error;
  }
}

/** Makes room again. */
export function clearDisk(folder: string): void {
  if (existsSync(ballastOf(folder))) rmSync(ballastOf(folder));
}
