/** What the connector records: nothing but ids, of each stanza in and of each item out, also where it is not confirmed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { untraced } from "#aws/tracer.ts";
import { isSampled, partsOfTrace } from "#core/trace.ts";
import { keepSpans } from "#test/harness/spans.ts";
import { chat, domain, inboundChat, itemsSent, outbound, presence, removed, startRig } from "./support.ts";

test("a stanza is recorded from its reading until it is in the queue", async (t) => {
  const { tracer, spans } = keepSpans(1);
  const rig = await startRig(t, { tracer });
  const sending = Promise.withResolvers<[]>();
  rig.queues.answer = (queue) => (queue === "messageStanzas" ? sending.promise : []);
  const peer = await rig.accept();
  peer.write(inboundChat("m1", "a secret"));
  await rig.queues.until((calls) => itemsSent(calls, "messageStanzas").length === 1);
  await tracer.flush();
  assert.ok(!spans.some(({ name }) => name === "stanza in"), "it is not there yet");
  const [item] = itemsSent(rig.queues.calls, "messageStanzas");
  sending.resolve([]);
  await rig.connector.stop();
  await tracer.flush();
  const span = spans.find(({ name }) => name === "stanza in");
  assert.equal(span?.spanContext().spanId, partsOfTrace(item?.trace ?? "")?.spanId);
  assert.deepEqual(
    { ...span?.attributes, bytes: 0, lane: "" },
    {
      domain,
      cause: `${item?.fence}.0`,
      queue: "messageStanzas",
      lane: "",
      bytes: 0,
      kind: "message",
      type: "chat",
      stanza: "m1",
      contact: "alice@localhost",
      ghost: `nina@${domain}`,
    },
  );
});

test("a stanza that may not go in is recorded with the reason, and its letter names the trace", async (t) => {
  const { tracer, spans } = keepSpans(1);
  const rig = await startRig(t, { tracer });
  const peer = await rig.accept();
  peer.write(inboundChat("m1").replace(domain, "elsewhere.example"));
  await rig.queues.until((calls) => calls.some(({ kind }) => kind === "aside"));
  await rig.connector.stop();
  await tracer.flush();
  const span = spans.find(({ name }) => name === "stanza in");
  assert.equal(span?.status.message, "wrong-to");
  const [aside] = rig.queues.calls.flatMap((call) => (call.kind === "aside" ? [call.letter] : []));
  assert.equal(aside?.trace?.slice(3, 35), span?.spanContext().traceId);
});

test("an unsampled stanza has a trace id all the same", async (t) => {
  const rig = await startRig(t, { tracer: untraced });
  const peer = await rig.accept();
  peer.write(inboundChat("m1"));
  await rig.queues.until((calls) => itemsSent(calls, "messageStanzas").length === 1);
  const [item] = itemsSent(rig.queues.calls, "messageStanzas");
  assert.ok(partsOfTrace(item?.trace ?? ""));
  assert.equal(isSampled(item?.trace ?? ""), false);
});

test("an item is recorded until it is confirmed, a template once for all its recipients", async (t) => {
  const { tracer, spans } = keepSpans(0);
  const rig = await startRig(t, { tracer });
  await rig.accept();
  const recipients = Array.from({ length: 1_000 }, (_, n) => `contact${n}@localhost`);
  rig.queues.offer("outboundPresence", [outbound("template", [{ xml: presence(), recipients }])]);
  await rig.queues.until(removed("template"));
  rig.queues.offer("outboundStanzas", [outbound("unfit", [{ xml: "<message" }])]);
  await rig.queues.until(removed("unfit"));
  await rig.connector.stop();
  await tracer.flush();
  assert.deepEqual(
    spans.map(({ name, attributes, status, events }) => [
      name,
      attributes["id"],
      attributes["recipients"],
      status.message,
      events.map((event) => event.name),
    ]),
    [
      ["stanza out", "template.0", 1_000, undefined, ["written"]],
      ["stanza out", "unfit.0", undefined, "unfit", ["written"]],
    ],
  );
});

for (const queue of ["outboundStanzas", "outboundPresence"] as const) {
  test(`what the stream's end leaves unconfirmed says so (${queue})`, async (t) => {
    const { tracer, spans } = keepSpans(0);
    const rig = await startRig(t, { tracer });
    const peer = await rig.accept();
    peer.echo = false;
    const recipients = Array.from({ length: 1_000 }, (_, n) => `contact${n}@localhost`);
    const item = queue === "outboundStanzas" ? { xml: chat("a") } : { xml: presence(), recipients };
    rig.queues.offer(queue, [outbound("one", [item])]);
    await peer.expect(/<iq[^>]*><ping/);
    peer.socket.destroy();
    await rig.logged("stream.down");
    await rig.connector.stop();
    await tracer.flush();
    assert.deepEqual(
      spans.map(({ name, status }) => [name, status.message]),
      [["stanza out", "not-confirmed"]],
    );
  });
}
