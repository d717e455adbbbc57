import { setTimeout as wait } from "node:timers/promises";
import { isTransient, TransientFault } from "#aws/faults.ts";
import type { Note } from "#aws/table.ts";
import { limits } from "#core/limits.ts";
import type { Ports } from "./ports.ts";

/** Why an item is set aside that a note names after a crash. */
export const crashed = { reason: "crash", text: "the function died on it" } as const;

/**
 * Handles the items of a message that comes back one by one, with a note of the one in hand: it may hold the
 * item that killed the function. What the note still names at the next attempt is given up, and stays named:
 * the next item to kill the function must not bring it back. A note that is younger than an invocation may last says
 * nothing yet: SQS hands a message out twice at times, and the other one may be at work.
 *
 * Only messages that come back pay for this: 1 read and 1 write, and 1 write an item.
 */
export async function oneByOne(
  ports: Ports,
  messageId: string,
  items: readonly { note: number; handle: () => Promise<void>; giveUp: () => Promise<void> }[],
): Promise<void> {
  const nowS = () => Math.floor(ports.clock() / 1000);
  const found = await ports.table.readNote(messageId);
  if (found !== undefined && isFresh(found, nowS())) {
    throw new TransientFault("another instance may have it in hand");
  }
  const culprits = found?.items ?? [];
  const write = (named: readonly number[]) =>
    ports.table.writeNote(messageId, named, nowS() + limits.noteKeptS);
  let left = culprits;
  try {
    for (const { note, handle, giveUp } of items) {
      if (culprits.includes(note)) {
        await giveUp();
        continue;
      }
      await write([...culprits, note]);
      await handle();
    }
    left = [];
  } finally {
    await patiently(() => write(left));
  }
}

/** A note that stayed because the table was busy just then would blame an item for nothing. */
async function patiently(write: () => Promise<void>): Promise<void> {
  const deadline = performance.now() + limits.retryInProcessMs;
  for (let pauseMs = 20; ; pauseMs *= 2) {
    try {
      return await write();
    } catch (error) {
      if (!isTransient(error) || performance.now() + pauseMs > deadline) throw error;
    }
    await wait(pauseMs);
  }
}

/** Whether whoever wrote it may still be at work. */
function isFresh({ expiresS }: Note, nowS: number): boolean {
  const ageS = nowS + limits.noteKeptS - expiresS;
  return ageS >= 0 && ageS <= limits.noteFreshS;
}
