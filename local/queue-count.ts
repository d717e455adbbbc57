/** How many messages a queue has, approximately, as SQS counts them. */
import { GetQueueAttributesCommand, type SQSClient } from "@aws-sdk/client-sqs";

export interface QueueCount {
  readonly waiting: number;
  /** Received by somebody and not deleted. */
  readonly inFlight: number;
  /** For later. */
  readonly delayed: number;
}

/** From the attributes that SQS tells. */
export function queueCountOf(attributes: Readonly<Record<string, string>>): QueueCount {
  const count = (kind: string) => Number(attributes[`ApproximateNumberOfMessages${kind}`] ?? 0);
  return { waiting: count(""), inFlight: count("NotVisible"), delayed: count("Delayed") };
}

/** Everything that SQS tells of a queue. */
export async function queueAttributes(
  client: SQSClient,
  queueUrl: string | undefined,
): Promise<Readonly<Record<string, string>>> {
  const command = new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ["All"] });
  return (await client.send(command)).Attributes ?? {};
}

/** Messages in a queue, whoever has them. */
export async function countMessages(client: SQSClient, queueUrl: string | undefined): Promise<number> {
  const { waiting, inFlight, delayed } = queueCountOf(await queueAttributes(client, queueUrl));
  return waiting + inFlight + delayed;
}
