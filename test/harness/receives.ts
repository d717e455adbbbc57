/** How often messages of a queue have been received, and by whom not. */
import assert from "node:assert/strict";
import { ChangeMessageVisibilityCommand, ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import { sqsClientFor } from "#local/aws-clients.ts";
import type { Endpoints } from "#local/endpoints.ts";

type Sqs = Pick<Endpoints, "sqs">;

/** Receives what is first of each group and gives it back: how often each has been received by now, by message id. */
async function receivesOf({ sqs }: Sqs, QueueUrl: string): Promise<Map<string, number>> {
  const client = sqsClientFor(sqs.endpoint);
  try {
    const { Messages: messages = [] } = await client.send(
      new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: 10,
        WaitTimeSeconds: 1,
        MessageSystemAttributeNames: ["ApproximateReceiveCount"],
      }),
    );
    for (const { ReceiptHandle } of messages) {
      await client.send(
        new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 }),
      );
    }
    return new Map(
      messages.map(({ MessageId = "", Attributes }) => [
        MessageId,
        Number(Attributes?.ApproximateReceiveCount),
      ]),
    );
  } finally {
    client.destroy();
  }
}

const roundsMax = 20;

/**
 * Resolves when nobody but us receives what is in a queue, however long it lies there. A poll that was under way when
 * its connector lost the stream takes what comes within 20 s, once, and gives it back; after a whole round without any
 * there is none left.
 *
 * @param groups that have a message in it
 * @param round what is to happen meanwhile
 */
export async function untilUntouched(
  endpoints: Sqs,
  queueUrl: string,
  groups: number,
  round: (id: string) => Promise<void>,
): Promise<void> {
  let before = new Map<string, number>();
  for (let number = 0; number < roundsMax; number += 1) {
    await round(`round ${number}`);
    const now = await receivesOf(endpoints, queueUrl);
    const isUntouched = now.size === groups && [...now].every(([id, count]) => before.get(id) === count - 1);
    if (isUntouched) return;
    before = now;
  }
  assert.fail(`somebody receives from ${queueUrl}: ${JSON.stringify([...before])}`);
}
