/** What we rely on in the local engines, and where they differ from AWS: facts that other tests stand on. */
import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import {
  GetItemCommand,
  PutItemCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
} from "@aws-sdk/client-sqs";
import { failedConditions, isConditionFailure } from "#aws/attributes.ts";
import { limits } from "#core/limits.ts";
import { takeDeadLetters } from "#test/harness/functions.ts";
import { unique } from "#test/harness/lambda-events.ts";
import { useEngines } from "#test/harness/use-engines.ts";

const engines = await useEngines();
/** Groups are each test's own: what one leaves in hand must not block another. */
let groups = "";

beforeEach(() => {
  groups = `-${unique()}`;
});

const QueueUrl = () => engines.addresses.urls.messageStanzas;
const send = (MessageBody: string, group: string, dedup = `d${unique()}`) =>
  engines.sqs.send(
    new SendMessageCommand({
      QueueUrl: QueueUrl(),
      MessageBody,
      MessageGroupId: group + groups,
      MessageDeduplicationId: dedup,
    }),
  );
async function receive(VisibilityTimeout = 60, WaitTimeSeconds = 0): Promise<Message[]> {
  const command = new ReceiveMessageCommand({
    QueueUrl: QueueUrl(),
    MaxNumberOfMessages: 10,
    WaitTimeSeconds,
    VisibilityTimeout,
    MessageSystemAttributeNames: ["All"],
  });
  return (await engines.sqs.send(command)).Messages ?? [];
}
const bodies = (messages: readonly Message[]) => messages.map(({ Body }) => Body).sort();
const remove = ({ ReceiptHandle }: Message) =>
  engines.sqs.send(new DeleteMessageCommand({ QueueUrl: QueueUrl(), ReceiptHandle }));

describe("the SQS engine", () => {
  test("holds a group back while one of its messages is in hand, and no other group", async () => {
    await send("a1", "a");
    const [first] = await receive();
    await send("a2", "a");
    await send("b1", "b");
    assert.deepEqual(bodies(await receive()), ["b1"]);
    assert.ok(first);
    await remove(first);
    assert.deepEqual(bodies(await receive()), ["a2"]);
  });

  test("hands out one message of a group at a time: AWS hands out as many as it has", async () => {
    for (const body of ["a1", "a2", "b1", "b2"]) await send(body, body.slice(0, 1));
    assert.deepEqual(bodies(await receive()), ["a1", "b1"]);
  });

  test("hands a message out again when its visibility is over, counted, under the same number", async () => {
    await send("x", "a");
    const [first] = await receive(1);
    const [second] = await receive(60, 5);
    assert.equal(second?.MessageId, first?.MessageId);
    assert.equal(second?.Attributes?.ApproximateReceiveCount, "2");
    assert.equal(second?.Attributes?.SequenceNumber, first?.Attributes?.SequenceNumber);
  });

  test("gives a message back at once when its visibility is set to zero", async () => {
    await send("x", "a");
    const [{ ReceiptHandle } = {}] = await receive();
    await engines.sqs.send(
      new ChangeMessageVisibilityCommand({ QueueUrl: QueueUrl(), ReceiptHandle, VisibilityTimeout: 0 }),
    );
    assert.deepEqual(bodies(await receive()), ["x"]);
  });

  test("numbers messages upwards, as decimal numbers", async () => {
    for (const body of ["1", "2", "3"]) await send(body, `g${body}`);
    const numbers = (await receive())
      .sort((a, b) => Number(a.Body) - Number(b.Body))
      .map(({ Attributes }) => Attributes?.SequenceNumber ?? "");
    assert.equal(numbers.length, 3);
    for (const number of numbers) assert.match(number, /^\d{1,39}$/);
    assert.deepEqual(
      numbers,
      [...numbers].sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1)),
    );
  });

  test("drops a repeated deduplication id, other body or not, also when the first was deleted", async () => {
    const first = await send("once", "a", "same");
    const [message] = await receive();
    assert.ok(message);
    await remove(message);
    const second = await send("twice", "a", "same");
    assert.equal(second.MessageId, first.MessageId);
    assert.equal(second.SequenceNumber, first.SequenceNumber);
    assert.deepEqual(await receive(), []);
  });

  test("takes deduplication ids for the whole queue: AWS for each group, as the definitions say", async () => {
    await send("a1", "a", "shared");
    await send("b1", "b", "shared");
    assert.deepEqual(bodies(await receive()), ["a1"]);
  });

  test("moves what was received too often to the dead letters", async () => {
    const arn = engines.addresses.arns.messageStanzas.replace(/\.fifo$/, "-dead.fifo");
    const redriveAfter = (maxReceiveCount: number) =>
      engines.sqs.send(
        new SetQueueAttributesCommand({
          QueueUrl: QueueUrl(),
          Attributes: { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: arn, maxReceiveCount }) },
        }),
      );
    await redriveAfter(2);
    await send('{"poison":true}', "a");
    await send('"next"', "a");
    assert.deepEqual(bodies(await receive(0)), ['{"poison":true}']);
    assert.deepEqual(bodies(await receive(0)), ['{"poison":true}']);
    assert.deepEqual(bodies(await receive()), ['"next"']);
    assert.deepEqual(await takeDeadLetters(engines, "messageStanzas"), [{ poison: true }]);
    await redriveAfter(limits.receivesMax);
  });

  test("takes 1 MiB in a message and in a batch, and not a byte more", async () => {
    const body = "x".repeat(limits.queueMessageBytesMax);
    await send(body, "a");
    await assert.rejects(send(`${body}x`, "b"));
    const half = "x".repeat(limits.queueMessageBytesMax / 2);
    const batch = (more: string) =>
      engines.sqs.send(
        new SendMessageBatchCommand({
          QueueUrl: QueueUrl(),
          Entries: ["c", "d"].map((group) => ({
            Id: group,
            MessageBody: group === "d" ? half + more : half,
            MessageGroupId: group,
            MessageDeduplicationId: `d${unique()}`,
          })),
        }),
      );
    assert.equal((await batch("")).Successful?.length, 2);
    await assert.rejects(batch("x"), { name: "BatchRequestTooLong" });
  });
});

describe("the DynamoDB engine", () => {
  const key = (name: string) => ({ pk: { S: name }, sk: { S: "fact" } });
  const put = (name: string, item: Record<string, { S: string }>) =>
    engines.dynamodb.send(
      new PutItemCommand({ TableName: engines.tableName, Item: { ...key(name), ...item } }),
    );
  const failureOf = (call: Promise<unknown>) =>
    call.then(
      () => assert.fail("it was done"),
      (error: unknown) => error,
    );

  test("tells the old item with a condition that does not hold", async () => {
    await put("old", { mark: { S: "2" } });
    const error = await failureOf(
      engines.dynamodb.send(
        new UpdateItemCommand({
          TableName: engines.tableName,
          Key: key("old"),
          UpdateExpression: "SET mark = :mark",
          ConditionExpression: "mark < :mark",
          ExpressionAttributeValues: { ":mark": { S: "1" } },
          ReturnValuesOnConditionCheckFailure: "ALL_OLD",
        }),
      ),
    );
    assert.ok(isConditionFailure(error));
    assert.deepEqual((error as { Item?: unknown }).Item, { ...key("old"), mark: { S: "2" } });
  });

  test("computes an update from the item as it was before", async () => {
    await put("swap", { a: { S: "1" } });
    const update = (next: string) =>
      engines.dynamodb.send(
        new UpdateItemCommand({
          TableName: engines.tableName,
          Key: key("swap"),
          UpdateExpression: "SET was = if_not_exists(a, :none), a = :next",
          ExpressionAttributeValues: { ":none": { S: "" }, ":next": { S: next } },
          ReturnValues: "ALL_NEW",
        }),
      );
    assert.equal((await update("2")).Attributes?.["was"]?.S, "1");
    assert.equal((await update("3")).Attributes?.["was"]?.S, "2");
  });

  test("does a transaction wholly or not at all, and says which condition did not hold", async () => {
    await put("there", {});
    const error = await failureOf(
      engines.dynamodb.send(
        new TransactWriteItemsCommand({
          TransactItems: ["new", "there"].map((name) => ({
            Put: {
              TableName: engines.tableName,
              Item: key(name),
              ConditionExpression: "attribute_not_exists(pk)",
            },
          })),
        }),
      ),
    );
    assert.ok(error instanceof Error);
    assert.deepEqual(failedConditions(error), [1]);
    const read = new GetItemCommand({ TableName: engines.tableName, Key: key("new"), ConsistentRead: true });
    assert.equal((await engines.dynamodb.send(read)).Item, undefined);
  });

  test("refuses reserved words and keys that are too long, as AWS does", async () => {
    const reserved = new UpdateItemCommand({
      TableName: engines.tableName,
      Key: key("word"),
      UpdateExpression: "SET state = :x",
      ExpressionAttributeValues: { ":x": { S: "x" } },
    });
    await assert.rejects(engines.dynamodb.send(reserved), { name: "ValidationException" });
    const Key = { pk: { S: "long" }, sk: { S: "x".repeat(1025) } };
    const long = new GetItemCommand({ TableName: engines.tableName, Key });
    await assert.rejects(engines.dynamodb.send(long), { name: "ValidationException" });
  });
});
