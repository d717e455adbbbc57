/** What functions record: one span an item, under its own parent, linked to the invocation; ids alone. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { TransientFault } from "#aws/faults.ts";
import { untraced } from "#aws/tracer.ts";
import { encodeItem, type WalkTask, writePack } from "#core/contract/envelope.ts";
import { isSampled, partsOfTrace } from "#core/trace.ts";
import { messageWork } from "#functions/message.ts";
import { nativeWork } from "#functions/native.ts";
import { makeHandler } from "#functions/pipeline.ts";
import { walkWork } from "#functions/walk.ts";
import {
  domain,
  type LogEntry,
  pairOf,
  portsOver,
  relate,
  takeDeadLetters,
  takeEvents,
  takeStanzas,
} from "#test/harness/functions.ts";
import {
  invocation,
  nativeRecord,
  pack,
  readTime,
  record,
  stanza,
  trace,
} from "#test/harness/lambda-events.ts";
import { keepSpans } from "#test/harness/spans.ts";
import { useEngines } from "#test/harness/use-engines.ts";

const engines = await useEngines({ users: ["nina"] });

const parent = partsOfTrace(trace);
const secret = "words of a person";
const chat = (id: string) => stanza("message", { type: "chat", id }, `<body>${secret}</body>`);

test("each item has a span under its own parent, linked to the invocation, and what comes of it goes on there", async () => {
  const { tracer, spans } = keepSpans(0);
  const handler = makeHandler(messageWork, portsOver(engines, { tracer }));
  await handler(invocation(record({ body: pack(chat("a"), chat("b"), "<message") })));
  const items = spans.filter(({ name }) => name === "message");
  assert.deepEqual(
    items.map(({ attributes }) => attributes["stanza"]),
    ["a", "b"],
  );
  const [whole] = spans.filter(({ name }) => name === "invocation message");
  for (const item of items) {
    assert.equal(item.parentSpanContext?.spanId, parent?.spanId);
    assert.equal(item.spanContext().traceId, parent?.traceId);
    assert.equal(item.links[0]?.context.spanId, whole?.spanContext().spanId);
  }
  const events = await takeEvents(engines);
  assert.deepEqual(
    events.map(({ traceparent = "" }) => partsOfTrace(traceparent)?.spanId),
    items.map((item) => item.spanContext().spanId),
  );
  const [aside] = spans.filter(({ name }) => name === "set aside");
  assert.equal(aside?.status.message, "malformed");
  assert.equal((await takeDeadLetters(engines, "messageStanzas"))[0]?.trace, trace);
  assert.ok(!JSON.stringify(spans.map(({ attributes, events }) => [attributes, events])).includes(secret));
});

test("what fails for a while fails its span, and its trace is logged, sampled or not", async () => {
  const { tracer, spans } = keepSpans(0);
  const log: LogEntry[] = [];
  const failing = { ...engines.queues, send: () => Promise.reject(new TransientFault("not now")) };
  for (const each of [tracer, untraced]) {
    const ports = portsOver({ table: engines.table, queues: failing }, { tracer: each, log });
    const answer = await makeHandler(messageWork, ports)(invocation(record({ body: pack(chat("a")) })));
    assert.equal(answer.batchItemFailures.length, 1);
  }
  assert.deepEqual(
    spans.map(({ name, status }) => [name, status.message]),
    [
      ["message", "TransientFault"],
      ["invocation message", undefined],
    ],
  );
  const failed = log.filter(({ event }) => event === "failed");
  assert.deepEqual(
    failed.map(({ traces }) => traces),
    [[trace], [trace]],
  );
});

test("an event without a trace has the same one whenever it comes", async () => {
  const { tracer, spans } = keepSpans(1);
  const one = nativeRecord("roster.requested", { user: "nina" });
  const { traceparent: _, ...bare } = JSON.parse(one.body) as Record<string, unknown>;
  const handler = makeHandler(nativeWork, portsOver(engines, { tracer }));
  for (const receives of ["1", "2"]) {
    const attributes = { ...one.attributes, ApproximateReceiveCount: receives };
    await handler(invocation({ ...one, body: JSON.stringify(bare), attributes }));
  }
  const [first, second] = spans.filter(({ name }) => name === "native roster.requested");
  assert.equal(first?.parentSpanContext, undefined);
  assert.equal(second?.parentSpanContext?.spanId, first?.spanContext().spanId);
  assert.equal(second?.spanContext().traceId, first?.spanContext().traceId);
});

test("of a walk its step is recorded, and not each contact that it speaks to", async () => {
  const { tracer, spans } = keepSpans(0);
  await relate(engines, pairOf("nina", "alice@example.org"), { state: "to" });
  const task: WalkTask = {
    kind: "resync",
    id: "9.greet.0",
    trace,
    hops: 0,
    domain,
    fence: 9,
    since: readTime,
    phase: "greet",
    step: 0,
  };
  const body = writePack([encodeItem(task)]);
  await makeHandler(walkWork, portsOver(engines, { tracer }))(invocation(record({ body, group: "" })));
  assert.deepEqual(
    spans.map(({ name }) => name),
    ["walk resync", "invocation walk"],
  );
  const [probe] = await takeStanzas(engines);
  assert.equal(partsOfTrace(probe?.trace ?? "")?.traceId, parent?.traceId);
  assert.equal(isSampled(probe?.trace ?? ""), false);
  const [connected] = await takeEvents(engines);
  assert.equal(partsOfTrace(connected?.traceparent ?? "")?.spanId, spans[0]?.spanContext().spanId);
});
