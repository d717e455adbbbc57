/** The proxy that faults of AWS are made with, before the real engines and behind the real SDK. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  GetItemCommand,
  PutItemCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import {
  answerInPart,
  breakAfter,
  cancelTransaction,
  ignore,
  loseAnswer,
  refuse,
  waitFor,
} from "#bench/faults/aws-behaviours.ts";
import { type Call, partitionOf } from "#bench/faults/aws-call.ts";
import { bodiesOf, on, useProxiedEngines } from "#test/harness/proxied-engines.ts";

const engines = await useProxiedEngines();

describe("calls without a rule", () => {
  test("pass as they are, and are counted", async () => {
    const before = engines.sqsProxy.calls["SendMessageBatch"] ?? 0;
    const url = engines.queues.urls.nativeEvents;
    await engines.send(url, "one", "two");
    const messages = await engines.receive(url);
    assert.deepEqual(bodiesOf(messages), ["one", "two"]);
    await engines.remove(url, messages);
    assert.equal(engines.sqsProxy.calls["SendMessageBatch"], before + 1);
    assert.equal(engines.sqsProxy.changed["SendMessageBatch"] ?? 0, 0);
  });

  test("a receive whose caller is gone takes nothing", async () => {
    const url = engines.queues.urls.nativeEvents;
    const gone = new AbortController();
    const command = new ReceiveMessageCommand({ QueueUrl: url, WaitTimeSeconds: 20 });
    const waiting = engines.sqs.send(command, { abortSignal: gone.signal });
    // Round trips behind each: by then the engine has read the request, and noticed the end.
    for (let trips = 0; trips < 5; trips += 1) await engines.receive(url);
    gone.abort();
    await assert.rejects(waiting, { name: "AbortError" });
    for (let trips = 0; trips < 5; trips += 1) await engines.receive(url);
    await engines.send(url, "for another");
    const messages = await engines.receive(url, 5);
    assert.deepEqual(bodiesOf(messages), ["for another"]);
    await engines.remove(url, messages);
  });
});

describe("refusals and silence", () => {
  test("SQS throttles, as the SDK understands it, and nothing was done", async () => {
    const url = engines.queues.urls.nativeDeliveries;
    engines.sqsProxy.set({ on: on("SendMessageBatch"), does: refuse(400, "RequestThrottled") });
    await assert.rejects(engines.send(url, "one"), { name: "RequestThrottled", $fault: "client" });
    engines.sqsProxy.set({ on: on("SendMessageBatch"), does: refuse(503, "ServiceUnavailable") });
    await assert.rejects(engines.send(url, "one"), { name: "ServiceUnavailable" });
    engines.sqsProxy.set();
    assert.deepEqual(await engines.receive(url), []);
  });

  test("DynamoDB throttles by its own names", async () => {
    const read = new GetItemCommand({ TableName: engines.table, Key: { pk: { S: "a" }, sk: { S: "b" } } });
    engines.dynamodbProxy.set({
      on: on("GetItem"),
      does: refuse(400, "ProvisionedThroughputExceededException"),
    });
    await assert.rejects(engines.dynamodb.send(read), { name: "ProvisionedThroughputExceededException" });
    engines.dynamodbProxy.set({ on: (call) => partitionOf(call) === "other", does: ignore });
    assert.equal((await engines.dynamodb.send(read)).Item, undefined, "calls about other items pass");
  });

  test("a call that waits is served when the stall ends", async () => {
    const stall = Promise.withResolvers<void>();
    engines.sqsProxy.set({ on: on("SendMessageBatch"), does: waitFor(stall.promise) });
    const url = engines.queues.urls.nativeDeliveries;
    const sending = engines.send(url, "late");
    const first = await Promise.race([sending, engines.receive(url, 1)]);
    assert.deepEqual(first, [], "the send waits");
    stall.resolve();
    await sending;
    const messages = await engines.receive(url, 5);
    assert.deepEqual(bodiesOf(messages), ["late"]);
    await engines.remove(url, messages);
  });

  for (const [what, does] of [
    ["that is lost", loseAnswer],
    ["that never ends", answerInPart],
  ] as const) {
    test(`an answer ${what}: the caller gives up, and it was done all the same`, async () => {
      const item = { pk: { S: what }, sk: { S: "answer" } };
      const write = new PutItemCommand({ TableName: engines.table, Item: item });
      engines.dynamodbProxy.set({ on: on("PutItem"), does });
      const patience = AbortSignal.timeout(500);
      await assert.rejects(engines.dynamodb.send(write, { abortSignal: patience }), { name: "AbortError" });
      const read = new GetItemCommand({ TableName: engines.table, Key: item, ConsistentRead: true });
      assert.deepEqual((await engines.dynamodb.send(read)).Item, item);
    });
  }

  test("a connection that breaks after a conditional write makes the SDK's repeat a conflict", async () => {
    const write = new PutItemCommand({
      TableName: engines.table,
      Item: { pk: { S: "once" }, sk: { S: "only" } },
      ConditionExpression: "attribute_not_exists(pk)",
    });
    let broken = false;
    const first = (call: Call) => call.action === "PutItem" && !broken;
    engines.dynamodbProxy.set({
      on: first,
      does: (call, engine) => {
        broken = true;
        return breakAfter(call, engine);
      },
    });
    await assert.rejects(engines.dynamodb.send(write), { name: "ConditionalCheckFailedException" });
  });

  test("a cancelled transaction names a conflict for each of its items", async () => {
    engines.dynamodbProxy.set({ on: on("TransactWriteItems"), does: cancelTransaction });
    const put = (pk: string) => ({
      Put: { TableName: engines.table, Item: { pk: { S: pk }, sk: { S: "t" } } },
    });
    const write = new TransactWriteItemsCommand({ TransactItems: [put("t1"), put("t2")] });
    await assert.rejects(
      engines.dynamodb.send(write),
      (error: Error & { CancellationReasons?: unknown[] }) => {
        assert.equal(error.name, "TransactionCanceledException");
        assert.equal(error.CancellationReasons?.length, 2);
        return true;
      },
    );
    engines.dynamodbProxy.set({ on: on("UpdateItem"), does: refuse(400, "TransactionConflictException") });
    const update = new UpdateItemCommand({
      TableName: engines.table,
      Key: { pk: { S: "t1" }, sk: { S: "t" } },
    });
    await assert.rejects(engines.dynamodb.send(update), { name: "TransactionConflictException" });
  });
});
