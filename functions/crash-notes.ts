import { limits } from "#core/limits.ts";
import type { Ports } from "./ports.ts";

/** Why an item is set aside that a note names after a crash. */
export const crashed = { reason: "crash", text: "the function died on it" } as const;

/**
 * Handles the items of a message that comes back one by one, with a note of the one in hand: it may hold the
 * item that killed the function. What the note still names at the next attempt is given up, and stays named:
 * the next item to kill the function must not bring it back.
 *
 * Only messages that come back pay for this: 1 read and 1 write, and 1 write an item.
 */
export async function oneByOne(
  ports: Ports,
  messageId: string,
  items: readonly { note: number; handle: () => Promise<void>; giveUp: () => Promise<void> }[],
): Promise<void> {
  const culprits = await ports.table.readNote(messageId);
  const expiresS = Math.floor(ports.clock() / 1000) + limits.noteKeptS;
  let left = culprits;
  try {
    for (const { note, handle, giveUp } of items) {
      if (culprits.includes(note)) {
        await giveUp();
        continue;
      }
      await ports.table.writeNote(messageId, [...culprits, note], expiresS);
      await handle();
    }
    left = [];
  } finally {
    await ports.table.writeNote(messageId, left, expiresS);
  }
}
