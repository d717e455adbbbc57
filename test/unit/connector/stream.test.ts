import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { domain, inboundChat, itemsSent, startRig } from "./support.ts";

const arrived = (count: number) => (calls: Parameters<typeof itemsSent>[0]) =>
  itemsSent(calls, "messageStanzas").length >= count;

test("a stream cut into single bytes brings the same stanzas, characters and tags whole", async (t) => {
  const rig = await startRig(t);
  const peer = await rig.accept();
  const stanzas = [
    inboundChat("m1", "Grüße, 你好, 👩‍👩‍👧, e\u0301"),
    inboundChat("m2", 'a &lt;b&gt; "c" &amp; d'),
  ];
  for (const byte of Buffer.from(stanzas.join("\n"))) {
    if (!peer.socket.write(Buffer.of(byte))) await once(peer.socket, "drain");
    // Every byte in a segment of its own.
    await new Promise(setImmediate);
  }
  await rig.queues.until(arrived(2));
  assert.deepEqual(
    itemsSent(rig.queues.calls, "messageStanzas").map(({ xml }) => xml),
    stanzas,
  );
});

test("stanzas right behind the handshake wait for the fence and carry it", async (t) => {
  const fence = Promise.withResolvers<number>();
  const rig = await startRig(t, { takeFence: (asked) => (asked === 1 ? 40 : fence.promise) });
  const peer = await rig.accept();
  peer.write(inboundChat("m1") + inboundChat("m2"));
  // One whole turn through the network, so that the stanzas have surely come.
  await new Promise((resolve) => peer.socket.write(" ", resolve));
  assert.equal(rig.queues.calls.length, 0);
  fence.resolve(41);
  await rig.queues.until(arrived(2));
  assert.deepEqual(
    itemsSent(rig.queues.calls, "messageStanzas").map(({ fence, seq }) => [fence, seq]),
    [
      [41, 0],
      [41, 1],
    ],
  );
});

for (const condition of ["conflict", "host-unknown"]) {
  test(`a stream refused with ${condition} says so and is tried again`, async (t) => {
    const rig = await startRig(t);
    const first = await rig.accept();
    rig.server.refuseNext(condition);
    first.socket.destroy();
    assert.notEqual((await rig.logged("stream.down"))["reason"], condition);
    assert.equal((await rig.logged("stream.down"))["reason"], condition);
    await rig.accept();
    assert.equal(rig.server.connections(), 3);
  });
}

test("a wrong secret is reported as not-authorized, and the secret is in no log line", async (t) => {
  const rig = await startRig(t);
  const first = await rig.accept();
  rig.server.refuseNext("not-authorized");
  first.socket.destroy();
  await rig.logged("stream.down");
  assert.equal((await rig.logged("stream.down"))["reason"], "not-authorized");
  assert.doesNotMatch(JSON.stringify(rig.logs), /geheim/);
});

test("a server that accepts and says nothing is given up after the connect timeout", async (t) => {
  const rig = await startRig(t, { limits: { connectMsMax: 60 } });
  const first = await rig.accept();
  rig.server.muteNext();
  first.socket.destroy();
  await rig.logged("stream.down");
  assert.equal((await rig.logged("stream.down"))["reason"], "connect-timeout");
  await rig.accept();
});

test("each stream takes a larger fence and counts its stanzas from 0", async (t) => {
  const rig = await startRig(t);
  const first = await rig.accept();
  first.write(inboundChat("m1") + inboundChat("m2"));
  await rig.queues.until(arrived(2));
  first.write(
    "<stream:error><system-shutdown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>",
  );
  assert.equal((await rig.logged("stream.down"))["reason"], "system-shutdown");
  const second = await rig.accept();
  second.write(inboundChat("m3"));
  await rig.queues.until(arrived(3));
  const [m1, m2, m3] = itemsSent(rig.queues.calls, "messageStanzas");
  assert.deepEqual([m1?.seq, m2?.seq, m3?.seq], [0, 1, 0]);
  assert.equal(m1?.fence, m2?.fence);
  assert.ok(Number(m3?.fence) > Number(m1?.fence));
});

test("a silent stream is pinged; one that answers stays, one that does not is given up", async (t) => {
  const rig = await startRig(t, { limits: { livenessMs: 20, barrierMsMax: 100 } });
  const first = await rig.accept();
  await first.expect(/<iq[^>]*><ping/);
  await first.expect(/<iq[^>]*><ping/);
  first.echo = false;
  await first.closed;
  assert.equal((await rig.logged("stream.down"))["reason"], "barrier-timeout");
  await rig.accept();
});

test("a ping that comes back as an error ends the stream: it would never confirm anything", async (t) => {
  const rig = await startRig(t, { limits: { livenessMs: 20 } });
  const first = await rig.accept();
  first.echo = false;
  const ping = await first.expect(/<iq[^>]*><ping/);
  first.write(ping.replace('type="get"', 'type="error"'));
  assert.equal((await rig.logged("stream.down"))["reason"], "barrier-refused");
});

test("pings that come back concern nobody: they are not sent to a queue", async (t) => {
  const rig = await startRig(t, { limits: { livenessMs: 20 } });
  const peer = await rig.accept();
  await peer.expect(/<iq[^>]*><ping/);
  await peer.expect(/<iq[^>]*><ping/);
  peer.write(
    `<iq type="get" id="x" from="alice@localhost/a" to="${domain}"><ping xmlns="urn:xmpp:ping"/></iq>`,
  );
  await rig.queues.until((calls) => itemsSent(calls, "iqStanzas").length > 0);
  const ids = itemsSent(rig.queues.calls, "iqStanzas").map(({ xml }) => /id="([^"]*)"/.exec(xml)?.[1]);
  assert.deepEqual(ids, ["x"]);
});

for (const [what, bytes] of [
  ["a comment", "<!-- x -->"],
  ["a tag inside a tag", "<message <message>"],
  ["an undefined entity", `<message from="a@b" to="n@${domain}"><body>&nbsp;</body></message>`],
  ["tags that do not match", "<message><body></message></body>"],
] as const) {
  test(`${what} ends the stream and a new one comes up`, async (t) => {
    const rig = await startRig(t);
    const first = await rig.accept();
    first.write(bytes);
    await first.closed;
    const second = await rig.accept();
    second.write(inboundChat("m1"));
    await rig.queues.until(arrived(1));
  });
}

for (const [what, inside] of [
  ["a name in the namespace of XML", '<a xmlns="http://www.w3.org/XML/1998/namespace"/>'],
  ["an attribute whose prefix is bound to nothing", '<a ns1:b=""/>'],
] as const) {
  test(`${what} keeps its stanza out, and the stream goes on`, async (t) => {
    const rig = await startRig(t);
    const peer = await rig.accept();
    peer.write(inboundChat("m1").replace("</message>", `${inside}</message>`));
    const answer = await peer.expect(/<message[^>]*type="error".*?<\/message>/s);
    assert.match(answer, /id="m1".*<bad-request/s);
    peer.write(inboundChat("m2"));
    await rig.queues.until(arrived(1));
    assert.match(itemsSent(rig.queues.calls, "messageStanzas")[0]?.xml ?? "", /id="m2"/);
    assert.equal((await rig.logged("stanza.set-aside"))["reason"], "malformed");
  });
}

test("stopping reads what the server still sends before its closing tag", async (t) => {
  const rig = await startRig(t);
  const peer = await rig.accept();
  peer.write(inboundChat("m1"));
  await rig.queues.until(arrived(1));
  peer.closeBack = false;
  const stopped = rig.connector.stop();
  await peer.closing;
  peer.write(inboundChat("m2"));
  await rig.queues.until(arrived(2));
  assert.equal(peer.socket.readableEnded, false, "a FIN could make a server forget what it has yet to send");
  peer.socket.end(`${inboundChat("m3")}</stream:stream>`);
  await stopped;
  assert.equal(itemsSent(rig.queues.calls, "messageStanzas").length, 3);
  assert.equal(rig.connector.health().stream, "stopped");
});

test("a stream that closes is read for as long as the server has something to send, but not for ever", async (t) => {
  const rig = await startRig(t, { limits: { closeMsMax: 1_000, closeStuckMsMax: 2_500, stopMsMax: 60_000 } });
  const peer = await rig.accept();
  peer.write(inboundChat("m1"));
  await rig.queues.until(arrived(1));
  peer.closeBack = false;
  const stopped = rig.connector.stop();
  await peer.closing;
  const begun = performance.now();
  const sending = setInterval(() => peer.socket.write(" "), 20);
  await stopped;
  clearInterval(sending);
  const ms = performance.now() - begun;
  assert.ok(ms >= 2_000, `${ms} ms: it was not given up while it brought something`);
});

test("a server that goes on sending does not keep a connector from handing over in time", async (t) => {
  const rig = await startRig(t, { limits: { closeMsMax: 600_000, stopMsMax: 500 } });
  const peer = await rig.accept();
  await rig.logged("stream.up");
  peer.closeBack = false;
  const stopped = rig.connector.stop();
  await peer.closing;
  const sending = setInterval(() => peer.socket.write(" "), 20);
  await stopped;
  clearInterval(sending);
  assert.equal(rig.connector.health().stream, "stopped");
});

test("no server is dialled before the table gives fences", async (t) => {
  const rig = await startRig(t, {
    takeFence(asked) {
      if (asked < 3) throw new Error("no table");
      return asked;
    },
  });
  for (let tries = 1; tries < 3; tries += 1) {
    assert.equal((await rig.logged("fence.failed"))["reason"], "Error");
    assert.equal((await rig.logged("stream.down"))["reason"], "no-fence");
    assert.equal(rig.server.connections(), 0);
  }
  await rig.accept();
  assert.equal((await rig.logged("stream.up"))["fence"], 4);
  assert.equal(rig.server.connections(), 1);
});

test("a stream that gets no fence is not used, and no server dialled again until the table answers", async (t) => {
  const rig = await startRig(t, {
    takeFence(asked) {
      if (asked > 1 && asked < 5) throw new Error("no table");
      return asked;
    },
  });
  const first = await rig.accept();
  await first.closed;
  assert.equal(first.received(), "", "nothing was written");
  for (let tries = 1; tries < 4; tries += 1) {
    assert.equal((await rig.logged("stream.down"))["reason"], "no-fence");
    assert.equal(rig.queues.polls("outboundStanzas"), 0);
  }
  const peer = await rig.accept();
  peer.write(inboundChat("m1"));
  await rig.queues.until(arrived(1));
  const items = itemsSent(rig.queues.calls, "messageStanzas");
  assert.deepEqual(
    items.map(({ fence, seq, xml }) => [fence, seq, / id="([^"]*)"/.exec(xml)?.[1]]),
    [[6, 0, "m1"]],
  );
  assert.equal(rig.server.connections(), 2);
});

for (const [when, hanging] of [
  ["before a server is dialled", 1],
  ["when a stream begins", 2],
] as const) {
  test(`a table that does not answer ${when} is given up`, async (t) => {
    const rig = await startRig(t, {
      // Enough for a busy machine to connect in, as the same limit ends that.
      limits: { connectMsMax: 500 },
      takeFence: (asked) => (asked === hanging ? new Promise<never>(() => {}) : asked),
    });
    assert.equal((await rig.logged("stream.down"))["reason"], "no-fence");
    assert.equal(rig.server.connections(), hanging - 1);
    await rig.logged("stream.up");
  });
}

test("a connector that waits for the table before it dials stops at once", async (t) => {
  const asked = Promise.withResolvers<void>();
  const rig = await startRig(t, {
    limits: { connectMsMax: 60_000, stopMsMax: 120_000 },
    takeFence() {
      asked.resolve();
      return new Promise<never>(() => {});
    },
  });
  await asked.promise;
  await rig.connector.stop();
  assert.equal(rig.connector.health().stream, "stopped");
  assert.equal(rig.server.connections(), 0);
});

test("a connector that finds no server stops at once", async (t) => {
  const rig = await startRig(t);
  const peer = await rig.accept();
  await rig.server.close();
  await peer.closed;
  await rig.logged("stream.down");
  await rig.connector.stop();
  assert.equal(rig.connector.health().stream, "stopped");
});
