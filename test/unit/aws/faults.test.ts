import assert from "node:assert/strict";
import { test } from "node:test";
import { GetItemCommand } from "@aws-sdk/client-dynamodb";
import { ListQueuesCommand } from "@aws-sdk/client-sqs";
import { isTransient, TransientFault } from "#aws/faults.ts";
import { dynamodbClientFor, sqsClientFor } from "#local/aws-clients.ts";

const failure = (call: Promise<unknown>) =>
  call.then(
    () => assert.fail("it did not fail"),
    (error: unknown) => error,
  );

test("what the network says is transient: nobody listens, no such host", async () => {
  for (const endpoint of ["http://127.0.0.1:1", "http://nowhere.invalid:9324"]) {
    const sqs = sqsClientFor(endpoint);
    assert.ok(isTransient(await failure(sqs.send(new ListQueuesCommand({})))));
    const dynamodb = dynamodbClientFor(endpoint);
    const get = new GetItemCommand({ TableName: "causeway", Key: { pk: { S: "a" }, sk: { S: "b" } } });
    assert.ok(isTransient(await failure(dynamodb.send(get))));
  }
});

test("what AWS says is transient unless it refuses the content", () => {
  const said = (name: string) => Object.assign(new Error("said"), { name, $metadata: {}, $fault: "client" });
  for (const name of [
    "ThrottlingException",
    "AccessDeniedException",
    "QueueDoesNotExist",
    "InternalServerError",
  ])
    assert.ok(isTransient(said(name)), name);
  for (const name of [
    "ValidationException",
    "InvalidMessageContents",
    "ItemCollectionSizeLimitExceededException",
  ])
    assert.ok(!isTransient(said(name)), name);
});

test("errors of our own code are not transient, what we say is transient is", () => {
  for (const error of [new TypeError("x"), new Error("x"), "x", undefined]) assert.ok(!isTransient(error));
  assert.ok(!isTransient(Object.assign(new Error("x"), { code: "ERR_INVALID_ARG_TYPE" })));
  assert.ok(isTransient(Object.assign(new Error("x"), { code: "EAI_AGAIN" })));
  assert.ok(isTransient(Object.assign(new Error("x"), { code: "ECONNRESET" })));
  assert.ok(isTransient(new TransientFault("x")));
});
