/** The proxy that faults of AWS are made with, before the real engines and behind the real SDK. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import {
  GetItemCommand,
  PutItemCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import {
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
} from "@aws-sdk/client-sqs";
import { physicalNameOf } from "#infra/definitions/queues.ts";
import { dynamodbClientFor, sqsClientFor } from "#local/aws-clients.ts";
import { ensureTable, startDynamodbEngine } from "#local/engines/dynamodb.ts";
import { ensureQueues, type QueueAddresses, startSqsEngine } from "#local/engines/sqs.ts";
import type { Process } from "#local/process.ts";
import { freePort } from "#test/harness/ports.ts";
import {
  breakAfter,
  cancelTransaction,
  denyPart,
  disorder,
  expireEarly,
  failPart,
  forgetDeletions,
  ignore,
  loseAnswer,
  pretend,
  refuse,
  waitFor,
} from "../../bench/faults/aws-behaviours.ts";
import { type Call, partitionOf } from "../../bench/faults/aws-call.ts";
import { type AwsProxy, startAwsProxy } from "../../bench/faults/aws-proxy.ts";

const folder = mkdtempSync(join(tmpdir(), "causeway-aws-proxy-"));
const engines: Process[] = [];
let sqsProxy: AwsProxy;
let dynamodbProxy: AwsProxy;
let sqs: ReturnType<typeof sqsClientFor>;
let dynamodb: ReturnType<typeof dynamodbClientFor>;
let queues: QueueAddresses;
let table: string;
/** Always the smallest: a share above 0 chooses everything. */
const random = () => 0;
const on = (action: string) => (call: Call) => call.action === action;

before(async () => {
  const [sqsPort, dynamodbPort] = [await freePort(), await freePort()];
  engines.push(
    await startSqsEngine({ port: sqsPort, folder: join(folder, "sqs"), logFile: join(folder, "sqs.log") }),
    await startDynamodbEngine({
      port: dynamodbPort,
      file: join(folder, "dynamodb", "table.db"),
      logFile: join(folder, "dynamodb.log"),
    }),
  );
  sqsProxy = await startAwsProxy({ upstream: `http://127.0.0.1:${sqsPort}`, random });
  dynamodbProxy = await startAwsProxy({ upstream: `http://127.0.0.1:${dynamodbPort}`, random });
  sqs = sqsClientFor(sqsProxy.endpoint);
  dynamodb = dynamodbClientFor(dynamodbProxy.endpoint);
  queues = await ensureQueues(sqs, sqsProxy.endpoint);
  table = await ensureTable(dynamodb);
});

beforeEach(() => {
  sqsProxy.set();
  dynamodbProxy.set();
});

after(async () => {
  sqs.destroy();
  dynamodb.destroy();
  await Promise.all([sqsProxy.close(), dynamodbProxy.close(), ...engines.map((one) => one.stop(2_000))]);
  rmSync(folder, { recursive: true });
});

let sends = 0;

/** Sends messages, each in a group of its own on a FIFO queue. */
async function send(url: string, ...bodies: string[]) {
  sends += 1;
  const isFifo = url.endsWith(".fifo");
  const Entries = bodies.map((body, index) => ({
    Id: String(index),
    MessageBody: body,
    ...(isFifo && { MessageGroupId: `${sends}-${index}`, MessageDeduplicationId: `${sends}-${index}` }),
  }));
  return await sqs.send(new SendMessageBatchCommand({ QueueUrl: url, Entries }));
}

async function receive(url: string, waitS = 0): Promise<Message[]> {
  const command = new ReceiveMessageCommand({
    QueueUrl: url,
    MaxNumberOfMessages: 10,
    WaitTimeSeconds: waitS,
    MessageSystemAttributeNames: ["All"],
  });
  return (await sqs.send(command)).Messages ?? [];
}

async function remove(url: string, messages: readonly Message[]) {
  const Entries = messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
  return await sqs.send(new DeleteMessageBatchCommand({ QueueUrl: url, Entries }));
}

const bodiesOf = (messages: readonly Message[]) => messages.map(({ Body }) => Body ?? "").sort();
const codeOf = (failed: readonly { readonly Code?: string | undefined }[] | undefined) =>
  failed?.map(({ Code }) => Code);

/** Sends with one attempt and without patience. */
const impatient = { abortSignal: AbortSignal.timeout(60_000), requestTimeout: 300 };

describe("calls without a rule", () => {
  test("pass as they are, and are counted", async () => {
    const before = sqsProxy.calls["SendMessageBatch"] ?? 0;
    const url = queues.urls.nativeEvents;
    await send(url, "one", "two");
    const messages = await receive(url);
    assert.deepEqual(bodiesOf(messages), ["one", "two"]);
    await remove(url, messages);
    assert.equal(sqsProxy.calls["SendMessageBatch"], before + 1);
    assert.equal(sqsProxy.changed["SendMessageBatch"] ?? 0, 0);
  });

  test("a receive whose caller is gone takes nothing", async () => {
    const url = queues.urls.nativeEvents;
    const gone = new AbortController();
    const command = new ReceiveMessageCommand({ QueueUrl: url, WaitTimeSeconds: 20 });
    const waiting = sqs.send(command, { abortSignal: gone.signal });
    // Round trips behind each: by then the engine has read the request, and noticed the end.
    for (let trips = 0; trips < 5; trips += 1) await receive(url);
    gone.abort();
    await assert.rejects(waiting, { name: "AbortError" });
    for (let trips = 0; trips < 5; trips += 1) await receive(url);
    await send(url, "for another");
    const messages = await receive(url, 5);
    assert.deepEqual(bodiesOf(messages), ["for another"]);
    await remove(url, messages);
  });
});

describe("refusals and silence", () => {
  test("SQS throttles, as the SDK understands it, and nothing was done", async () => {
    const url = queues.urls.nativeDeliveries;
    sqsProxy.set({ on: on("SendMessageBatch"), does: refuse(400, "RequestThrottled") });
    await assert.rejects(send(url, "one"), { name: "RequestThrottled", $fault: "client" });
    sqsProxy.set({ on: on("SendMessageBatch"), does: refuse(503, "ServiceUnavailable") });
    await assert.rejects(send(url, "one"), { name: "ServiceUnavailable" });
    sqsProxy.set();
    assert.deepEqual(await receive(url), []);
  });

  test("DynamoDB throttles by its own names", async () => {
    const read = new GetItemCommand({ TableName: table, Key: { pk: { S: "a" }, sk: { S: "b" } } });
    dynamodbProxy.set({ on: on("GetItem"), does: refuse(400, "ProvisionedThroughputExceededException") });
    await assert.rejects(dynamodb.send(read), { name: "ProvisionedThroughputExceededException" });
    dynamodbProxy.set({ on: (call) => partitionOf(call) === "other", does: ignore });
    assert.equal((await dynamodb.send(read)).Item, undefined, "calls about other items pass");
  });

  test("a call that waits is served when the stall ends", async () => {
    const stall = Promise.withResolvers<void>();
    sqsProxy.set({ on: on("SendMessageBatch"), does: waitFor(stall.promise) });
    const url = queues.urls.nativeDeliveries;
    const sending = send(url, "late");
    const first = await Promise.race([sending, receive(url, 1)]);
    assert.deepEqual(first, [], "the send waits");
    stall.resolve();
    await sending;
    const messages = await receive(url, 5);
    assert.deepEqual(bodiesOf(messages), ["late"]);
    await remove(url, messages);
  });

  test("an answer that is lost: the caller gives up, and it was done all the same", async () => {
    const item = { pk: { S: "lost" }, sk: { S: "answer" } };
    const write = new PutItemCommand({ TableName: table, Item: item });
    dynamodbProxy.set({ on: on("PutItem"), does: loseAnswer });
    const gaveUp = AbortSignal.timeout(500);
    await assert.rejects(dynamodb.send(write, { ...impatient, abortSignal: gaveUp }));
    const read = new GetItemCommand({ TableName: table, Key: item, ConsistentRead: true });
    assert.deepEqual((await dynamodb.send(read)).Item, item);
  });

  test("a connection that breaks after a conditional write makes the SDK's repeat a conflict", async () => {
    const write = new PutItemCommand({
      TableName: table,
      Item: { pk: { S: "once" }, sk: { S: "only" } },
      ConditionExpression: "attribute_not_exists(pk)",
    });
    let broken = false;
    const first = (call: Call) => call.action === "PutItem" && !broken;
    dynamodbProxy.set({
      on: first,
      does: (call, engine) => {
        broken = true;
        return breakAfter(call, engine);
      },
    });
    await assert.rejects(dynamodb.send(write), { name: "ConditionalCheckFailedException" });
  });

  test("a cancelled transaction names a conflict for each of its items", async () => {
    dynamodbProxy.set({ on: on("TransactWriteItems"), does: cancelTransaction });
    const put = (pk: string) => ({ Put: { TableName: table, Item: { pk: { S: pk }, sk: { S: "t" } } } });
    const write = new TransactWriteItemsCommand({ TransactItems: [put("t1"), put("t2")] });
    await assert.rejects(dynamodb.send(write), (error: Error & { CancellationReasons?: unknown[] }) => {
      assert.equal(error.name, "TransactionCanceledException");
      assert.equal(error.CancellationReasons?.length, 2);
      return true;
    });
    dynamodbProxy.set({ on: on("UpdateItem"), does: refuse(400, "TransactionConflictException") });
    const update = new UpdateItemCommand({ TableName: table, Key: { pk: { S: "t1" }, sk: { S: "t" } } });
    await assert.rejects(dynamodb.send(update), { name: "TransactionConflictException" });
  });
});

describe("batches", () => {
  test("a part fails, and only that part was not done", async () => {
    const url = queues.urls.nativeDeliveries;
    const isQueue = (call: Call) => call.queue === physicalNameOf("nativeDeliveries");
    sqsProxy.set({
      on: (call) => isQueue(call) && call.action === "SendMessageBatch",
      does: (call, engine) => failPart(0.5)(call, { ...engine, random: alternating() }),
    });
    const answer = await send(url, "fails", "arrives", "fails", "arrives");
    assert.deepEqual(codeOf(answer.Failed), ["InternalError", "InternalError"]);
    assert.equal(answer.Failed?.[0]?.SenderFault, false);
    assert.equal(answer.Successful?.length, 2);
    const messages = await receive(url);
    assert.deepEqual(bodiesOf(messages), ["arrives", "arrives"]);
    await remove(url, messages);
  });

  test("a part is done and reported as failed", async () => {
    const url = queues.urls.nativeDeliveries;
    sqsProxy.set({
      on: on("SendMessageBatch"),
      does: (call, engine) => denyPart(0.5)(call, { ...engine, random: alternating() }),
    });
    const answer = await send(url, "denied", "told");
    assert.deepEqual([answer.Failed?.length, answer.Successful?.length], [1, 1]);
    const messages = await receive(url);
    assert.deepEqual(bodiesOf(messages), ["denied", "told"]);
    await remove(url, messages);
  });

  test("what is reported as deleted comes again, once more received", async () => {
    const url = queues.urls.nativeDeliveries;
    await send(url, "again", "gone");
    sqsProxy.set({
      on: on("DeleteMessageBatch"),
      does: (call, engine) => forgetDeletions(0.5)(call, { ...engine, random: alternating() }),
    });
    const [first, second] = (await receive(url)).sort((a, b) => (a.Body ?? "").localeCompare(b.Body ?? ""));
    assert.ok(first && second);
    const answer = await remove(url, [first, second]);
    assert.deepEqual([answer.Failed?.length ?? 0, answer.Successful?.length], [0, 2]);
    sqsProxy.set();
    const messages = await receive(url, 5);
    assert.deepEqual(bodiesOf(messages), ["again"]);
    assert.equal(messages[0]?.Attributes?.ApproximateReceiveCount, "2");
    await remove(url, messages);
  });

  test("what is reported as done is not done", async () => {
    const url = queues.urls.nativeDeliveries;
    await send(url, "stays");
    sqsProxy.set({ on: on("DeleteMessageBatch"), does: pretend });
    const messages = await receive(url);
    assert.equal((await remove(url, messages)).Successful?.length, 1);
    sqsProxy.set();
    const asked = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ["All"] });
    const { Attributes } = await sqs.send(asked);
    assert.equal(Attributes?.["ApproximateNumberOfMessagesNotVisible"], "1");
    await remove(url, messages);
  });
});

describe("deliveries", () => {
  test("visibility that ends early hands a message out again while it is in hand", async () => {
    const url = queues.urls.nativeDeliveries;
    await send(url, "twice");
    sqsProxy.set({ on: on("ReceiveMessage"), does: expireEarly(1, 0) });
    const first = await receive(url);
    sqsProxy.set();
    const second = await receive(url, 5);
    assert.deepEqual([bodiesOf(first), bodiesOf(second)], [["twice"], ["twice"]]);
    assert.notEqual(first[0]?.ReceiptHandle, second[0]?.ReceiptHandle);
    await remove(url, second);
  });

  test("a standard queue's order is changed, some come twice, none is lost", async () => {
    const url = queues.urls.iqStanzas;
    const bodies = Array.from({ length: 10 }, (_, index) => `iq ${index}`);
    await send(url, ...bodies);
    sqsProxy.set({ on: on("ReceiveMessage"), does: disorderly(disorder(0.5)) });
    const got: Message[] = [];
    for (let empty = 0; empty < 2; ) {
      const messages = await receive(url);
      const ids = new Set(messages.map(({ MessageId }) => MessageId));
      assert.equal(ids.size, messages.length, "an answer holds nothing twice");
      empty = messages.length === 0 ? empty + 1 : 0;
      got.push(...messages);
    }
    const arrived = got.map(({ Body }) => Body ?? "");
    assert.deepEqual([...new Set(arrived)].sort(), bodies.toSorted());
    assert.ok(arrived.length > bodies.length, "some come twice");
    assert.notDeepEqual([...new Set(arrived)], bodies);
    const once = [...new Map(got.map((message) => [message.MessageId, message])).values()];
    await remove(url, once);
  });
});

/** 0, 0.9, 0, 0.9, …: with a share of one half every other one is chosen. */
function alternating() {
  let calls = 0;
  return () => {
    calls += 1;
    return calls % 2 === 1 ? 0 : 0.9;
  };
}

/** A behaviour with numbers that go round, and the same in each run. */
function disorderly(behaviour: ReturnType<typeof disorder>): ReturnType<typeof disorder> {
  let state = 1;
  const next = () => {
    state = (state * 16_807) % 2_147_483_647;
    return state / 2_147_483_647;
  };
  return (call, engine) => behaviour(call, { ...engine, random: next });
}
