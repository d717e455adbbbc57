/** Goes through the dead letters of queues: each is in hand for a while, and goes back where it is not deleted. */
import type { ReceivedMessage } from "#aws/queues.ts";
import type { QueueRef } from "#core/contract/queues.ts";
import { limits } from "#core/limits.ts";
import type { Bridge } from "./bridge.ts";
import { type Letter, readLetter } from "./letters.ts";

/** How long a letter stays in hand: longer than looking through very many takes. */
const inHandS = 120;

export interface Held {
  readonly letter: Letter;
  readonly message: ReceivedMessage;
}

export interface LetterBox {
  /** Every letter of these queues that is there, once, up to `max` of each. */
  read(queues: readonly QueueRef[], max: number): Promise<readonly Held[]>;
  /** Deletes; false where the queue did not, and the letter stays. */
  remove(held: Held): Promise<boolean>;
  /** Gives back what was read and not removed; what one queue does not take back keeps no other one's in hand. */
  close(): Promise<void>;
}

export function openLetterBox(
  { deadLetters, domains: [first = ""] }: Pick<Bridge, "deadLetters" | "domains">,
  signal: AbortSignal,
): LetterBox {
  const inHand = new Map<QueueRef, Set<ReceivedMessage>>();

  async function readQueue(queue: QueueRef, max: number): Promise<readonly Held[]> {
    const mine = inHand.get(queue) ?? new Set();
    inHand.set(queue, mine);
    const found = new Map<string, Held>();
    let empty = 0;
    // An empty answer may be one part of the queue's storage: a long poll asks all of them.
    while (found.size < max && empty < 2 && !signal.aborted) {
      const count = Math.min(limits.queueBatchMax, max - found.size);
      const options = { max: count, waitS: empty, visibilityS: inHandS, signal };
      const messages = await deadLetters.receive(queue, options);
      const before = found.size;
      for (const message of messages) {
        mine.add(message);
        found.set(message.id, { letter: readLetter(queue, message, first), message });
      }
      empty = found.size === before ? empty + 1 : 0;
    }
    return [...found.values()];
  }

  return {
    async read(queues, max) {
      return (await Promise.all(queues.map((queue) => readQueue(queue, max)))).flat();
    },
    async remove({ letter, message }) {
      const left = await deadLetters.remove(letter.queue, [message]);
      if (left.length > 0) return false;
      inHand.get(letter.queue)?.delete(message);
      return true;
    },
    async close() {
      const given = [...inHand].map(([queue, messages]) => deadLetters.extend(queue, [...messages], 0));
      inHand.clear();
      const failed = (await Promise.allSettled(given)).find(({ status }) => status === "rejected");
      if (failed?.status === "rejected") throw failed.reason;
    },
  };
}
