import { GetQueueAttributesCommand, type SQSClient } from "@aws-sdk/client-sqs";

/** What waits, what somebody has received and not deleted, and what is to come later. */
const kinds = [
  "ApproximateNumberOfMessages",
  "ApproximateNumberOfMessagesNotVisible",
  "ApproximateNumberOfMessagesDelayed",
] as const;

/** Messages in a queue, whoever has them. */
export async function countMessages(client: SQSClient, queueUrl: string): Promise<number> {
  const command = new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: [...kinds] });
  const { Attributes = {} } = await client.send(command);
  return kinds.reduce((sum, kind) => sum + Number(Attributes[kind] ?? 0), 0);
}
