/** TLS to the server, and where a plain stream may go. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync, rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { isPrivateAddress } from "#aws/service.ts";
import { lookupPrivate } from "#connector/dial.ts";
import { ensureCertificate } from "#local/servers/certificate.ts";
import { chat, inboundChat, itemsSent, outbound, removed, startRig } from "./support.ts";

const folder = await mkdtemp(join(tmpdir(), "causeway-tls-"));
after(() => rmSync(folder, { recursive: true, force: true }));

async function certificateFor(name: string) {
  const { keyFile, certificateFile } = await ensureCertificate(folder, name);
  return {
    tls: { key: readFileSync(keyFile), cert: readFileSync(certificateFile) },
    caFile: certificateFile,
  };
}
const { tls, caFile } = await certificateFor("localhost");
const stranger = await certificateFor("other.example.com");

test("a stream over TLS carries stanzas both ways, cut into single bytes, and names the host", async (t) => {
  const rig = await startRig(t, { tls, dial: { caFile } });
  const peer = await rig.accept();
  assert.equal("servername" in peer.socket && peer.socket.servername, "localhost");
  const stanzas = [inboundChat("m1", "Grüße, 你好, 👩‍👩‍👧, e\u0301"), inboundChat("m2", "plain")];
  for (const byte of Buffer.from(stanzas.join("\n"))) {
    if (!peer.socket.write(Buffer.of(byte))) await once(peer.socket, "drain");
    await new Promise(setImmediate);
  }
  await rig.queues.until((calls) => itemsSent(calls, "messageStanzas").length === 2);
  assert.deepEqual(
    itemsSent(rig.queues.calls, "messageStanzas").map(({ xml }) => xml),
    stanzas,
  );
  rig.queues.offer("outboundStanzas", [outbound("a", [{ xml: chat("o1", "Grüße, 你好") }])]);
  assert.match(await peer.expect(/id="o1"/), /Grüße, 你好/);
  await rig.queues.until(removed("a"));
});

test("over TLS, too, no more is read than the window holds while the queues are slow", async (t) => {
  const windowBytesMax = 256 * 1024;
  const rig = await startRig(t, { tls, dial: { caFile }, limits: { windowBytesMax } });
  const peer = await rig.accept();
  const open = Promise.withResolvers<[]>();
  rig.queues.answer = () => open.promise;
  const body = "x".repeat(10_000);
  const stanzas = Array.from({ length: 90 }, (_, index) => inboundChat(`m${index}`, body));
  peer.write(stanzas.join(""));
  await rig.logged("stream.paused");
  const { windowStanzas } = rig.connector.health();
  assert.ok(windowStanzas * body.length <= windowBytesMax, `${windowStanzas} stanzas`);
  assert.ok(windowStanzas > 10, `${windowStanzas} stanzas`);
  open.resolve([]);
  await rig.queues.until((calls) => itemsSent(calls, "messageStanzas").length === stanzas.length);
  assert.deepEqual(
    itemsSent(rig.queues.calls, "messageStanzas").map(({ xml }) => xml),
    stanzas,
  );
});

test("stopping over TLS reads what the server still sends before its closing tag", async (t) => {
  const rig = await startRig(t, { tls, dial: { caFile } });
  const peer = await rig.accept();
  await rig.logged("stream.up");
  peer.closeBack = false;
  const stopped = rig.connector.stop();
  await peer.closing;
  peer.socket.end(`${inboundChat("last")}</stream:stream>`);
  await stopped;
  assert.equal(itemsSent(rig.queues.calls, "messageStanzas").length, 1);
});

const refusals = [
  ["of an unknown authority", { tls }, {}, "DEPTH_ZERO_SELF_SIGNED_CERT"],
  [
    "of another authority than the file's",
    { tls },
    { caFile: stranger.caFile },
    "DEPTH_ZERO_SELF_SIGNED_CERT",
  ],
  ["for another name", { tls: stranger.tls }, { caFile: stranger.caFile }, "ERR_TLS_CERT_ALTNAME_INVALID"],
  ["checked against a file that is not there", { tls }, { caFile: join(folder, "none.crt") }, "ca-file"],
] as const;

for (const [what, server, dial, reason] of refusals) {
  test(`a certificate ${what} is refused before a byte of the stream, with advice`, async (t) => {
    const rig = await startRig(t, { ...server, dial });
    let headers = 0;
    rig.server.onHeader = () => {
      headers += 1;
    };
    // Twice: it is tried again.
    for (const fields of [await rig.logged("stream.down"), await rig.logged("stream.down")]) {
      assert.equal(fields["reason"], reason);
      assert.match(String(fields["advice"]), /certificate|CAUSEWAY_XMPP_CA_FILE/);
    }
    assert.deepEqual([headers, rig.server.handshakes()], [0, 0]);
  });
}

test("a server without TLS on a TLS service is named as such", async (t) => {
  // As servers do with what is no XML.
  const server = createServer((socket) => socket.once("data", () => socket.end("</stream:stream>")));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const rig = await startRig(t, { dial: { service: `xmpps://127.0.0.1:${port}` } });
  const { reason, advice } = await rig.logged("stream.down");
  assert.equal(reason, "ERR_SSL_WRONG_VERSION_NUMBER");
  assert.match(String(advice), /does not speak TLS/);
});

for (const service of ["xmpp://203.0.113.7:5347", "xmpp://[2001:db8::1]:5347"]) {
  test(`a plain stream to ${service} is refused without dialling`, async (t) => {
    const rig = await startRig(t, { dial: { service }, limits: { connectMsMax: 60_000 } });
    const { reason, advice } = await rig.logged("stream.down");
    assert.equal(reason, "plain-to-public");
    assert.match(String(advice), /xmpps:\/\/|CAUSEWAY_XMPP_PLAIN=allow/);
  });
}

test("a plain stream goes to a name of a private address", async (t) => {
  const first = await startRig(t);
  await first.accept();
  await first.connector.stop();
  const rig = await startRig(t, { dial: { service: `xmpp://localhost:${first.server.port}` } });
  await first.accept();
  await rig.logged("stream.up");
});

test("private are loopback, private and link-local addresses, mapped ones as what they are", () => {
  const inside = [
    "127.0.0.1 127.255.255.255 10.0.0.1 10.255.255.255 172.16.0.1 172.31.255.255 192.168.255.255 169.254.1.1",
    "::1 fc00::1 fdff::1 fe80::1 fe80::1%eth0 febf::1 ::ffff:10.0.0.1 ::ffff:127.0.0.1",
  ].flatMap((line) => line.split(" "));
  const outside = [
    "126.255.255.255 128.0.0.1 9.255.255.255 11.0.0.1 172.15.255.255 172.32.0.1 192.167.1.1 169.253.1.1 0.0.0.0",
    "8.8.8.8 203.0.113.7 :: ::2 fbff::1 fe00::1 fec0::1 2001:db8::1 2000::1 ::ffff:8.8.8.8",
  ].flatMap((line) => line.split(" "));
  assert.deepEqual(
    inside.filter((address) => !isPrivateAddress(address)),
    [],
  );
  assert.deepEqual(outside.filter(isPrivateAddress), []);
});

test("a name is found only if each of its addresses is private, and no other is dialled", () => {
  const v4 = { address: "10.0.0.1", family: 4 };
  const v6 = { address: "fd00::1", family: 6 };
  const open = { address: "203.0.113.7", family: 4 };
  const found = (addresses: (typeof v4)[], all: boolean) => {
    let answer: unknown;
    lookupPrivate((_host, _options, callback) => callback(null, addresses))(
      "xmpp.internal",
      { all },
      (error, address, family) => {
        answer = error ? error.message : family === undefined ? address : [address, family];
      },
    );
    return answer;
  };
  assert.deepEqual(found([v6, v4], true), [v6, v4]);
  assert.deepEqual(found([v6, v4], false), ["fd00::1", 6]);
  assert.equal(found([v4, open], true), "plain-to-public");
  assert.equal(found([open, v4], false), "plain-to-public");
  assert.equal(found([], true), "plain-to-public");
});
