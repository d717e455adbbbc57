import assert from "node:assert/strict";
import { test } from "node:test";
import { failedIds } from "#local/sqs-event.ts";

const sent = ["a", "b", "c"];
const failedOf = (answer: unknown) => [...failedIds(answer, sent)];

test("an empty answer, and one without failures, is the success of all", () => {
  for (const answer of [undefined, null, {}, { batchItemFailures: null }, { batchItemFailures: [] }]) {
    assert.deepEqual(failedOf(answer), []);
  }
});

test("the messages that the answer names failed, and no others", () => {
  assert.deepEqual(failedOf({ batchItemFailures: [{ itemIdentifier: "b" }] }), ["b"]);
});

test("an answer that Lambda could not read is the failure of all", () => {
  const broken = [{ itemIdentifier: "" }, { itemIdentifier: null }, { identifier: "b" }, null];
  for (const item of broken) assert.deepEqual(failedOf({ batchItemFailures: [item] }), sent);
  assert.deepEqual(failedOf({ batchItemFailures: "b" }), sent);
});

test("an id that was not in the batch is the failure of all", () => {
  assert.deepEqual(failedOf({ batchItemFailures: [{ itemIdentifier: "a" }, { itemIdentifier: "x" }] }), sent);
});
