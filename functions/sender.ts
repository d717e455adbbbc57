import type { OutgoingMessage, Queues, SendFailure } from "#aws/queues.ts";
import type { QueueRef } from "#core/contract/queues.ts";

interface Waiting {
  readonly messages: readonly OutgoingMessage[];
  readonly done: (failures: readonly SendFailure[]) => void;
  readonly fail: (error: unknown) => void;
}

/**
 * Calls are what SQS costs: sends that are asked for in the same turn of the event loop, by pairs that are
 * handled in parallel, leave in one call.
 */
export function coalesceSends(queues: Queues): Queues {
  const waiting = new Map<QueueRef, Waiting[]>();

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
        setImmediate(() => void flush(queue));
      }),
  };
}
