import { setTimeout as wait } from "node:timers/promises";
import { isTransient, TransientFault } from "#aws/faults.ts";
import { limits } from "#core/limits.ts";
import type { Ports } from "./ports.ts";

/** Why an item is set aside that was in hand at too many ends of the function. */
export const crashed = { reason: "crash", text: "the function died on it" } as const;

/** An item of a message that comes back. */
export interface Suspect {
  /** Its name in the note and in its letter; no other item of the message has it. */
  readonly cause: string;
  readonly handle: () => Promise<void>;
  /** Sets it aside. */
  readonly giveUp: () => Promise<void>;
}

/**
 * Handles the items of a message that comes back one by one, with a note of the one in hand: it may hold the
 * item that killed the function.
 *
 * One end proves nothing: a deployment, a kill or a timeout while AWS is slow meets whatever is in hand. So an item is
 * given up when the function has ended `limits.endsInHandMax` times with it in hand, unless it was handled in between.
 * The note keeps what was given up until it expires, also when the message is done: it comes once more when another
 * message of its batch kills the function.
 *
 * The first end leaves no note, since many items are in hand then. So k killers in one message cost 1 + 2k ends, and
 * the attempt after them finishes it: SQS, which would move the message with all its neighbours, has to grant more
 * receives than that for as many items as a message can hold (`infra/definitions/check.ts`).
 *
 * A note of an item in hand that is younger than an invocation may last says nothing yet: SQS hands a message out twice
 * at times, and the other one may be at work.
 *
 * Only messages that come back pay for this: 1 read and 1 write, and 1 write an item.
 */
export async function oneByOne(ports: Ports, messageId: string, items: readonly Suspect[]): Promise<void> {
  const nowS = () => Math.floor(ports.clock() / 1000);
  const found = await ports.table.readNote(messageId);
  const died = found?.note.inHand;
  if (died !== undefined && isFresh(found?.expiresS ?? 0, nowS())) {
    throw new TransientFault("another instance may have it in hand");
  }
  const ends = new Map(found?.note.ends);
  if (died !== undefined) ends.set(died, (ends.get(died) ?? 0) + 1);
  const aside = new Set(found?.note.aside);
  const write = (inHand?: string) => {
    const note = { ...(inHand !== undefined && { inHand }), ends: [...ends], aside: [...aside] };
    return ports.table.writeNote(messageId, note, nowS() + limits.noteKeptS);
  };
  try {
    for (const { cause, handle, giveUp } of items) {
      if (aside.has(cause)) continue;
      if ((ends.get(cause) ?? 0) >= limits.endsInHandMax) {
        await giveUp();
        aside.add(cause);
      } else {
        await write(cause);
        await handle();
      }
      ends.delete(cause);
    }
  } finally {
    await patiently(write);
  }
}

/** A note that stayed because the table was busy just then would count an end that was none. */
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
function isFresh(expiresS: number, nowS: number): boolean {
  const ageS = nowS + limits.noteKeptS - expiresS;
  return ageS >= 0 && ageS <= limits.noteFreshS;
}
