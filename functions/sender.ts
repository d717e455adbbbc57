import { setTimeout as delay, setImmediate as turn } from "node:timers/promises";
import type { OutgoingMessage, Queues, SendFailure } from "#aws/queues.ts";
import type { QueueRef } from "#core/contract/queues.ts";
import { limits } from "#core/limits.ts";

interface Waiting {
  readonly messages: readonly OutgoingMessage[];
  readonly done: (failures: readonly SendFailure[]) => void;
  readonly fail: (error: unknown) => void;
}

/**
 * Calls are what SQS costs: sends that are asked for in the same turn of the event loop, by pairs that are
 * handled in parallel, leave in one call. So do those of pairs that wait for the table meanwhile, as whoever reads has
 * something to send next; for them the others wait at most `limits.sendWaitMsMax`.
 *
 * @param quiet when nobody waits for the table any more; undefined where nobody does
 */
export function coalesceSends(queues: Queues, quiet: () => Promise<void> | undefined): Queues {
  const waiting = new Map<QueueRef, Waiting[]>();

  async function gather(): Promise<void> {
    const deadline = performance.now() + limits.sendWaitMsMax;
    await turn();
    for (let reading = quiet(); reading !== undefined; reading = quiet()) {
      const ms = deadline - performance.now();
      if (ms <= 0) return;
      await Promise.race([reading, delay(ms, undefined, { ref: false })]);
      // Whoever has waited for the table goes on first.
      await turn();
    }
  }

  async function flush(queue: QueueRef): Promise<void> {
    const senders = waiting.get(queue) ?? [];
    waiting.delete(queue);
    try {
      const failures = await queues.send(
        queue,
        senders.flatMap((sender) => sender.messages),
      );
      let start = 0;
      for (const { messages, done } of senders) {
        const end = start + messages.length;
        const own = failures.filter(({ index }) => index >= start && index < end);
        done(own.map((failure) => ({ ...failure, index: failure.index - start })));
        start = end;
      }
    } catch (error) {
      for (const { fail } of senders) fail(error);
    }
  }

  return {
    ...queues,
    send: (queue, messages) =>
      new Promise((done, fail) => {
        const senders = waiting.get(queue);
        const sender = { messages, done, fail };
        if (senders !== undefined) {
          senders.push(sender);
          return;
        }
        waiting.set(queue, [sender]);
        void gather().then(() => flush(queue));
      }),
  };
}
