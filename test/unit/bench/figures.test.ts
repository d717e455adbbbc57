import assert from "node:assert/strict";
import { test } from "node:test";
import { median, quantile, spreadOf, spreadText } from "#bench/figures.ts";
import { billOf, loggedSince } from "#bench/load/bill.ts";
import { rateText } from "#bench/load/rate.ts";
import { tableText } from "#bench/table.ts";

test("medians and quantiles need no order", () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.equal(quantile([5, 1, 4, 2, 3], 0.5), 3);
  assert.equal(quantile([1, 2, 3], 1), 3);
  assert.equal(quantile([], 0.5), 0);
});

test("several runs are told by their median, lowest and highest", () => {
  const text = spreadText(spreadOf([30, 10, 20]), (value) => `${value}`);
  assert.equal(text, "20 (10 to 30)");
});

test("a rate that was not kept is told with what was reached", () => {
  assert.equal(rateText(500, 498.7), "500");
  assert.equal(rateText(500, 400), "500");
  assert.equal(rateText(500, 271.6), "500: 272");
  assert.equal(rateText(undefined, 271.6), "maximum: 272");
});

test("a table is Markdown with columns in line", () => {
  assert.deepEqual(tableText("Title", ["", "b"], [["long", "1"], ["x"]]).split("\n"), [
    "### Title",
    "",
    "|      | b   |",
    "|------|-----|",
    "| long | 1   |",
    "| x    |     |",
  ]);
});

test("a bill counts what was asked, and leaves out receives that brought nothing", () => {
  const sqs = {
    "a.fifo": {
      SendMessageBatch: { requests: 100, billed: 120, empty: 0 },
      ReceiveMessage: { requests: 110, billed: 110, empty: 10 },
    },
  };
  const logged = { invocations: 50, handledMs: 2_000, bytes: 4_000_000 };
  const bill = billOf({ sqs, dynamodb: { GetItem: 8, PutItem: 2 }, logged }, 1_000);
  assert.deepEqual(
    [bill.sqsRequests, bill.sqsBilled, bill.emptyReceives, bill.dynamodbReads, bill.dynamodbWrites],
    [200, 220, 10, 8, 2],
  );
  // For 1,000 messages, in millionths of a dollar: 220 × 0.5 + 50 × 0.2 + 2 s at 0.5 GB × 13.3334 + 2 × 0.625 + 8 × 0.125 + 4 MB at 0.5 a GB.
  const millionths = 110 + 10 + 13.3334 + 1.25 + 1 + 2_000;
  assert.ok(Math.abs(bill.usdPerMillion - millionths / 1_000) < 1e-9, `${bill.usdPerMillion}`);
});

test("only what is new in logs counts", () => {
  const line = (ms: number) =>
    `{"level":"info","event":"handled","function":"message","items":[["a"]],"failed":0,"ms":${ms}}\n`;
  const before = new Map([["function-message.log", line(5)]]);
  const now = new Map([
    ["function-message.log", line(5) + line(7) + line(8)],
    ["connector.log", "{}\n"],
  ]);
  assert.deepEqual(loggedSince(before, now), {
    invocations: 2,
    handledMs: 15,
    bytes: line(7).length + line(8).length + 3,
  });
});
