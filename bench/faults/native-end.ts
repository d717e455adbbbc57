/** The native end of the traffic: emits events over SQS, and takes deliveries. */
import { setTimeout as delay } from "node:timers/promises";
import { SendMessageBatchCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { nativeEventsGroup } from "#aws/hash.ts";
import { asciiJson } from "#core/contract/envelope.ts";
import { limits } from "#core/limits.ts";
import type { Endpoints } from "#local/endpoints.ts";
import { type Consumer, consumeDeliveries } from "../deliveries.ts";
import type { Ledger } from "./ledger.ts";
import { type Mark, marksIn, markText, pairOf } from "./marks.ts";

export interface NativeEnd {
  /** Has every user write to one account; resolves when SQS has taken all of it. */
  writeTo(account: string): Promise<void>;
  stop(): Promise<void>;
}

export interface NativeEndOptions {
  readonly client: SQSClient;
  readonly endpoints: Pick<Endpoints, "sqs" | "xmpp">;
  readonly users: readonly string[];
  readonly inbound: Ledger;
  readonly outbound: Ledger;
  readonly signal: AbortSignal;
}

const retryMs = 100;
const source = "urn:causeway:faults";

export function startNativeEnd(options: NativeEndOptions): NativeEnd {
  const { client, endpoints, users, inbound, outbound, signal } = options;
  const { nativeEvents, nativeDeliveries } = endpoints.sqs.queues;
  const { domain } = endpoints.xmpp;

  const consumer: Consumer = consumeDeliveries(client, nativeDeliveries, ({ id, type, data }) => {
    if (type === "message.sent") {
      const [mark] = marksIn(String(data["id"]));
      if (mark) inbound.arrived(pairOf(mark), mark.sequence, id);
    } else if (type === "message.failed" || type === "event.rejected") {
      const [mark] = marksIn(String(data["id"]));
      if (mark) outbound.told(pairOf(mark), mark.sequence);
    }
  });

  const entryOf = (mark: Mark) => {
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
  const send = async (marks: readonly Mark[]): Promise<void> => {
    let entries = marks.map(entryOf);
    while (entries.length > 0 && !signal.aborted) {
      try {
        const command = new SendMessageBatchCommand({ QueueUrl: nativeEvents, Entries: entries });
        const taken = new Set(
          (await client.send(command, { abortSignal: signal })).Successful?.map(({ Id }) => Id),
        );
        for (const mark of marks) if (taken.has(mark.user)) outbound.accepted(pairOf(mark), mark.sequence);
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
        await send(marks);
      }
    },
    stop: () => consumer.stop(),
  };
}
