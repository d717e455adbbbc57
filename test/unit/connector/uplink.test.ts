import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { laneOf } from "#aws/hash.ts";
import { limits } from "#core/limits.ts";
import { chat, domain, inboundChat, itemsSent, startRig } from "./support.ts";

const idOf = (xml: string) => / id="([^"]*)"/.exec(xml)?.[1];

test("each kind goes to its own queue", async (t) => {
  const rig = await startRig(t);
  const peer = await rig.accept();
  const attrs = `from="alice@localhost/a" to="nina@${domain}"`;
  peer.write(`<presence ${attrs}/><iq type="get" id="i" ${attrs}><query xmlns="x"/></iq>${inboundChat("m")}`);
  await rig.queues.until((calls) => calls.length === 3);
  for (const [queue, name] of [
    ["messageStanzas", "message"],
    ["presenceStanzas", "presence"],
    ["iqStanzas", "iq"],
  ] as const) {
    const sent = itemsSent(rig.queues.calls, queue);
    assert.equal(sent.length, 1);
    assert.match(sent[0]?.xml ?? "", new RegExp(`^<${name}`));
    assert.match(sent[0]?.trace ?? "", /^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/);
  }
});

test("the lane comes from the pair alone, whatever the resources and the spelling of the addresses", async (t) => {
  const rig = await startRig(t, { lanes: 1024 });
  const peer = await rig.accept();
  const [first, ...others] = [
    ["alice@localhost/phone", `nina@${domain}`],
    ["Alice@LOCALHOST/desk", `nina@${domain}/causeway`],
    ["alice@localhost", `NINA@${domain}`],
  ].map(([from, to]) => `<message from="${from}" to="${to}"><body>x</body></message>`);
  peer.write(first ?? "");
  for (const xml of others) peer.write(xml);
  await rig.queues.until((calls) => itemsSent(calls, "messageStanzas").length === 3);
  const groups = rig.queues.calls.flatMap((call) =>
    call.kind === "send" ? call.messages.map(({ group }) => group) : [],
  );
  assert.deepEqual([...new Set(groups)], [`lane-${laneOf([domain, "nina", "alice@localhost"], 1024)}`]);
});

test("iqs have no group: they wait behind nothing", async (t) => {
  const rig = await startRig(t);
  const peer = await rig.accept();
  peer.write(`<iq type="get" id="i" from="alice@localhost/a" to="${domain}"><query xmlns="x"/></iq>`);
  await rig.queues.until((calls) => calls.length === 1);
  const [call] = rig.queues.calls;
  assert.equal(call?.kind === "send" && call.messages[0]?.group, undefined);
});

for (const to of ["nina@other.example", `nina@sub.${domain}`, "", "@@"]) {
  test(`a stanza to ${JSON.stringify(to)} does not enter: it is set aside, and the next one goes through`, async (t) => {
    const rig = await startRig(t);
    const peer = await rig.accept();
    peer.write(`<message id="bad" from="alice@localhost/a" to="${to}"><body>private words</body></message>`);
    peer.write(inboundChat("good"));
    await rig.queues.until((calls) => calls.length === 2);
    const aside = rig.queues.calls.find((call) => call.kind === "aside");
    assert.equal(aside?.kind === "aside" && aside.letter.reason, "wrong-to");
    assert.doesNotMatch(JSON.stringify([aside, rig.logs]), /private words/);
    assert.deepEqual(
      itemsSent(rig.queues.calls, "messageStanzas").map(({ xml }) => idOf(xml)),
      ["good"],
    );
  });
}

test("an oversized message is answered with an error and set aside without its content", async (t) => {
  const rig = await startRig(t, { limits: { stanzaInBytesMax: 1000 } });
  const peer = await rig.accept();
  peer.write(inboundChat("big", "secret ".repeat(1000)) + inboundChat("next"));
  const answer = await peer.expect(/id="big"/);
  assert.match(answer, /type="error"/);
  assert.match(answer, /policy-violation/);
  assert.match(answer, new RegExp(`from="nina@${domain}" to="alice@localhost/phone"`));
  await rig.queues.until((calls) => calls.length === 2);
  const aside = rig.queues.calls.find((call) => call.kind === "aside");
  assert.ok(aside?.kind === "aside");
  assert.equal(aside.letter.reason, "oversized");
  assert.match(aside.letter.text, /7\d{3} bytes from alice@localhost\/phone to nina@im.example.com, id big/);
  assert.doesNotMatch(JSON.stringify([aside, rig.logs]), /secret/);
  assert.equal(itemsSent(rig.queues.calls, "messageStanzas").length, 1);
});

test("an oversized error is set aside and never answered", async (t) => {
  const rig = await startRig(t, { limits: { stanzaInBytesMax: 1000 } });
  const peer = await rig.accept();
  peer.write(inboundChat("big", "x".repeat(2000)).replace('type="chat"', 'type="error"'));
  await rig.queues.until((calls) => calls.some((call) => call.kind === "aside"));
  await rig.connector.stop();
  assert.doesNotMatch(peer.received(), /id="big"/);
});

test("a stanza whose encoding outgrows an SQS message is refused, too", async (t) => {
  const rig = await startRig(t, { limits: { queueMessageBytesMax: 2000, packBytesMax: 2000 } });
  const peer = await rig.accept();
  // 1,500 bytes as UTF-8, 3,000 as ASCII JSON.
  peer.write(inboundChat("big", "я".repeat(500)));
  assert.match(await peer.expect(/id="big"/), /policy-violation/);
});

test("what SQS refuses for good is answered with an error and set aside, its neighbours go in", async (t) => {
  const rig = await startRig(t);
  rig.queues.answer = (_, messages) =>
    messages.flatMap(({ body }, index) =>
      body.includes("poison") ? [{ index, reason: "InvalidMessageContents", permanent: true }] : [],
    );
  const peer = await rig.accept();
  peer.write(inboundChat("a") + inboundChat("poison") + inboundChat("b"));
  assert.match(await peer.expect(/id="poison"/), /type="error"/);
  await rig.queues.until((calls) => calls.some((call) => call.kind === "aside"));
  await rig.connector.stop();
  const last = itemsSent(rig.queues.calls, "messageStanzas").map(({ xml }) => idOf(xml));
  assert.deepEqual(last.slice(-3), ["a", "poison", "b"]);
  assert.equal(rig.connector.health().windowStanzas, 0);
});

test("with SQS stuck no more than the window is read, and all of it arrives in order afterwards", async (t) => {
  const rig = await startRig(t, { limits: { windowStanzasMax: 20 } });
  const stuck = Promise.withResolvers<void>();
  let most = 0;
  rig.queues.answer = async () => {
    await stuck.promise;
    most = Math.max(most, rig.connector.health().windowStanzas);
    return [];
  };
  const peer = await rig.accept();
  const ids = Array.from({ length: 500 }, (_, index) => `m${index}`);
  peer.write(ids.map((id) => inboundChat(id)).join(""));
  await rig.logged("stream.paused");
  assert.equal(rig.connector.health().windowStanzas, 20);
  stuck.resolve();
  await rig.queues.until((calls) => itemsSent(calls, "messageStanzas").length === 500);
  assert.deepEqual(
    itemsSent(rig.queues.calls, "messageStanzas").map(({ xml }) => idOf(xml)),
    ids,
  );
  assert.ok(most <= 20, String(most));
});

test("bytes bound the window, too", async (t) => {
  const rig = await startRig(t, { limits: { windowBytesMax: 40_000 } });
  const stuck = Promise.withResolvers<[]>();
  rig.queues.answer = () => stuck.promise;
  const peer = await rig.accept();
  peer.write(Array.from({ length: 20 }, (_, i) => inboundChat(`m${i}`, "x".repeat(9000))).join(""));
  await rig.logged("stream.paused");
  assert.ok(rig.connector.health().windowStanzas <= 4);
  stuck.resolve([]);
  await rig.queues.until((calls) => itemsSent(calls, "messageStanzas").length === 20);
});

test("a pause that lasts too long closes the stream in order, loses nothing and connects only with room again", async (t) => {
  const rig = await startRig(t, { limits: { windowStanzasMax: 10, pauseMsMax: 30, closeMsMax: 40 } });
  const stuck = Promise.withResolvers<[]>();
  rig.queues.answer = () => stuck.promise;
  const peer = await rig.accept();
  peer.closeBack = false;
  const ids = Array.from({ length: 100 }, (_, index) => `m${index}`);
  peer.write(ids.map((id) => inboundChat(id)).join(""));
  assert.equal((await rig.logged("stream.closing"))["reason"], "paused-too-long");
  await peer.closing;
  assert.equal(rig.connector.health().stream, "closing");
  peer.socket.end("</stream:stream>");
  stuck.resolve([]);
  await rig.queues.until((calls) => itemsSent(calls, "messageStanzas").length === 100);
  assert.deepEqual(
    itemsSent(rig.queues.calls, "messageStanzas").map(({ xml }) => idOf(xml)),
    ids,
  );
  await rig.accept();
});

test("while reading is paused the barrier clock stands still", async (t) => {
  const rig = await startRig(t, { limits: { windowStanzasMax: 5, barrierMsMax: 60, pauseMsMax: 250 } });
  const stuck = Promise.withResolvers<[]>();
  rig.queues.answer = () => stuck.promise;
  const peer = await rig.accept();
  peer.write(Array.from({ length: 10 }, (_, index) => inboundChat(`m${index}`)).join(""));
  await rig.logged("stream.paused");
  // Its barrier cannot be read now; the pause outlasts the barrier's time.
  rig.queues.offer("outboundStanzas", [
    {
      ...{ id: "o", receipt: "r", group: "g", sequence: "1", receives: 1, sentAt: 0 },
      body: pack(chat("out")),
    },
  ]);
  await peer.expect(/id="out"/);
  assert.equal((await rig.logged("stream.closing"))["reason"], "paused-too-long");
  assert.equal(
    rig.logs.some(({ fields }) => fields["reason"] === "barrier-timeout"),
    false,
  );
  stuck.resolve([]);
});

test("nor does the liveness clock give the stream up meanwhile", async (t) => {
  const limits = { windowStanzasMax: 5, livenessMs: 10, barrierMsMax: 60, pauseMsMax: 250 };
  const rig = await startRig(t, { limits });
  const stuck = Promise.withResolvers<[]>();
  rig.queues.answer = () => stuck.promise;
  const peer = await rig.accept();
  peer.write(Array.from({ length: 10 }, (_, index) => inboundChat(`m${index}`)).join(""));
  await rig.logged("stream.paused");
  // Nothing is read, so it is asked; the answer cannot be read either.
  await peer.expect(/<ping/);
  assert.equal((await rig.logged("stream.closing"))["reason"], "paused-too-long");
  stuck.resolve([]);
});

test("messages and requests do not wait for presence, however slow its queue is", async (t) => {
  const rig = await startRig(t);
  const stuck = Promise.withResolvers<[]>();
  rig.queues.answer = (queue) => (queue === "presenceStanzas" ? stuck.promise : []);
  const peer = await rig.accept();
  const attrs = `from="alice@localhost/a" to="nina@${domain}"`;
  for (let n = 0; n < 20; n += 1) {
    peer.write(`<presence ${attrs}/>`.repeat(3));
    peer.write(`${inboundChat(`m${n}`)}<iq type="get" id="q${n}" ${attrs}><query xmlns="x"/></iq>`);
    await rig.queues.until((calls) =>
      [itemsSent(calls, "messageStanzas"), itemsSent(calls, "iqStanzas")].every((all) => all.length > n),
    );
    assert.ok(itemsSent(rig.queues.calls, "presenceStanzas").length <= 3, "its first call is under way yet");
  }
  stuck.resolve([]);
});

test("a flood of 10,000 presences through a slow queue holds a message up by what fills the window, no more", async (t) => {
  const floodCount = 10_000;
  const rig = await startRig(t, {
    limits: { pauseMsMax: 60_000, ratePresenceBurst: 1e6, rateDomainBurst: 1e6 },
  });
  let durable = 0;
  const taken: number[] = [];
  rig.queues.answer = async (queue, messages) => {
    if (queue === "messageStanzas") {
      for (const { body } of messages) taken.push(...JSON.parse(body).items.map(() => durable));
      return [];
    }
    await delay(5);
    durable += messages.reduce((sum, { body }) => sum + JSON.parse(body).items.length, 0);
    return [];
  };
  const peer = await rig.accept();
  const presence = `<presence from="alice@localhost/a" to="nina@${domain}"/>`;
  const every = 250;
  const count = floodCount / every;
  for (let n = 0; n < count; n += 1) peer.write(presence.repeat(every) + inboundChat(`m${n}`));
  await rig.queues.until((calls) => itemsSent(calls, "messageStanzas").length === count);
  for (const [n, before] of taken.entries()) {
    const ahead = (n + 1) * every;
    assert.ok(before <= ahead, "read in order");
    assert.ok(ahead - before < limits.windowStanzasMax, "no more than the window was ahead of it");
  }
  // With one queue for all, each would have waited for all that was read before it.
  assert.ok(
    taken.some((before, n) => before < (n + 1) * every),
    "none waited for its neighbours",
  );
});

const pack = (xml: string) =>
  JSON.stringify({ v: 1, items: [{ id: "o.0", time: "2026-11-23T10:00:00Z", trace: "t", hops: 1, xml }] });
