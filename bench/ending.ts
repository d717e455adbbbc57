/** What must end with us, however we end. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ends = new Set<() => Promise<void>>();

/** Remembers what ends something; the answer does so, once, whoever calls it. */
export function endsWithUs(end: () => Promise<void>): () => Promise<void> {
  let ending: Promise<void> | undefined;
  const once = () => {
    ends.delete(once);
    ending ??= end();
    return ending;
  };
  ends.add(once);
  return once;
}

/** Ends everything that still runs, what was begun last first. */
export async function endAll(): Promise<void> {
  for (const end of [...ends].reverse()) await end().catch(() => {});
}

/** A folder that goes with what it was made for. */
export function temporaryFolder(onEnd: OnEnd): string {
  const folder = mkdtempSync(join(tmpdir(), "causeway-bench-"));
  onEnd(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** Takes what ends a part. */
export type OnEnd = (end: () => unknown) => void;

/**
 * Puts something together; `stop` ends its parts, what was begun last first. Also where we are ended, or a part fails,
 * while only some of them have begun.
 */
export async function assemble<T extends object>(
  build: (onEnd: OnEnd) => Promise<T>,
): Promise<T & { stop(): Promise<void> }> {
  const ends: (() => unknown)[] = [];
  const building = build((end) => ends.push(end));
  const stop = endsWithUs(async () => {
    await building.catch(() => {});
    for (const end of ends.reverse()) await end();
  });
  try {
    return { ...(await building), stop };
  } catch (error) {
    // It says more than what then fails to end.
    await stop().catch(() => {});
    throw error;
  }
}
