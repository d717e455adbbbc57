import assert from "node:assert/strict";
import { test } from "node:test";
import {
  chat,
  domain,
  idsOf,
  itemsSent,
  outbound,
  presence,
  rawOutbound,
  removed,
  startRig,
} from "./support.ts";

const bodies = (stanzas: readonly string[]) =>
  stanzas.flatMap((xml) => (xml.startsWith("<message") ? [/ id="([^"]*)"/.exec(xml)?.[1]] : []));

test("nothing is received before a stream is up", async (t) => {
  const fence = Promise.withResolvers<number>();
  const rig = await startRig(t, { takeFence: (asked) => (asked === 1 ? 1 : fence.promise) });
  await rig.accept();
  assert.equal(rig.queues.polls("outboundStanzas"), 0);
  fence.resolve(2);
  await rig.logged("stream.up");
  assert.equal(rig.queues.polls("outboundStanzas"), 1);
  assert.equal(rig.queues.polls("outboundPresence"), 1);
});

test("a message is deleted only when the barrier behind it has come back", async (t) => {
  const rig = await startRig(t);
  const peer = await rig.accept();
  peer.echo = false;
  rig.queues.offer("outboundStanzas", [outbound("one", [{ xml: chat("a") }])]);
  await peer.expect(/<iq[^>]*><ping/);
  rig.queues.offer("outboundStanzas", [outbound("two", [{ xml: chat("b") }])]);
  await peer.expect(/<iq[^>]*><ping/);
  assert.deepEqual(
    bodies(peer.stanzas()),
    ["a", "b"],
    "the second is written while the first is unconfirmed",
  );
  assert.deepEqual(idsOf(rig.queues.calls, "remove"), []);
  peer.echoKept(1);
  await rig.queues.until(removed("one"));
  assert.deepEqual(idsOf(rig.queues.calls, "remove"), ["one"]);
  peer.echoKept();
  await rig.queues.until(removed("two"));
});

test("what could not be deleted is deleted again, alone", async (t) => {
  const rig = await startRig(t, { limits: { backoffMsMin: 1, sendRetryMsMax: 1 } });
  await rig.accept();
  rig.queues.undeleted = (messages) => messages.filter(({ id }, _, all) => id === "a" && all.length > 1);
  rig.queues.offer("outboundStanzas", [
    outbound("a", [{ xml: chat("a") }]),
    outbound("b", [{ xml: chat("b") }]),
  ]);
  await rig.queues.until((calls) => idsOf(calls, "remove").length === 3);
  assert.deepEqual(idsOf(rig.queues.calls, "remove"), ["a", "b", "a"]);
});

test("items of a message and messages of a group are written in their order", async (t) => {
  const rig = await startRig(t);
  const peer = await rig.accept();
  const messages = ["a", "b", "c"].map((id) =>
    outbound(id, [{ xml: chat(`${id}1`) }, { xml: chat(`${id}2`) }], "g"),
  );
  rig.queues.offer("outboundStanzas", messages);
  await rig.queues.until(removed("a", "b", "c"));
  assert.deepEqual(bodies(peer.stanzas()), ["a1", "a2", "b1", "b2", "c1", "c2"]);
});

test("when the stream ends everything unconfirmed is given back, later messages first, and comes again with the same ids", async (t) => {
  const rig = await startRig(t);
  const first = await rig.accept();
  first.echo = false;
  const messages = ["a", "b", "c"].map((id) => outbound(id, [{ xml: chat(id) }], "g"));
  rig.queues.offer("outboundStanzas", messages);
  await first.expect(/<iq[^>]*><ping/);
  first.socket.destroy();
  await rig.queues.until((calls) => idsOf(calls, "extend").length === 3);
  assert.deepEqual(idsOf(rig.queues.calls, "extend"), ["c", "b", "a"]);
  assert.deepEqual(
    rig.queues.calls.map((call) => call.kind === "extend" && call.visibilityS),
    [0],
  );
  const second = await rig.accept();
  // A poll of before would still give back what it brings while nothing is up.
  await rig.logged("stream.up");
  await rig.logged("stream.up");
  rig.queues.offer("outboundStanzas", messages);
  await rig.queues.until(removed("a", "b", "c"));
  assert.deepEqual(bodies(second.stanzas()), bodies(first.stanzas()));
});

test("what a poll brings after the stream has ended is given back at once", async (t) => {
  const rig = await startRig(t);
  const peer = await rig.accept();
  await rig.logged("stream.up");
  rig.server.muteNext();
  peer.socket.destroy();
  await rig.logged("stream.down");
  rig.queues.offer("outboundStanzas", [outbound("late", [{ xml: chat("x") }])]);
  await rig.queues.until((calls) => idsOf(calls, "extend").includes("late"));
  assert.equal(rig.connector.health().held, 0);
});

test("what has expired while it waited is deleted unwritten, and its neighbours are written", async (t) => {
  const rig = await startRig(t);
  const peer = await rig.accept();
  const [past, future] = ["2020-01-01T00:00:00.000Z", "2999-01-01T00:00:00.000Z"];
  rig.queues.offer("outboundStanzas", [
    outbound("alone", [{ xml: chat("old"), expires: past }]),
    outbound("among", [
      { xml: chat("before"), expires: future },
      { xml: chat("older"), expires: past },
      { xml: chat("after") },
    ]),
  ]);
  await rig.queues.until(removed("alone", "among"));
  assert.deepEqual(bodies(peer.stanzas()), ["before", "after"]);
  assert.ok(!rig.queues.calls.some(({ kind }) => kind === "aside"));
});

test("a body that is no envelope is set aside whole and deleted", async (t) => {
  const rig = await startRig(t);
  await rig.accept();
  rig.queues.offer("outboundStanzas", [rawOutbound("m", "no json")]);
  await rig.queues.until(removed("m"));
  const aside = rig.queues.calls.find((call) => call.kind === "aside");
  assert.ok(aside?.kind === "aside");
  assert.deepEqual(
    [aside.letter.reason, aside.letter.body, aside.letter.cause],
    ["malformed", "no json", "m"],
  );
});

test("what was confirmed before the stream ended does not come again, what was not does", async (t) => {
  const rig = await startRig(t);
  const peer = await rig.accept();
  peer.echo = false;
  rig.queues.offer("outboundStanzas", [outbound("one", [{ xml: chat("a") }], "g")]);
  await peer.expect(/<iq[^>]*><ping/);
  rig.queues.offer("outboundStanzas", [outbound("two", [{ xml: chat("b") }], "h")]);
  await peer.expect(/<iq[^>]*><ping/);
  peer.echoKept(1);
  await rig.queues.until(removed("one"));
  peer.socket.destroy();
  await rig.queues.until((calls) => idsOf(calls, "extend").length > 0);
  assert.deepEqual(idsOf(rig.queues.calls, "extend"), ["two"]);
  assert.deepEqual(idsOf(rig.queues.calls, "remove"), ["one"]);
});

test("what asks for it is told to the queue of messages once its barrier is back, before it is deleted", async (t) => {
  const rig = await startRig(t);
  const peer = await rig.accept();
  peer.echo = false;
  const items = [
    { xml: chat("asks"), confirm: true },
    { xml: chat("does not") },
    { xml: chat("expired"), confirm: true, expires: "2020-01-01T00:00:00.000Z" },
    { xml: chat("unfit", "\u0001"), confirm: true },
  ];
  rig.queues.offer("outboundStanzas", [outbound("m", items)]);
  await peer.expect(/<ping/);
  const notes = () =>
    itemsSent(rig.queues.calls, "messageStanzas").filter(({ routed }) => routed !== undefined);
  assert.deepEqual(notes(), []);
  peer.echoKept();
  await rig.queues.until(removed("m"));
  assert.deepEqual(
    notes().map(({ routed, xml }) => [routed, xml]),
    [["m.0", `<message type="headline" from="alice@localhost" to="nina@${domain}" id="asks"/>`]],
  );
  const kinds = rig.queues.calls.map(({ kind }) => kind);
  assert.ok(kinds.lastIndexOf("send") < kinds.indexOf("remove"));
});

test("what several messages ask for is told in one pack, in their order", async (t) => {
  const rig = await startRig(t);
  const peer = await rig.accept();
  peer.echo = false;
  const ids = ["a", "b", "c"];
  rig.queues.offer(
    "outboundStanzas",
    ids.map((id) => outbound(id, [{ xml: chat(id), confirm: true }])),
  );
  await peer.expect(/<ping/);
  peer.echoKept();
  await rig.queues.until(removed(...ids));
  assert.deepEqual(
    itemsSent(rig.queues.calls, "messageStanzas").map(({ routed }) => routed),
    ["a.0", "b.0", "c.0"],
  );
  assert.equal(rig.queues.calls.filter(({ kind }) => kind === "send").length, 1);
});

test("an envelope of a newer version waits, and so does the rest of its group, but no other", async (t) => {
  const rig = await startRig(t);
  const peer = await rig.accept();
  rig.queues.offer("outboundStanzas", [
    outbound("a", [{ xml: chat("a") }], "g"),
    rawOutbound("b", '{"v":99}', "g"),
    outbound("c", [{ xml: chat("c") }], "g"),
    outbound("d", [{ xml: chat("d") }], "h"),
  ]);
  await rig.queues.until((calls) => removed("a", "d")(calls) && idsOf(calls, "extend").length === 2);
  assert.deepEqual(bodies(peer.stanzas()), ["a", "d"]);
  assert.deepEqual(idsOf(rig.queues.calls, "extend"), ["c", "b"]);
  const back = rig.queues.calls.find((call) => call.kind === "extend");
  assert.ok(back?.kind === "extend" && back.visibilityS >= 1);
});

test("stopping waits for what is written to be confirmed, deletes it and gives back the rest", async (t) => {
  const rig = await startRig(t);
  const peer = await rig.accept();
  peer.echo = false;
  const recipients = Array.from({ length: 5000 }, (_, index) => `c${index}@example.org`);
  rig.queues.offer("outboundPresence", [outbound("broadcast", [{ xml: presence(), recipients }])]);
  rig.queues.offer("outboundStanzas", [outbound("m", [{ xml: chat("a") }])]);
  await peer.expect(/id="a"/);
  const stopped = rig.connector.stop();
  peer.echo = true;
  peer.echoKept();
  await stopped;
  assert.deepEqual(idsOf(rig.queues.calls, "remove"), ["m"]);
  assert.deepEqual(idsOf(rig.queues.calls, "extend"), ["broadcast"]);
});

test("stopping with a server that confirms nothing gives everything back in time", async (t) => {
  const rig = await startRig(t, { limits: { stopMsMax: 60 } });
  const peer = await rig.accept();
  peer.echo = false;
  rig.queues.offer("outboundStanzas", [outbound("m", [{ xml: chat("a") }])]);
  await peer.expect(/id="a"/);
  await rig.connector.stop();
  assert.deepEqual(idsOf(rig.queues.calls, "remove"), []);
  assert.deepEqual(idsOf(rig.queues.calls, "extend"), ["m"]);
});

test("what a poll still brings while the connector stops is given back at once, and not written", async (t) => {
  const rig = await startRig(t, { limits: { pollGraceMs: 5_000 } });
  const peer = await rig.accept();
  await rig.logged("stream.up");
  assert.equal(rig.queues.polls("outboundStanzas") + rig.queues.polls("outboundPresence"), 2);
  const stopped = rig.connector.stop();
  rig.queues.offer("outboundStanzas", [outbound("m", [{ xml: chat("a") }])]);
  rig.queues.offer("outboundPresence", []);
  await stopped;
  assert.deepEqual(idsOf(rig.queues.calls, "extend"), ["m"]);
  assert.doesNotMatch(peer.received(), /id="a"/);
});
