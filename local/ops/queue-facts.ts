/** What SQS says of each queue, and where it is not set up as the definitions have it. */
import { GetQueueAttributesCommand, type SQSClient } from "@aws-sdk/client-sqs";
import * as v from "valibot";
import type { QueueRef } from "#core/contract/queues.ts";
import { queueAttributesOf } from "#infra/definitions/queues.ts";
import type { Bridge } from "./bridge.ts";
import { wordOf } from "./queue-names.ts";

export interface QueueFacts {
  readonly queue: QueueRef;
  /** Its name without prefix. */
  readonly base: string;
  readonly waiting: number;
  /** In the hands of whoever receives. */
  readonly inFlight: number;
  readonly delayed: number;
  /** Seconds that the oldest message has waited, where that is known. */
  readonly oldestS?: number | undefined;
  readonly deadLetters: number;
  /** Attributes that are not what the definitions say. */
  readonly differences: readonly string[];
}

type Attributes = Readonly<Record<string, string>>;

async function attributesOf(client: SQSClient, QueueUrl = ""): Promise<Attributes> {
  const command = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["All"] });
  return (await client.send(command)).Attributes ?? {};
}

const redriveSchema = v.object({
  deadLetterTargetArn: v.string(),
  maxReceiveCount: v.pipe(v.union([v.string(), v.number()]), v.transform(Number)),
});

/** The policy as one text, however its writer spelled it. */
function redriveOf(text: string): string {
  try {
    const { deadLetterTargetArn, maxReceiveCount } = v.parse(redriveSchema, JSON.parse(text));
    return `${maxReceiveCount} receives, then to ${deadLetterTargetArn.slice(deadLetterTargetArn.lastIndexOf(":") + 1)}`;
  } catch {
    return text;
  }
}

/**
 * Where a queue is not what its definition says, in words.
 *
 * @param deadLetterArn of its dead letters; `undefined` for a queue of dead letters
 */
export function differencesOf(
  queue: QueueRef,
  found: Attributes,
  deadLetterArn: string | undefined,
): readonly string[] {
  const wanted = queueAttributesOf(queue, deadLetterArn);
  return Object.entries(wanted).flatMap(([name, value]) => {
    const [is, should] = [found[name] ?? "none", value].map((text) =>
      name === "RedrivePolicy" ? redriveOf(text) : text,
    );
    return is === should ? [] : [`${name} is ${is}, not ${should}`];
  });
}

const count = (attributes: Attributes, kind: "" | "NotVisible" | "Delayed") =>
  Number(attributes[`ApproximateNumberOfMessages${kind}`] ?? 0);

async function readQueue(bridge: Bridge, queue: QueueRef, oldestS: number | undefined): Promise<QueueFacts> {
  const [own, dead] = await Promise.all([
    attributesOf(bridge.sqs, bridge.urls[queue]),
    attributesOf(bridge.sqs, bridge.deadLetterUrls[queue]),
  ]);
  const ofDead = differencesOf(queue, dead, undefined).map((difference) => `dead letters: ${difference}`);
  return {
    queue,
    base: wordOf(queue),
    waiting: count(own, ""),
    inFlight: count(own, "NotVisible"),
    delayed: count(own, "Delayed"),
    ...(oldestS !== undefined && { oldestS }),
    deadLetters: count(dead, "") + count(dead, "NotVisible"),
    differences: [...differencesOf(queue, own, dead["QueueArn"] ?? ""), ...ofDead],
  };
}

export async function readQueues(bridge: Bridge): Promise<readonly QueueFacts[]> {
  const ages = await bridge.ages();
  return Promise.all(bridge.refs.map((queue) => readQueue(bridge, queue, ages[queue])));
}

/** Messages in a queue, wherever they are just now. */
export async function depthOf(bridge: Bridge, queue: QueueRef): Promise<number> {
  const attributes = await attributesOf(bridge.sqs, bridge.urls[queue]);
  return count(attributes, "") + count(attributes, "NotVisible") + count(attributes, "Delayed");
}
