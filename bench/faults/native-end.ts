/** The native end of the traffic: emits events over SQS, and takes deliveries. */
import { setTimeout as delay } from "node:timers/promises";
import {
  SendMessageBatchCommand,
  type SendMessageBatchRequestEntry,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import { nativeEventsGroup } from "#aws/hash.ts";
import type { CloudEvent } from "#core/contract/cloud-event.ts";
import { asciiJson } from "#core/contract/envelope.ts";
import { limits } from "#core/limits.ts";
import type { Endpoints } from "#local/endpoints.ts";
import { type Consumer, consumeDeliveries } from "../deliveries.ts";
import type { Ledger } from "./ledger.ts";
import { type Mark, marksIn, markText, pairOf } from "./marks.ts";

export interface NativeEnd {
  /** Has every user write to one account; resolves when SQS has taken all of it. */
  writeTo(account: string): Promise<void>;
  /** Puts anything into a user's group; resolves when SQS has taken it. */
  put(user: string, id: string, body: string): Promise<void>;
  stop(): Promise<void>;
}

export interface NativeEndOptions {
  /** Told of every delivery, repeats too. */
  readonly onEvent: (event: CloudEvent) => void;
  readonly client: SQSClient;
  readonly endpoints: Pick<Endpoints, "sqs" | "xmpp">;
  readonly users: readonly string[];
  readonly inbound: Ledger;
  readonly outbound: Ledger;
  readonly signal: AbortSignal;
}

const retryMs = 100;
export const source = "urn:causeway:faults";

export function startNativeEnd(options: NativeEndOptions): NativeEnd {
  const { client, endpoints, users, inbound, outbound, signal } = options;
  const { nativeEvents, nativeDeliveries } = endpoints.sqs.queues;
  const { domain } = endpoints.xmpp;

  const consumer: Consumer = consumeDeliveries(client, nativeDeliveries, (event) => {
    const { id, type, data } = event;
    options.onEvent(event);
    if (type === "message.sent") {
      const [mark] = marksIn(String(data["id"]));
      if (mark) inbound.arrived(pairOf(mark), mark.sequence, id);
    } else if (type === "message.failed" || type === "event.rejected") {
      const [mark] = marksIn(String(data["id"]));
      if (mark) outbound.told(pairOf(mark), mark.sequence);
    }
  });

  const entryOf = (mark: Mark): SendMessageBatchRequestEntry => {
    const [id, contact] = [markText(mark), `${mark.account}@${domain}`];
    const data = { user: mark.user, contact, id, body: `message ${id}` };
    const event = {
      specversion: "1.0",
      id,
      source,
      type: "message.sent",
      time: new Date().toISOString(),
      data,
    };
    return {
      Id: mark.user,
      MessageBody: asciiJson(event),
      MessageGroupId: nativeEventsGroup(mark.user),
      // The same for each try: SQS takes it once.
      MessageDeduplicationId: id,
    };
  };

  /** Tries until SQS has taken all: a later message of a user must not leave before an earlier one. */
  const send = async (
    all: readonly SendMessageBatchRequestEntry[],
    onTaken: (id: string) => void,
  ): Promise<void> => {
    let entries = [...all];
    while (entries.length > 0 && !signal.aborted) {
      try {
        const command = new SendMessageBatchCommand({ QueueUrl: nativeEvents, Entries: entries });
        const taken = new Set(
          (await client.send(command, { abortSignal: signal })).Successful?.map(({ Id }) => Id),
        );
        for (const id of taken) onTaken(id ?? "");
        entries = entries.filter(({ Id }) => !taken.has(Id));
      } catch {
        // The engine is down.
      }
      if (entries.length > 0) await delay(retryMs, undefined, { signal });
    }
  };

  return {
    async writeTo(account) {
      for (let begin = 0; begin < users.length; begin += limits.queueBatchMax) {
        const marks = users.slice(begin, begin + limits.queueBatchMax).map((user): Mark => {
          return { direction: "out", user, account, sequence: outbound.sent(pairOf({ user, account })) };
        });
        await send(marks.map(entryOf), (user) => {
          for (const mark of marks) if (mark.user === user) outbound.accepted(pairOf(mark), mark.sequence);
        });
      }
    },
    put: (user, id, body) =>
      send(
        [
          {
            Id: "0",
            MessageBody: body,
            MessageGroupId: nativeEventsGroup(user),
            MessageDeduplicationId: id,
          },
        ],
        () => {},
      ),
    stop: () => consumer.stop(),
  };
}
