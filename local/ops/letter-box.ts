/** Goes through the dead letters of queues: each is in hand for a while, and goes back where it is not deleted. */
import type { ReceivedMessage } from "#aws/queues.ts";
import type { QueueName } from "#core/contract/queues.ts";
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
  /** Every letter that was there when it was begun, once, up to `max`. */
  read(queues: readonly QueueName[], max: number): AsyncGenerator<Held>;
  remove(held: Held): Promise<void>;
  /** Gives back what was read and not removed. */
  close(): Promise<void>;
}

export function openLetterBox({ deadLetters }: Pick<Bridge, "deadLetters">, signal: AbortSignal): LetterBox {
  const inHand = new Map<QueueName, Set<ReceivedMessage>>();

  async function* readQueue(queue: QueueName, max: number): AsyncGenerator<Held> {
    const mine = inHand.get(queue) ?? new Set();
    inHand.set(queue, mine);
    const seen = new Set<string>();
    let empty = 0;
    // An empty answer may be one part of the queue's storage: a long poll asks all of them.
    while (seen.size < max && empty < 2 && !signal.aborted) {
      const count = Math.min(limits.queueBatchMax, max - seen.size);
      const messages = await deadLetters.receive(queue, {
        max: count,
        waitS: empty,
        visibilityS: inHandS,
        signal,
      });
      for (const message of messages) mine.add(message);
      const fresh = messages.filter(({ id }) => !seen.has(id));
      empty = fresh.length === 0 ? empty + 1 : 0;
      for (const message of fresh) {
        seen.add(message.id);
        yield { letter: readLetter(queue, message), message };
      }
    }
  }

  return {
    async *read(queues, max) {
      let left = max;
      for (const queue of queues) {
        for await (const held of readQueue(queue, left)) {
          left -= 1;
          yield held;
        }
      }
    },
    async remove({ letter, message }) {
      await deadLetters.remove(letter.queue, [message]);
      inHand.get(letter.queue)?.delete(message);
    },
    async close() {
      for (const [queue, messages] of inHand) await deadLetters.extend(queue, [...messages], 0);
      inHand.clear();
    },
  };
}
