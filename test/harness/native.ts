import { randomUUID } from "node:crypto";
import { SendMessageBatchCommand, SendMessageCommand } from "@aws-sdk/client-sqs";
import { nativeEventsGroup } from "#aws/hash.ts";
import { consumeDeliveries } from "#bench/deliveries.ts";
import type { CloudEvent } from "#core/contract/cloud-event.ts";
import { asciiJson } from "#core/contract/envelope.ts";
import { sqsClientFor } from "#local/aws-clients.ts";
import type { Endpoints } from "#local/endpoints.ts";
import { type Inbox, makeInbox } from "./inbox.ts";

/** What a test emits: the rest of the CloudEvent is filled in. */
export interface NewEvent {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly id?: string;
  readonly time?: string;
  readonly traceparent?: string;
}

/** The native system: emits events and consumes deliveries over SQS, and drops repeated ids. */
export interface NativeSide {
  readonly inbox: Inbox<CloudEvent>;
  /** Deliveries that came although their id had come before. */
  readonly repeats: number;
  /** Hands every new delivery to a listener instead of the inbox, from now on. */
  onEvent(listener: (event: CloudEvent) => void): void;
  /** Emits an event in its user's group; resolves with the event when SQS has taken it. */
  emit(event: NewEvent): Promise<CloudEvent>;
  /** Puts up to ten bodies on `native-events` in one call, whatever they are. */
  emitBatch(entries: readonly { readonly body: string; readonly group: string }[]): Promise<void>;
  /** The next delivery that matches. */
  next(matches: (event: CloudEvent) => boolean, what: string, timeoutMs?: number): Promise<CloudEvent>;
  /** The next delivery of a type for a user. */
  nextOf(type: string, user: string, timeoutMs?: number): Promise<CloudEvent>;
  stop(): Promise<void>;
}

const source = "urn:causeway:test";

/** The whole CloudEvent of what a test emits. */
export function eventOf({ type, data, id = randomUUID(), time, traceparent }: NewEvent): CloudEvent {
  const at = time ?? new Date().toISOString();
  return { specversion: "1.0", id, source, type, time: at, ...(traceparent && { traceparent }), data };
}

// A new one each time: SQS would swallow the repeats that tests send on purpose.
const freshId = () => randomUUID();

/** Starts consuming deliveries. */
export function startNativeSide({ sqs }: Pick<Endpoints, "sqs">): NativeSide {
  const client = sqsClientFor(sqs.endpoint);
  const inbox = makeInbox<CloudEvent>((event) => JSON.stringify(event));
  const seen = new Set<string>();
  let put = inbox.put;
  let repeats = 0;

  function take(event: CloudEvent): void {
    const key = `${event.source} ${event.id}`;
    if (seen.has(key)) repeats += 1;
    else put(event);
    seen.add(key);
  }

  const consumer = consumeDeliveries(client, sqs.queues.nativeDeliveries, take);
  return {
    inbox,
    get repeats() {
      return repeats;
    },
    onEvent(listener) {
      put = listener;
    },
    async emit(event) {
      const whole = eventOf(event);
      await client.send(
        new SendMessageCommand({
          QueueUrl: sqs.queues.nativeEvents,
          MessageBody: asciiJson(whole),
          MessageGroupId: nativeEventsGroup(String(event.data["user"])),
          MessageDeduplicationId: freshId(),
        }),
      );
      return whole;
    },
    async emitBatch(entries) {
      const Entries = entries.map(({ body, group }, index) => ({
        Id: String(index),
        MessageBody: body,
        MessageGroupId: group,
        MessageDeduplicationId: freshId(),
      }));
      const command = new SendMessageBatchCommand({ QueueUrl: sqs.queues.nativeEvents, Entries });
      const { Failed = [] } = await client.send(command);
      if (Failed.length > 0) throw new Error(`not taken: ${JSON.stringify(Failed)}`);
    },
    next: (matches, what, timeoutMs) => inbox.next(matches, what, timeoutMs),
    nextOf: (type, user, timeoutMs) =>
      inbox.next(
        (event) => event.type === type && event.data["user"] === user,
        `${type} for ${user}`,
        timeoutMs,
      ),
    async stop() {
      await consumer.stop();
      client.destroy();
    },
  };
}
