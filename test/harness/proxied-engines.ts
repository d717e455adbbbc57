/** The local engines behind the proxies of the faults, and the plainest use of a queue. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, beforeEach } from "node:test";
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import {
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import { startEngines } from "#bench/engines.ts";
import type { Call } from "#bench/faults/aws-call.ts";
import { type AwsProxy, startAwsProxy } from "#bench/faults/aws-proxy.ts";
import { dynamodbClientFor, sqsClientFor } from "#local/aws-clients.ts";
import { ensureTable } from "#local/engines/dynamodb.ts";
import { ensureQueues, type QueueAddresses } from "#local/engines/sqs.ts";

interface ProxiedEngines {
  readonly sqsProxy: AwsProxy;
  readonly dynamodbProxy: AwsProxy;
  readonly sqs: SQSClient;
  readonly dynamodb: DynamoDBClient;
  readonly queues: QueueAddresses;
  readonly table: string;
  /** Sends messages, each in a group of its own on a FIFO queue. */
  send(url: string, ...bodies: string[]): ReturnType<typeof sendBatch>;
  receive(url: string, waitS?: number): Promise<Message[]>;
  remove(url: string, messages: readonly Message[]): ReturnType<typeof removeBatch>;
}

/** Which calls a rule is about. */
export const on = (action: string) => (call: Call) => call.action === action;

let sends = 0;

async function sendBatch(sqs: SQSClient, url: string, bodies: readonly string[]) {
  sends += 1;
  const isFifo = url.endsWith(".fifo");
  const Entries = bodies.map((body, index) => ({
    Id: String(index),
    MessageBody: body,
    ...(isFifo && { MessageGroupId: `${sends}-${index}`, MessageDeduplicationId: `${sends}-${index}` }),
  }));
  return await sqs.send(new SendMessageBatchCommand({ QueueUrl: url, Entries }));
}

async function removeBatch(sqs: SQSClient, url: string, messages: readonly Message[]) {
  const Entries = messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
  return await sqs.send(new DeleteMessageBatchCommand({ QueueUrl: url, Entries }));
}

/**
 * Starts both engines with a proxy before each, for all tests of the file that calls it: each begins without rules.
 */
export async function useProxiedEngines(): Promise<ProxiedEngines> {
  const folder = mkdtempSync(join(tmpdir(), "causeway-aws-proxy-"));
  const engines = await startEngines(folder);
  const sqsProxy = await startAwsProxy({ upstream: engines.endpoints.sqs });
  const dynamodbProxy = await startAwsProxy({ upstream: engines.endpoints.dynamodb });
  const sqs = sqsClientFor(sqsProxy.endpoint);
  const dynamodb = dynamodbClientFor(dynamodbProxy.endpoint);
  beforeEach(() => {
    sqsProxy.set();
    dynamodbProxy.set();
  });
  after(async () => {
    sqs.destroy();
    dynamodb.destroy();
    await Promise.all([sqsProxy.close(), dynamodbProxy.close(), engines.stop()]);
    rmSync(folder, { recursive: true });
  });
  return {
    sqsProxy,
    dynamodbProxy,
    sqs,
    dynamodb,
    queues: await ensureQueues(sqs, sqsProxy.endpoint),
    table: await ensureTable(dynamodb),
    send: (url, ...bodies) => sendBatch(sqs, url, bodies),
    async receive(url, waitS = 0) {
      const command = new ReceiveMessageCommand({
        QueueUrl: url,
        MaxNumberOfMessages: 10,
        WaitTimeSeconds: waitS,
        MessageSystemAttributeNames: ["All"],
      });
      return (await sqs.send(command)).Messages ?? [];
    },
    remove: (url, messages) => removeBatch(sqs, url, messages),
  };
}

/** The bodies of messages, sorted. */
export const bodiesOf = (messages: readonly Message[]) => messages.map(({ Body }) => Body ?? "").sort();
