import { setTimeout as wait } from "node:timers/promises";
import { isTransient, TransientFault } from "#aws/faults.ts";
import type { Note } from "#aws/table.ts";
import { limits } from "#core/limits.ts";
import type { IsLate } from "./pipeline.ts";
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

/** In hand while all items of a message are: no item has this name. */
const allOfThem = "all";

/** How a message of several items is handled. */
export interface Several {
  /** Handles all its items at once. */
  readonly together: () => Promise<void>;
  readonly isLate: IsLate;
}

/**
 * Handles the items of a message that comes back, with a note of what is in hand: it may hold the item that killed
 * the function.
 *
 * Most messages come back because AWS failed, or there was no time for them. So several items are handled together once
 * more, and one by one only when the function has ended with them alone in hand: one by one takes so much longer that a
 * busy lane would bring messages faster than they are done with, and give each of them back for want of time.
 *
 * One end proves nothing: a deployment, a kill or a timeout while AWS is slow meets whatever is in hand. So an item is
 * given up when the function has ended `limits.endsInHandMax` times with it in hand, unless it was handled in between.
 * The note keeps what was given up until it expires, also when the message is done: it comes once more when another
 * message of its batch kills the function.
 *
 * One by one they may take longer than the function has: each attempt is done with one item at least, stops when it is
 * late, and notes how far it came, so that the next one goes on from there.
 *
 * The first end leaves no note, since many messages may be in hand then, and the second names no item. So k killers in
 * one message cost 2 + 2k ends (one that is the only item costs 3), and an item that leaves no time for another costs an
 * attempt: SQS, which would move the message with all its neighbours, has to grant more receives than that for as many
 * items as a message can hold (`infra/definitions/check.ts`).
 *
 * A note of an item in hand that is younger than an invocation may last says nothing yet: SQS hands a message out twice
 * at times, and the other one may be at work.
 *
 * Only messages that come back pay for this: 1 read and 2 writes; one by one 1 write an item and 1 an attempt.
 *
 * @throws TransientFault when the message has to come again: it is late, or may still be in hand elsewhere
 */
export async function withNote(
  ports: Ports,
  messageId: string,
  items: readonly Suspect[],
  several?: Several,
): Promise<void> {
  const nowS = () => Math.floor(ports.clock() / 1000);
  const found = await ports.table.readNote(messageId);
  if (found?.note.inHand !== undefined && isFresh(found.expiresS, nowS())) {
    throw new TransientFault("another instance may have it in hand");
  }
  const write: Write = (note) =>
    ports.table.writeNote(messageId, { ends: [], aside: [], ...note }, nowS() + limits.noteKeptS);
  if (found !== undefined || several === undefined || items.length === 1) {
    return oneByOne(items, found?.note, write, several?.isLate);
  }
  await write({ inHand: allOfThem });
  return several.together().finally(() => patiently(() => write({})));
}

type Write = (note: Partial<Note>) => Promise<void>;

async function oneByOne(
  items: readonly Suspect[],
  note: Note | undefined,
  write: Write,
  isLate: IsLate = () => false,
): Promise<void> {
  const { inHand: died, done: first = 0 } = note ?? {};
  const ends = new Map(note?.ends);
  if (died !== undefined && died !== allOfThem) ends.set(died, (ends.get(died) ?? 0) + 1);
  const aside = new Set(note?.aside);
  let done = first;
  const reached = () => ({ ...(done < items.length && { done }), ends: [...ends], aside: [...aside] });

  async function handleOrGiveUp({ cause, handle, giveUp }: Suspect): Promise<void> {
    if ((ends.get(cause) ?? 0) >= limits.endsInHandMax) {
      await giveUp();
      aside.add(cause);
    } else {
      await write({ ...reached(), inHand: cause });
      await handle();
    }
    ends.delete(cause);
  }

  try {
    for (const item of items.slice(first)) {
      if (done > first && isLate()) throw new TransientFault("no time is left for its other items");
      if (!aside.has(item.cause)) await handleOrGiveUp(item);
      done += 1;
    }
  } finally {
    await patiently(() => write(reached()));
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
