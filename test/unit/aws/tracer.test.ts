import assert from "node:assert/strict";
import { test } from "node:test";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import fc from "fast-check";
import { makeSpanBuffer } from "#aws/span-buffer.ts";
import { isChosen, newTrace, tracePartsOf } from "#aws/trace.ts";
import { untraced } from "#aws/tracer.ts";
import { limits } from "#core/limits.ts";
import { isSampled, partsOfTrace } from "#core/trace.ts";
import { keepSpans } from "#test/harness/spans.ts";

const none = () => ({});

const spanIdOf = (trace: string) => partsOfTrace(trace)?.spanId;

test("a trace is one tree: what follows continues its parent, and a later attempt the first", async () => {
  const { tracer, spans } = keepSpans(1);
  const root = tracer.begin("root", none);
  const child = tracer.follow("child", root.trace, () => ({ queue: "q", count: 2, absent: undefined }));
  child.event("written");
  child.fail("not-confirmed");
  for (const span of [child, root]) span.end();
  const attempts = [1, 2].map((number) => tracer.attempt({ id: "m", number }, "attempt", none));
  for (const span of attempts) span.end();
  await tracer.flush();
  const [sentChild, sentRoot, first, second] = spans;
  assert.equal(sentRoot?.parentSpanContext, undefined);
  assert.equal(sentChild?.parentSpanContext?.spanId, spanIdOf(root.trace));
  assert.equal(sentChild?.spanContext().traceId, sentRoot?.spanContext().traceId);
  assert.deepEqual({ ...sentChild?.attributes }, { queue: "q", count: 2 });
  assert.equal(sentChild?.status.message, "not-confirmed");
  assert.deepEqual(first?.spanContext().traceId, tracePartsOf("m").traceId);
  assert.equal(first?.parentSpanContext, undefined);
  assert.equal(second?.parentSpanContext?.spanId, first?.spanContext().spanId);
});

test("the link is asked for in a trace of its own, and only where something is recorded", async () => {
  const { tracer, spans } = keepSpans(1);
  let asked = 0;
  const link = () => {
    asked += 1;
    return tracer.record("invocation", none).trace;
  };
  tracer.follow("unsampled", newTrace(), none, { link }).end();
  assert.equal(asked, 0);
  const root = tracer.begin("root", none, { link });
  root.end();
  await tracer.flush();
  const [sent] = spans;
  assert.equal(sent?.spanContext().spanId, spanIdOf(root.trace));
  assert.notEqual(sent?.links[0]?.context.traceId, sent?.spanContext().traceId);
});

test("what is not sampled is handed on as it came, and its fields are never asked for", async () => {
  const { tracer, spans } = keepSpans(0);
  const never = () => assert.fail("asked");
  for (const each of [tracer, untraced]) {
    const root = each.begin("root", never);
    assert.equal(isSampled(root.trace), false);
    assert.ok(partsOfTrace(root.trace));
    assert.equal(each.follow("child", root.trace, never).trace, root.trace);
    assert.equal(
      each.attempt({ id: "m", number: 2 }, "attempt", never).trace.slice(3, 35),
      tracePartsOf("m").traceId,
    );
    root.end();
    await each.flush();
  }
  assert.deepEqual(spans, []);
});

test("a recorded trace of others is followed whatever our own ratio is, and a broken one is handed on", () => {
  const { tracer } = keepSpans(0);
  const theirs = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const span = tracer.follow("child", theirs, none);
  assert.equal(span.trace.slice(0, 36), theirs.slice(0, 36));
  assert.notEqual(span.trace, theirs);
  assert.equal(tracer.follow("child", "nonsense", none).trace, "nonsense");
});

test("long ids are cut", async () => {
  const { tracer, spans } = keepSpans(1);
  tracer.begin("root", () => ({ id: "x".repeat(5_000) })).end();
  await tracer.flush();
  assert.equal(String(spans[0]?.attributes["id"]).length, limits.traceValueCharsMax);
});

test("the ratio decides by the id: the same says the same, and a larger ratio keeps what a smaller one keeps", () => {
  const ratio = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(fc.uuid(), ratio, ratio, (id, one, other) => {
      const { traceId } = tracePartsOf(id);
      const [less, more] = one < other ? [one, other] : [other, one];
      assert.ok(!isChosen(traceId, less) || isChosen(traceId, more));
      assert.equal(isChosen(traceId, 0), false);
      assert.equal(isChosen(traceId, 1), true);
    }),
  );
  const chosen = Array.from({ length: 10_000 }, (_, n) => tracePartsOf(String(n)).traceId).filter((traceId) =>
    isChosen(traceId, 0.05),
  );
  assert.ok(Math.abs(chosen.length - 500) < 100, `${chosen.length} of 10,000`);
});

/** Spans for a buffer, which never looks into them. */
function endedSpans(count: number): Promise<readonly ReadableSpan[]> {
  const { tracer, spans } = keepSpans(1);
  for (let i = 0; i < count; i++) tracer.begin(String(i), none).end();
  return tracer.flush().then(() => spans);
}

test("a buffer sends in batches, drops what it has no room for, and says how much", async () => {
  const spans = await endedSpans(5);
  const sent: string[][] = [];
  const dropped: unknown[] = [];
  const buffer = makeSpanBuffer({
    limits: { traceSpansMax: 4, traceBatchMax: 3 },
    sendMsMax: 1_000,
    onDropped: (count, reason) => dropped.push([count, reason]),
    async send(batch) {
      sent.push(batch.map(({ name }) => name));
      if (sent.length === 2) throw new TypeError("no collector");
    },
  });
  for (const span of spans) buffer.processor.onEnd(span);
  await buffer.flush();
  assert.deepEqual(sent, [["0", "1", "2"], ["3"]]);
  assert.deepEqual(dropped, [
    [1, "TypeError"],
    [1, "full"],
  ]);
  await buffer.flush();
  assert.equal(sent.length, 2, "nothing is left");
});

test("a collector that never answers holds nobody up for longer than a round may take", async () => {
  const spans = await endedSpans(2);
  const dropped: unknown[] = [];
  const buffer = makeSpanBuffer({
    limits: { traceSpansMax: 10, traceBatchMax: 1 },
    sendMsMax: 20,
    onDropped: (count, reason) => dropped.push([count, reason]),
    send: (_, signal) =>
      new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
  });
  for (const span of spans) buffer.processor.onEnd(span);
  await buffer.flush();
  assert.deepEqual(dropped, [[1, "TimeoutError"]], "the other waits for the next round");
});
