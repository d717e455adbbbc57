/** What the native system does with `native-deliveries`. */
import { setTimeout as delay } from "node:timers/promises";
import { DeleteMessageBatchCommand, ReceiveMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";
import type { CloudEvent } from "#core/contract/cloud-event.ts";

const retryMs = 100;

export interface Consumer {
  stop(): Promise<void>;
}

/** Takes every delivery from now on, repeats too, whatever becomes of the engine meanwhile. */
export function consumeDeliveries(
  client: SQSClient,
  queueUrl: string,
  take: (event: CloudEvent) => void,
): Consumer {
  const stopping = new AbortController();

  async function consumeOnce(): Promise<void> {
    const command = new ReceiveMessageCommand({
      QueueUrl: queueUrl,
      MaxNumberOfMessages: 10,
      WaitTimeSeconds: 20,
    });
    const messages = (await client.send(command, { abortSignal: stopping.signal })).Messages ?? [];
    for (const { Body = "" } of messages) take(JSON.parse(Body) as CloudEvent);
    if (messages.length === 0) return;
    const Entries = messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
    await client.send(new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
  }

  async function consume(): Promise<void> {
    while (!stopping.signal.aborted) {
      // The engine may be down.
      await consumeOnce().catch(() => delay(retryMs));
    }
  }

  const consuming = consume();
  return {
    async stop() {
      stopping.abort();
      await consuming;
    },
  };
}
