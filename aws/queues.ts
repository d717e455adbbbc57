/** SQS behind a port: what the connector and the functions need of queues, and nothing more. */
import { setTimeout as wait } from "node:timers/promises";
import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import type { QueueRef } from "#core/contract/queues.ts";
import { limits } from "#core/limits.ts";
import { type DeadLetter, letterBody } from "./dead-letter.ts";
import { TransientFault } from "./faults.ts";
import { hashId } from "./hash.ts";
import { inTens, leftOf, triesOf } from "./sqs-calls.ts";

export interface OutgoingMessage {
  /** ASCII, see `asciiJson`. */
  readonly body: string;
  /** Message group, hashed already; absent on a standard queue. */
  readonly group?: string;
  /** Deduplication id, hashed already; goes with `group`. */
  readonly dedup?: string;
  /** Seconds before it may be received; standard queues only. */
  readonly delayS?: number;
}

export interface ReceivedMessage {
  readonly id: string;
  readonly body: string;
  readonly receipt: string;
  /** Empty on a standard queue. */
  readonly group: string;
  /** SQS sequence number; empty on a standard queue. */
  readonly sequence: string;
  readonly receives: number;
  /** Milliseconds since 1970. */
  readonly sentAt: number;
}

/** A message that SQS did not take. */
export interface SendFailure {
  readonly index: number;
  readonly reason: string;
  /** True when SQS refused the content, so that a repeat would be refused too. */
  readonly permanent: boolean;
}

export interface Queues {
  /**
   * Sends in as few calls as the rules allow: up to 10 messages and 1 MiB a call, never two of one group in
   * one call, so that a partial failure cannot turn their order. After a failure the rest of that group is
   * not sent either. Transient faults are retried for `limits.retryInProcessMs`. Returns what was not sent.
   *
   * @param mayGoOn asked before each try, those of the SDK included; after a no nothing more is sent
   */
  send(
    queue: QueueRef,
    messages: readonly OutgoingMessage[],
    mayGoOn?: () => boolean,
  ): Promise<readonly SendFailure[]>;
  /** Puts a dead letter into the dead-letter queue that belongs to `queue`. */
  setAside(queue: QueueRef, letter: DeadLetter): Promise<void>;
  receive(
    queue: QueueRef,
    options: { max: number; waitS: number; visibilityS: number; signal: AbortSignal },
  ): Promise<ReceivedMessage[]>;
  /** Deletes. Returns what SQS could not delete now; what it will never delete comes again and is dropped as a repeat. */
  remove<M extends Pick<ReceivedMessage, "receipt">>(queue: QueueRef, messages: readonly M[]): Promise<M[]>;
  /**
   * Sets the visibility from now on, in seconds; 0 gives the messages back at once. Returns those for which SQS could
   * not do it now; those that are another's by now are none of them.
   */
  extend<M extends Pick<ReceivedMessage, "receipt">>(
    queue: QueueRef,
    messages: readonly M[],
    visibilityS: number,
  ): Promise<M[]>;
}

/** The next call: indexes into `messages`, in order, at most one of a group, within SQS's limits. */
export function nextBatch(messages: readonly OutgoingMessage[], pending: readonly number[]): number[] {
  const groups = new Set<string>();
  const batch: number[] = [];
  let bytes = 0;
  for (const index of pending) {
    const message = messages[index];
    if (message === undefined) continue;
    const { group, body } = message;
    if (group !== undefined && groups.has(group)) continue;
    // The group counts as seen also when the message does not fit: a later one must not overtake it.
    if (group !== undefined) groups.add(group);
    if (batch.length > 0 && bytes + body.length > limits.queueMessageBytesMax) continue;
    batch.push(index);
    bytes += body.length;
    if (batch.length === limits.queueBatchMax) break;
  }
  return batch;
}

/** What SQS refuses for its content, now and whenever it comes again. */
const contentFaults = new Set(["InvalidMessageContents", "InvalidParameterValue", "MissingParameter"]);

/** A word for what went wrong: the network's code where it has one, since its errors have no name of their own. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
}

async function sendBatch(
  client: SQSClient,
  url: string,
  batch: readonly { index: number; message: OutgoingMessage }[],
  mayGoOn: () => boolean,
): Promise<SendFailure[]> {
  const command = new SendMessageBatchCommand({
    QueueUrl: url,
    Entries: batch.map(({ index, message }) => ({
      Id: String(index),
      MessageBody: message.body,
      ...(message.delayS === undefined ? {} : { DelaySeconds: message.delayS }),
      ...(message.group === undefined
        ? {}
        : {
            MessageGroupId: message.group,
            MessageDeduplicationId: message.dedup ?? hashId(message.body),
          }),
    })),
  });
  const inTime = triesOf(mayGoOn);
  // The last step before the network, inside of the SDK's own retries.
  command.middlewareStack.add((next) => (args) => inTime(() => next(args)), {
    step: "finalizeRequest",
    priority: "low",
    name: "inTime",
  });
  try {
    const answer = await client.send(command);
    return (answer.Failed ?? []).map((failed) => ({
      index: Number(failed.Id),
      reason: failed.Code ?? "unknown",
      // `SenderFault` alone says too little: throttling of the caller is one as well.
      permanent: failed.SenderFault === true && contentFaults.has(failed.Code ?? ""),
    }));
  } catch (error) {
    const reason = reasonOf(error);
    return batch.map(({ index }) => ({ index, reason, permanent: false }));
  }
}

async function sendAll(
  client: SQSClient,
  url: string,
  messages: readonly OutgoingMessage[],
  mayGoOn: () => boolean,
) {
  const failures: SendFailure[] = [];
  const refuse = (index: number, reason: string, permanent: boolean) => {
    failures.push({ index, reason, permanent });
  };
  let pending: number[] = [];
  for (const [index, message] of messages.entries()) {
    if (message.body.length > limits.queueMessageBytesMax) refuse(index, "too-large", true);
    else pending.push(index);
  }
  const deadline = performance.now() + limits.retryInProcessMs;
  let pauseMs = 20;
  while (pending.length > 0) {
    const batch = nextBatch(messages, pending).flatMap((index) => {
      const message = messages[index];
      return message === undefined ? [] : [{ index, message }];
    });
    const refused = await sendBatch(client, url, batch, mayGoOn);
    const failed = new Map(refused.map((failure) => [failure.index, failure]));
    const sent = new Set(batch.map(({ index }) => index).filter((index) => !failed.has(index)));
    pending = pending.filter((index) => !sent.has(index));
    if (failed.size === 0) continue;
    const late = performance.now() >= deadline || !mayGoOn();
    for (const failure of failed.values()) {
      if (!failure.permanent && !late) continue;
      refuse(failure.index, failure.reason, failure.permanent);
      pending = pending.filter((index) => index !== failure.index);
      const { group } = messages[failure.index] ?? {};
      // What SQS refuses for its content stands alone; after any other failure the group waits as a whole.
      if (failure.permanent || group === undefined) continue;
      for (const index of pending.filter((other) => messages[other]?.group === group)) {
        refuse(index, "behind a failed message of its group", false);
      }
      pending = pending.filter((index) => messages[index]?.group !== group);
    }
    if (pending.length > 0 && !late) {
      await wait(pauseMs);
      pauseMs = Math.min(pauseMs * 2, 500);
    }
  }
  return failures;
}

/** The port over real SQS (or an engine that speaks its protocol). */
export function makeQueues(options: {
  client: SQSClient;
  /** For receives, where another one is more patient. */
  pollClient?: SQSClient;
  urls: Partial<Record<QueueRef, string>>;
  deadLetterUrls: Partial<Record<QueueRef, string>>;
}): Queues {
  const { client, pollClient = client } = options;
  const urlOf = (urls: Partial<Record<QueueRef, string>>, queue: QueueRef): string => {
    const url = urls[queue];
    if (url === undefined) throw new Error(`no URL is configured for queue ${queue}`);
    return url;
  };
  return {
    send: (queue, messages, mayGoOn = () => true) =>
      sendAll(client, urlOf(options.urls, queue), messages, mayGoOn),

    async setAside(queue, letter) {
      const url = urlOf(options.deadLetterUrls, queue);
      // Causes of two domains may have the same id, but then their items differ.
      const name = hashId(letter.reason, letter.cause, letter.body ?? "");
      // Each in a group of its own: whoever looks through them would see no more than the first few of a group.
      const fifo = url.endsWith(".fifo") ? { MessageGroupId: name, MessageDeduplicationId: name } : {};
      await client.send(new SendMessageCommand({ QueueUrl: url, MessageBody: letterBody(letter), ...fifo }));
    },

    async receive(queue, { max, waitS, visibilityS, signal }) {
      const answer = await pollClient.send(
        new ReceiveMessageCommand({
          QueueUrl: urlOf(options.urls, queue),
          MaxNumberOfMessages: max,
          WaitTimeSeconds: waitS,
          VisibilityTimeout: visibilityS,
          MessageSystemAttributeNames: [
            "ApproximateReceiveCount",
            "MessageGroupId",
            "SequenceNumber",
            "SentTimestamp",
          ],
        }),
        { abortSignal: signal, requestTimeout: waitS * 1000 + limits.awsRequestMsMax },
      );
      return (answer.Messages ?? []).map((message) => ({
        id: message.MessageId ?? "",
        body: message.Body ?? "",
        receipt: message.ReceiptHandle ?? "",
        group: message.Attributes?.MessageGroupId ?? "",
        sequence: message.Attributes?.SequenceNumber ?? "",
        receives: Number(message.Attributes?.ApproximateReceiveCount ?? 1),
        sentAt: Number(message.Attributes?.SentTimestamp ?? 0),
      }));
    },

    async remove(queue, messages) {
      const left: (typeof messages)[number][] = [];
      for (const ten of inTens(messages)) {
        const answer = await client.send(
          new DeleteMessageBatchCommand({
            QueueUrl: urlOf(options.urls, queue),
            Entries: ten.map(({ receipt }, index) => ({ Id: String(index), ReceiptHandle: receipt })),
          }),
        );
        left.push(...leftOf(ten, answer.Failed));
      }
      return left;
    },

    async extend(queue, messages, visibilityS) {
      const left: (typeof messages)[number][] = [];
      for (const ten of inTens(messages)) {
        const answer = await client.send(
          new ChangeMessageVisibilityBatchCommand({
            QueueUrl: urlOf(options.urls, queue),
            Entries: ten.map(({ receipt }, index) => ({
              Id: String(index),
              ReceiptHandle: receipt,
              VisibilityTimeout: visibilityS,
            })),
          }),
        );
        left.push(...leftOf(ten, answer.Failed));
      }
      return left;
    },
  };
}

/** Sends and throws a {@link TransientFault} when anything was not taken for a transient reason. */
export function failuresToFault(
  queue: QueueRef,
  failures: readonly SendFailure[],
): TransientFault | undefined {
  const first = failures.find((failure) => !failure.permanent);
  return first && new TransientFault(`${queue}: ${first.reason} (${failures.length} not sent)`);
}
