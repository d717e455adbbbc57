import assert from "node:assert/strict";
import { test } from "node:test";
import { parseLogLine } from "#local/ops/logs.ts";
import { stepsOf, stepText, whereNow } from "#local/ops/message-path.ts";
import { type CollectedSpan, readSpans } from "#local/traces/collector.ts";
import { spanLine } from "#local/traces/span-line.ts";
import { treeOf } from "#local/traces/tree.ts";

const at = (ms: number) => BigInt(1_700_000_000_000 + ms) * 1_000_000n;

function span(
  spanId: string,
  parentSpanId: string | undefined,
  fromMs: number,
  toMs: number,
  more: Partial<CollectedSpan> = {},
): CollectedSpan {
  return {
    traceId: "t1",
    spanId,
    parentSpanId,
    name: spanId,
    service: "causeway-connector",
    startNs: at(fromMs),
    endNs: at(toMs),
    fields: {},
    events: [],
    links: [],
    ...more,
  };
}

test("a trace is shown as a tree in the order of time, with what failed", () => {
  const lines = treeOf([
    span("stanza out", "message", 30, 45),
    span("message", "stanza in", 12, 20, { failed: "TimeoutError", fields: { contact: "a@b", queue: "q" } }),
    span("stanza in", undefined, 0, 5),
    span("again", "stanza in", 21, 29, { fields: { receives: "2" } }),
  ]);
  assert.deepEqual(lines, [
    "trace t1",
    "     0 ms      5.0 ms  stanza in  @connector",
    "    12 ms      8.0 ms    message  @connector  contact=a@b  FAILED: TimeoutError",
    "    30 ms     15.0 ms      stanza out  @connector",
    "    21 ms      8.0 ms    again  @connector  receives=2",
  ]);
});

test("a span whose parent is not there stands at the left", () => {
  const lines = treeOf([span("child", "gone", 3, 4)]);
  assert.deepEqual(lines, ["trace t1", "     0 ms      1.0 ms  child  @connector"]);
  assert.deepEqual(treeOf([]), []);
});

for (const body of ["", "{}", '{"resourceSpans":[{}]}', "[]"]) {
  test(`${JSON.stringify(body)} is no request`, () => {
    assert.throws(() => readSpans(body));
  });
}

test("the way of a message is told by spans, too, which do not say where it is", () => {
  const fields = { stanza: "m1", id: "2.1", contact: "a@b" };
  const line = parseLogLine(
    "spans",
    spanLine(span("stanza in", undefined, 0, 2, { fields, failed: "late" })),
  );
  assert.equal(line?.at, 1_700_000_000_000);
  for (const id of ["t1", "m1", "2.1"]) {
    const steps = stepsOf([line], new Set([id]));
    assert.deepEqual(steps.map(stepText), ["trace (stanza in, connector, 2.0 ms, late)"]);
    assert.match(
      whereNow({ steps, deadLetters: [], waitingIn: [], streamUp: true }),
      /^No part has logged it/,
    );
  }
  assert.deepEqual(stepsOf([line], new Set(["a@b"])), []);
});
