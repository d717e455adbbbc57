/** Engines with counting proxies before them, and functions that see only those. */
import { join } from "node:path";
import { BatchWriteItemCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import {
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import type { Item } from "#aws/attributes.ts";
import { makeTable } from "#aws/dynamodb-table.ts";
import type { Table } from "#aws/table.ts";
import type { QueueName } from "#core/contract/queues.ts";
import { limits } from "#core/limits.ts";
import { type EnvironmentSource, environmentOf } from "#infra/definitions/environment.ts";
import type { FunctionName } from "#infra/definitions/functions.ts";
import { dynamodbClientFor, localRegion, sqsClientFor } from "#local/aws-clients.ts";
import { ensureTable } from "#local/engines/dynamodb.ts";
import { ensureQueues, type QueueAddresses } from "#local/engines/sqs.ts";
import { localEnvironment } from "#local/mappings.ts";
import { countMessages } from "#local/queue-count.ts";
import { sqsEvent } from "#local/sqs-event.ts";
import { startCountingProxy } from "../counting-proxy.ts";
import { assemble, type OnEnd, temporaryFolder } from "../ending.ts";
import { startEngines } from "../engines.ts";
import { type FunctionProcess, startFunction } from "./function-process.ts";

export const domain = "im.example.com";
/** DynamoDB: items in one batch. */
const batchMax = 25;

export interface Place {
  readonly folder: string;
  readonly table: Table;
  readonly sqs: SQSClient;
  readonly addresses: QueueAddresses;
  readonly endpoints: { readonly sqs: string; readonly dynamodb: string };
  readonly source: EnvironmentSource;
  /** Requests of functions since the last call, SQS and DynamoDB. */
  takeCounts(): { sqs: Record<string, number>; dynamodb: Record<string, number>; billedSends: number };
  startFunction(name: FunctionName, pace?: EnvironmentSource["resync"]): Promise<FunctionProcess>;
  /** Writes items as they are. */
  fill(items: readonly Item[]): Promise<void>;
  /** Takes up to 10 messages out of a queue. */
  take(queue: QueueName, waitS?: number): Promise<readonly Message[]>;
  /** Messages in a queue, those for later included. */
  waiting(queue: QueueName): Promise<number>;
  /** The event that a message invokes a function with. */
  eventOf(queue: QueueName, messages: readonly Message[]): object;
  stop(): Promise<void>;
}

/** Runs `work` for every item, so many at a time. */
export async function inParallel<T>(items: readonly T[], width: number, work: (item: T) => Promise<unknown>) {
  const left = [...items].reverse();
  const worker = async () => {
    for (let item = left.pop(); item !== undefined; item = left.pop()) await work(item);
  };
  await Promise.all(Array.from({ length: width }, worker));
}

function queueMethods(
  sqs: SQSClient,
  addresses: QueueAddresses,
): Pick<Place, "take" | "waiting" | "eventOf"> {
  return {
    async take(queue, waitS = 0) {
      const QueueUrl = addresses.urls[queue];
      const { Messages: messages = [] } = await sqs.send(
        new ReceiveMessageCommand({
          QueueUrl,
          MaxNumberOfMessages: 10,
          WaitTimeSeconds: waitS,
          MessageSystemAttributeNames: ["All"],
        }),
      );
      if (messages.length === 0) return messages;
      const Entries = messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
      await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
      return messages;
    },
    waiting: (queue) => countMessages(sqs, addresses.urls[queue]),
    eventOf: (queue, messages) => sqsEvent(messages, addresses.arns[queue], localRegion),
  };
}

async function fillTable(client: DynamoDBClient, name: string, items: readonly Item[]): Promise<void> {
  const batches = Array.from({ length: Math.ceil(items.length / batchMax) }, (_, n) =>
    items.slice(batchMax * n, batchMax * (n + 1)).map((Item) => ({ PutRequest: { Item } })),
  );
  await inParallel(batches, 4, (batch) =>
    client.send(new BatchWriteItemCommand({ RequestItems: { [name]: batch } })),
  );
}

/** The same queues, seen through a proxy. */
function through(urls: Readonly<Record<QueueName, string>>, endpoint: string): Record<QueueName, string> {
  const moved = Object.entries(urls).map(([queue, url]) => [
    queue,
    new URL(new URL(url).pathname, endpoint).href,
  ]);
  return Object.fromEntries(moved) as Record<QueueName, string>;
}

async function build(onEnd: OnEnd) {
  const folder = temporaryFolder(onEnd);
  const { endpoints, stop } = await startEngines(folder);
  onEnd(stop);
  const [dynamodb, sqs] = [dynamodbClientFor(endpoints.dynamodb), sqsClientFor(endpoints.sqs)];
  const [name, addresses] = await Promise.all([ensureTable(dynamodb), ensureQueues(sqs, endpoints.sqs)]);
  const proxies = {
    dynamodb: await startCountingProxy(endpoints.dynamodb),
    sqs: await startCountingProxy(endpoints.sqs),
  };
  for (const { close } of Object.values(proxies)) onEnd(close);
  onEnd(() => dynamodb.destroy());
  onEnd(() => sqs.destroy());
  const common = { table: name, domains: [domain], directory: "announced", lanes: limits.lanes } as const;
  const { urls, deadLetterUrls } = addresses;
  const counted: EnvironmentSource = {
    ...common,
    urls: through(urls, proxies.sqs.endpoint),
    deadLetterUrls: through(deadLetterUrls, proxies.sqs.endpoint),
  };
  return {
    ...queueMethods(sqs, addresses),
    folder,
    table: makeTable({ client: dynamodb, name }),
    sqs,
    addresses,
    endpoints,
    source: { ...common, urls, deadLetterUrls },
    takeCounts() {
      const { requests, billedSends } = proxies.sqs.take();
      return { sqs: requests, dynamodb: proxies.dynamodb.take().requests, billedSends };
    },
    startFunction(function_: FunctionName, pace?: EnvironmentSource["resync"]) {
      const env = {
        ...localEnvironment(proxies.sqs.endpoint, proxies.dynamodb.endpoint),
        ...environmentOf(function_, { ...counted, ...(pace && { resync: pace }) }),
      };
      return startFunction(function_, env, join(folder, `function-${function_}.log`));
    },
    fill: (items: readonly Item[]) => fillTable(dynamodb, name, items),
  };
}

/** Starts engines with empty table and queues. */
export function startPlace(): Promise<Place> {
  return assemble(build);
}
