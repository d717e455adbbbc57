import { join } from "node:path";
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  SetQueueAttributesCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import { type QueueRef, queueNames, queueRefsOf } from "#core/contract/queues.ts";
import { deadLetterNameOf, physicalNameOf, queueAttributesOf } from "#infra/definitions/queues.ts";
import { portsAccept } from "../ports.ts";
import { type Process, startServing } from "../process.ts";

export interface SqsEngineOptions {
  readonly port: number;
  readonly folder: string;
  readonly logFile: string;
}

/** Starts the SQS engine in a process of its own; resolves when it serves. */
export async function startSqsEngine(options: SqsEngineOptions): Promise<Process> {
  const program = {
    name: "SQS engine",
    command: process.execPath,
    args: [join(import.meta.dirname, "sqs-server.ts"), String(options.port), options.folder],
    env: { HOME: options.folder, PATH: "/usr/bin:/bin" },
    logFile: options.logFile,
  };
  return await startServing(program, () => portsAccept([options.port]));
}

export interface QueueAddresses {
  readonly urls: Readonly<Record<QueueRef, string>>;
  readonly deadLetterUrls: Readonly<Record<QueueRef, string>>;
  /** ARNs of the queues, as functions see them. */
  readonly arns: Readonly<Record<QueueRef, string>>;
}

/** Attributes that may change after creation; AWS fixes the others with the queue. */
const changeable = [
  "VisibilityTimeout",
  "MessageRetentionPeriod",
  "MaximumMessageSize",
  "ReceiveMessageWaitTimeSeconds",
  "RedrivePolicy",
];

/** The queue's URL on the endpoint that we use, whatever host the engine puts into it. */
function atEndpoint(queueUrl: string, endpoint: string): string {
  return new URL(new URL(queueUrl).pathname, endpoint).href;
}

async function ensureQueue(
  client: SQSClient,
  endpoint: string,
  name: string,
  attributes: Record<string, string>,
): Promise<{ url: string; arn: string }> {
  let url: string | undefined;
  try {
    url = (await client.send(new CreateQueueCommand({ QueueName: name, Attributes: attributes }))).QueueUrl;
  } catch (error) {
    // AWS and the local engines spell the name with and without a prefix.
    const exists = error instanceof Error && error.name.endsWith("QueueNameExists");
    if (!exists) throw new Error(`queue ${name}`, { cause: error });
    // It is from an earlier version of the definitions.
    url = (await client.send(new GetQueueUrlCommand({ QueueName: name }))).QueueUrl;
    const changed = Object.fromEntries(
      Object.entries(attributes).filter(([key]) => changeable.includes(key)),
    );
    await client.send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes: changed }));
  }
  const asked = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ["QueueArn"] });
  const arn = (await client.send(asked)).Attributes?.["QueueArn"];
  if (url === undefined || arn === undefined) throw new Error(`queue ${name} has no address`);
  return { url: atEndpoint(url, endpoint), arn };
}

/**
 * Creates every queue of the definitions with its dead letters, or brings what exists up to date.
 *
 * @param domains those that are served; each but the first has outbound queues of its own.
 */
export async function ensureQueues(
  client: SQSClient,
  endpoint: string,
  domains: readonly string[] = [],
): Promise<QueueAddresses> {
  const refs = queueNames.flatMap((queue) => queueRefsOf(queue, domains));
  const made = await Promise.all(
    refs.map(async (queue) => {
      const dead = await ensureQueue(
        client,
        endpoint,
        deadLetterNameOf(queue),
        queueAttributesOf(queue, undefined),
      );
      const main = await ensureQueue(
        client,
        endpoint,
        physicalNameOf(queue),
        queueAttributesOf(queue, dead.arn),
      );
      return { queue, dead, main };
    }),
  );
  const collect = (value: (entry: (typeof made)[number]) => string) =>
    Object.fromEntries(made.map((entry) => [entry.queue, value(entry)])) as Record<QueueRef, string>;
  return {
    urls: collect(({ main }) => main.url),
    deadLetterUrls: collect(({ dead }) => dead.url),
    arns: collect(({ main }) => main.arn),
  };
}
