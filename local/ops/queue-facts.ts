/** What SQS says of each queue, and where it is not set up as the definitions have it. */
import * as v from "valibot";
import type { QueueRef } from "#core/contract/queues.ts";
import { queueAttributesOf } from "#infra/definitions/queues.ts";
import { type QueueCount, queueAttributes, queueCountOf } from "../queue-count.ts";
import type { Bridge } from "./bridge.ts";
import { wordOf } from "./queue-names.ts";

export interface QueueFacts extends QueueCount {
  readonly queue: QueueRef;
  /** Its name without prefix. */
  readonly base: string;
  /** Seconds that the oldest message has waited, where that is known. */
  readonly oldestS?: number | undefined;
  readonly deadLetters: number;
  /** Attributes that are not what the definitions say. */
  readonly differences: readonly string[];
}

type Attributes = Readonly<Record<string, string>>;

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

async function readQueue(bridge: Bridge, queue: QueueRef, oldestS: number | undefined): Promise<QueueFacts> {
  const [own, dead] = await Promise.all([
    queueAttributes(bridge.sqs, bridge.urls[queue]),
    queueAttributes(bridge.sqs, bridge.deadLetterUrls[queue]),
  ]);
  const letters = queueCountOf(dead);
  const ofDead = differencesOf(queue, dead, undefined).map((difference) => `dead letters: ${difference}`);
  return {
    queue,
    base: wordOf(queue),
    ...queueCountOf(own),
    ...(oldestS !== undefined && { oldestS }),
    deadLetters: letters.waiting + letters.inFlight,
    differences: [...differencesOf(queue, own, dead["QueueArn"] ?? ""), ...ofDead],
  };
}

export async function readQueues(bridge: Bridge): Promise<readonly QueueFacts[]> {
  const ages = await bridge.ages();
  return Promise.all(bridge.refs.map((queue) => readQueue(bridge, queue, ages[queue])));
}
