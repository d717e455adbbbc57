import { randomUUID } from "node:crypto";
import { makeQueues } from "#aws/queues.ts";
import type { QueueRef } from "#core/contract/queues.ts";
import { sqsClientFor } from "#local/aws-clients.ts";
import type { Endpoints } from "#local/endpoints.ts";
import { type Letter, readLetter } from "#local/ops/letters.ts";
import { queueUrlsOf } from "#local/ops/queue-names.ts";
import { countMessages } from "#local/queue-count.ts";
import { waitUntil } from "#local/wait-until.ts";
import { type Inbox, makeInbox } from "./inbox.ts";

/** Whoever looks after a bridge: puts things onto its inner queues, and reads its dead letters. */
export interface Operator {
  /** Puts bodies into a queue, in order, as one group. */
  put(queue: QueueRef, bodies: readonly string[], group?: string): Promise<void>;
  /** The dead letters of a queue; each is deleted as it is read. */
  deadLetters(queue: QueueRef): Inbox<Letter>;
  /** Resolves when nothing is left in a queue, nor in the hands of whoever reads it. */
  emptied(queue: QueueRef): Promise<void>;
  /** Resolves when no queue holds anything, be it in somebody's hands or for later. */
  quiet(timeoutMs: number): Promise<void>;
  stop(): Promise<void>;
}

const holdS = 10;
const emptiedMsMax = 60_000;
export function startOperator(
  endpoints: Pick<Endpoints, "sqs" | "component" | "furtherComponents">,
): Operator {
  const { sqs } = endpoints;
  const { urls, deadLetterUrls } = queueUrlsOf(endpoints);
  const client = sqsClientFor(sqs.endpoint);
  const queues = makeQueues({ client, urls, deadLetterUrls: {} });
  const dead = makeQueues({ client, urls: deadLetterUrls, deadLetterUrls: {} });
  const stopping = new AbortController();
  const { signal } = stopping;
  const inboxes = new Map<QueueRef, { inbox: Inbox<Letter>; reading: Promise<void> }>();

  async function read(queue: QueueRef, inbox: Inbox<Letter>): Promise<void> {
    while (!signal.aborted) {
      try {
        const messages = await dead.receive(queue, { max: 10, waitS: 20, visibilityS: holdS, signal });
        for (const message of messages) inbox.put(readLetter(queue, message));
        await dead.remove(queue, messages);
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    }
  }

  const isEmpty = async (url: string) => (await countMessages(client, url)) === 0;

  return {
    async put(queue, bodies, group = "operator") {
      const messages = bodies.map((body) => ({ body, group, dedup: randomUUID() }));
      const [failure] = await queues.send(queue, messages);
      if (failure) throw new Error(`${queue} did not take it: ${failure.reason}`);
    },
    deadLetters(queue) {
      const known = inboxes.get(queue);
      if (known) return known.inbox;
      const inbox = makeInbox<Letter>((letter) => JSON.stringify(letter));
      inboxes.set(queue, { inbox, reading: read(queue, inbox) });
      return inbox;
    },
    emptied: (queue) =>
      waitUntil(async () => isEmpty(urls[queue] ?? ""), {
        what: `end of ${queue}`,
        timeoutMs: emptiedMsMax,
      }),
    quiet: (timeoutMs) =>
      waitUntil(async () => (await Promise.all(Object.values(urls).map(isEmpty))).every(Boolean), {
        what: "quiet",
        timeoutMs,
      }),
    async stop() {
      stopping.abort();
      await Promise.all([...inboxes.values()].map(({ reading }) => reading));
      client.destroy();
    },
  };
}
