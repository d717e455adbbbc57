/** The native system under load: emits events as a busy system does, and consumes deliveries. */
import { setTimeout as delay } from "node:timers/promises";
import {
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import { makeBell } from "#connector/pause.ts";
import { asciiJson } from "#core/contract/envelope.ts";
import { limits } from "#core/limits.ts";
import { sqsClientFor } from "#local/aws-clients.ts";
import type { Endpoints } from "#local/endpoints.ts";

export interface NativeLoad {
  /** Emits a message of a user; calls fill up while others are under way, up to ten events, one of each user. */
  emit(user: string, contact: string, id: string, body: string): void;
  /** Called with the id of each message that is delivered, from now on. */
  onMessage(listener: (id: string) => void): void;
  stop(): Promise<void>;
}

interface Waiting {
  readonly user: string;
  readonly id: string;
  readonly event: string;
}

/** Sends under way at the same time. */
const sendsMax = 4;
const retryMs = 100;

function makeEmitter({ sqs }: Pick<Endpoints, "sqs">, client: SQSClient) {
  let waiting: Waiting[] = [];
  const busy = new Set<string>();
  const changed = makeBell();
  let calls = 0;
  let isRunning = false;

  /** The next of each user that has none under way, ten at most: a user's events stay in order. */
  const nextTen = (): Waiting[] => {
    const ten: Waiting[] = [];
    const users = new Set(busy);
    for (const each of waiting) {
      if (ten.length === limits.queueBatchMax) break;
      if (!users.has(each.user)) ten.push(each);
      users.add(each.user);
    }
    return ten;
  };

  const send = async (ten: readonly Waiting[]) => {
    calls += 1;
    for (const { user } of ten) busy.add(user);
    const Entries = ten.map(({ user, id, event }, index) => ({
      Id: String(index),
      MessageBody: event,
      MessageGroupId: user,
      MessageDeduplicationId: id,
    }));
    const command = new SendMessageBatchCommand({ QueueUrl: sqs.queues.nativeEvents, Entries });
    const { Failed = [] } = await client.send(command);
    if (Failed.length > 0) throw new Error(`the engine refused events: ${JSON.stringify(Failed)}`);
    for (const { user } of ten) busy.delete(user);
    calls -= 1;
    changed.ring();
  };

  /** As the connector does: at once when idle, else full calls, or what is there when it has waited long enough. */
  const run = async () => {
    // What comes while nothing is under way does not wait.
    let begun = Number.NEGATIVE_INFINITY;
    while (waiting.length > 0) {
      const waitMs = calls > 0 ? limits.packWaitMsMax : begun + limits.packWaitMsMax - performance.now();
      const ten = nextTen();
      // What waits for its user's earlier ones fills no call.
      const isDue = ten.length === limits.queueBatchMax || (ten.length > 0 && waitMs <= 0);
      if (calls < sendsMax && isDue) {
        begun = performance.now();
        const leaving = new Set(ten);
        waiting = waiting.filter((each) => !leaving.has(each));
        void send(ten);
      } else await Promise.race([changed.rung(), delay(Math.max(1, waitMs))]);
    }
    isRunning = false;
  };
  return (each: Waiting) => {
    waiting.push(each);
    changed.ring();
    if (isRunning) return;
    isRunning = true;
    // What is emitted in one turn goes along.
    setImmediate(() => void run());
  };
}

function startConsumer({ sqs }: Pick<Endpoints, "sqs">, client: SQSClient, take: (body: string) => void) {
  const stopping = new AbortController();
  const QueueUrl = sqs.queues.nativeDeliveries;
  const deletions = new Set<Promise<unknown>>();
  const remove = (receipts: readonly (string | undefined)[]) => {
    const Entries = receipts.map((ReceiptHandle, index) => ({ Id: String(index), ReceiptHandle }));
    const deletion: Promise<unknown> = client
      .send(new DeleteMessageBatchCommand({ QueueUrl, Entries }))
      // It comes again, and is counted as a repeat.
      .catch(() => {})
      .finally(() => deletions.delete(deletion));
    deletions.add(deletion);
  };
  let polls = 0;
  const consume = async (): Promise<void> => {
    polls += 1;
    while (!stopping.signal.aborted) {
      const command = new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: limits.queueBatchMax,
        WaitTimeSeconds: limits.receiveWaitS,
      });
      const answer = await client.send(command, { abortSignal: stopping.signal }).catch(() => undefined);
      if (answer === undefined) {
        await delay(retryMs);
        continue;
      }
      const { Messages = [] } = answer;
      for (const { Body = "" } of Messages) take(Body);
      if (Messages.length > 0) remove(Messages.map(({ ReceiptHandle }) => ReceiptHandle));
      // As the connector does: several while there is much, one while there is little.
      const isFull = Messages.length === limits.queueBatchMax;
      if (isFull && polls < limits.receivesMaxParallel) void consume();
      else if (!isFull && polls > 1) break;
    }
    polls -= 1;
  };
  const consuming = consume();
  return async () => {
    stopping.abort();
    await consuming;
    await Promise.all(deletions);
  };
}

export function startNativeLoad(endpoints: Pick<Endpoints, "sqs">): NativeLoad {
  const client = sqsClientFor(endpoints.sqs.endpoint);
  let onMessage: (id: string) => void = () => {};
  const emit = makeEmitter(endpoints, client);
  const stopConsumer = startConsumer(endpoints, client, (body) => {
    const { type, data } = JSON.parse(body) as { type: string; data: { id?: string } };
    if (type === "message.sent") onMessage(data.id ?? "");
  });
  return {
    emit(user, contact, id, body) {
      const event = asciiJson({
        specversion: "1.0",
        id: `event-${id}`,
        source: "urn:causeway:bench",
        type: "message.sent",
        time: new Date().toISOString(),
        data: { user, contact, id, body },
      });
      emit({ user, id, event });
    },
    onMessage(listener) {
      onMessage = listener;
    },
    async stop() {
      await stopConsumer();
      client.destroy();
    },
  };
}
