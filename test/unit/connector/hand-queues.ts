/** Queues that a test plays by hand. */
import type { DeadLetter } from "#aws/dead-letter.ts";
import type { OutgoingMessage, Queues, ReceivedMessage, SendFailure } from "#aws/queues.ts";
import type { QueueRef } from "#core/contract/queues.ts";

/** One call of the connector to a queue. */
export type Call =
  | { readonly kind: "send"; readonly queue: QueueRef; readonly messages: readonly OutgoingMessage[] }
  | { readonly kind: "aside"; readonly queue: QueueRef; readonly letter: DeadLetter }
  | { readonly kind: "remove"; readonly queue: QueueRef; readonly messages: readonly ReceivedMessage[] }
  | {
      readonly kind: "extend";
      readonly queue: QueueRef;
      readonly messages: readonly ReceivedMessage[];
      readonly visibilityS: number;
    };

type SendAnswer = readonly SendFailure[] | Error;

export interface HandQueues extends Queues {
  /** All calls in order. */
  readonly calls: readonly Call[];
  /** Bodies sent to `walks`, in order; they are no calls. */
  readonly tasks: readonly string[];
  /** Decides what becomes of a send; takes everything at first. */
  answer: (
    queue: QueueRef,
    messages: readonly OutgoingMessage[],
    mayGoOn: () => boolean,
  ) => SendAnswer | Promise<SendAnswer>;
  /** Decides what SQS could not delete; deletes everything at first. */
  undeleted: (messages: readonly ReceivedMessage[]) => readonly ReceivedMessage[];
  /** Decides whose visibility SQS could not set, and when it says so; sets all at first. */
  unextended: (
    messages: readonly ReceivedMessage[],
  ) => readonly ReceivedMessage[] | Promise<readonly ReceivedMessage[]>;
  /** Resolves when the calls so far satisfy the condition. */
  until(condition: (calls: readonly Call[]) => boolean): Promise<void>;
  /** Hands messages to the next poll of the queue. */
  offer(queue: QueueRef, messages: readonly ReceivedMessage[]): void;
  /** Polls that wait. */
  polls(queue: QueueRef): number;
}

interface Poll {
  readonly queue: QueueRef;
  readonly resolve: (messages: ReceivedMessage[]) => void;
}

export function makeHandQueues(): HandQueues {
  const calls: Call[] = [];
  const tasks: string[] = [];
  const watchers = new Set<() => void>();
  const offers: { queue: QueueRef; messages: readonly ReceivedMessage[] }[] = [];
  let polls: Poll[] = [];

  const record = (call: Call) => {
    calls.push(call);
    for (const watch of watchers) watch();
  };

  /** Messages that AWS would mutate never are: copies keep what the test sees as it was. */
  const received = (messages: readonly Pick<ReceivedMessage, "receipt">[]) =>
    messages.map((message) => message as ReceivedMessage);

  const among = <M extends Pick<ReceivedMessage, "receipt">>(
    messages: readonly M[],
    some: readonly ReceivedMessage[],
  ) => {
    const receipts = new Set(some.map(({ receipt }) => receipt));
    return messages.filter(({ receipt }) => receipts.has(receipt));
  };

  const match = () => {
    for (const offer of [...offers]) {
      const poll = polls.find(({ queue }) => queue === offer.queue);
      if (!poll) continue;
      polls = polls.filter((other) => other !== poll);
      offers.splice(offers.indexOf(offer), 1);
      poll.resolve([...offer.messages]);
    }
  };

  const queues: HandQueues = {
    calls,
    tasks,
    answer: () => [],
    undeleted: () => [],
    unextended: () => [],
    async until(condition) {
      while (!condition(calls)) {
        await new Promise<void>((resolve) => {
          const watch = () => {
            watchers.delete(watch);
            resolve();
          };
          watchers.add(watch);
        });
      }
    },
    offer(queue, messages) {
      offers.push({ queue, messages });
      match();
    },
    polls: (queue) => polls.filter((poll) => poll.queue === queue).length,
    async send(queue, messages, mayGoOn = () => true) {
      // What streams tell of themselves is no stanza's business.
      if (queue === "walks") {
        tasks.push(...messages.map(({ body }) => body));
        for (const watch of watchers) watch();
        return [];
      }
      record({ kind: "send", queue, messages });
      const answer = await queues.answer(queue, messages, mayGoOn);
      if (answer instanceof Error) throw answer;
      return answer;
    },
    async setAside(queue, letter) {
      record({ kind: "aside", queue, letter });
    },
    receive(queue, { signal }) {
      return new Promise((resolve, reject) => {
        const poll = { queue, resolve };
        polls.push(poll);
        signal.addEventListener("abort", () => {
          polls = polls.filter((other) => other !== poll);
          reject(signal.reason);
        });
        match();
      });
    },
    async remove(queue, messages) {
      record({ kind: "remove", queue, messages: received(messages) });
      return among(messages, queues.undeleted(received(messages)));
    },
    async extend(queue, messages, visibilityS) {
      record({ kind: "extend", queue, messages: received(messages), visibilityS });
      return among(messages, await queues.unextended(received(messages)));
    },
  };
  return queues;
}
