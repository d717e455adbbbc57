/** Spans as Transaction Search keeps them, one JSON object each. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseLogLine } from "#local/ops/logs.ts";
import { stepsOf, stepText } from "#local/ops/message-path.ts";
import { spanOfRecord, spanQuery } from "#local/ops/spans-aws.ts";
import { spanLine } from "#local/traces/span-line.ts";
import { spanRecord, traceOfRecord } from "#test/fixtures/span-record.ts";

const lineOf = (change: object = {}) => {
  const span = spanOfRecord(JSON.stringify({ ...spanRecord, ...change }));
  assert.ok(span);
  return parseLogLine("spans", spanLine(span));
};

test("a record is read as the span that was sent", () => {
  const span = spanOfRecord(JSON.stringify(spanRecord));
  assert.deepEqual(
    [span?.traceId, span?.name, span?.service, span?.failed],
    [traceOfRecord, "native message.sent", "causeway-native", undefined],
  );
  assert.equal((span?.endNs ?? 0n) - (span?.startNs ?? 0n), 88_900_000n);
  assert.deepEqual([span?.fields["id"], span?.fields["receives"]], ["e-1", "1"]);
});

test("it is a step of the message's way, found by trace and by id", () => {
  const line = lineOf();
  assert.ok(line);
  for (const id of [traceOfRecord, "e-1"]) {
    const [step] = stepsOf([line], new Set([id]));
    assert.ok(step, id);
    assert.equal(stepText(step), "trace (native message.sent, native, 88.9 ms)");
    assert.equal(new Date(step.at).toISOString(), "2026-11-02T09:30:00.000Z");
  }
});

test("a span that failed says why", () => {
  const [step] = stepsOf(
    [lineOf({ status: { code: "ERROR", message: "not-confirmed" } })].flatMap((line) => line ?? []),
    new Set([traceOfRecord]),
  );
  assert.match(step?.detail ?? "", /not-confirmed/);
});

test("what others' programs keep there is read or passed over, and ends nothing", () => {
  const { resource: _, status: __, ...bare } = spanRecord;
  assert.equal(
    spanOfRecord(JSON.stringify({ ...bare, attributes: { list: [1], on: true } }))?.service,
    "unknown",
  );
  for (const text of ["", "{", "null", "[]", "{}", JSON.stringify({ ...spanRecord, name: 1 })]) {
    assert.equal(spanOfRecord(text), undefined, text);
  }
});

test("traces are asked for by the field that every log group indexes", () => {
  assert.equal(
    spanQuery(["a", "b"]),
    'fields @message | filter traceId in ["a", "b"] | sort @timestamp asc | limit 1000',
  );
});
