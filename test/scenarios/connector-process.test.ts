/** The connector as a process, between a hand-played XMPP server and the local engines. */
import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { after, before, type TestContext, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { type ComponentServer, startComponentServer } from "#bench/component-server.ts";
import { readInboundPack } from "#core/contract/envelope.ts";
import { limits } from "#core/limits.ts";
import { freePort } from "#local/free-ports.ts";
import {
  ask,
  type ConnectorPlace,
  connectorMain,
  runConnector,
  startPlace,
} from "#test/harness/connector-process.ts";

const domain = "im.example.com";
const secret = "s3cret";
let place: ConnectorPlace;

before(async () => {
  place = await startPlace([domain], secret);
});

after(() => place.stop());

function run(t: TestContext, server: ComponentServer, more: Record<string, string> = {}) {
  return runConnector(t, { ...place.environment, ...more, CAUSEWAY_XMPP_SERVICE: server.service });
}

async function startServer(t: TestContext): Promise<ComponentServer> {
  const server = await startComponentServer({ domain, secret });
  t.after(server.close);
  return server;
}

/** Takes message stanzas out of their queue until there are `count`; their ids. */
async function takeIds(count: number): Promise<string[]> {
  const ids: string[] = [];
  const signal = AbortSignal.timeout(20_000);
  while (ids.length < count) {
    const messages = await place.queues.receive("messageStanzas", {
      max: 10,
      waitS: 1,
      visibilityS: 30,
      signal,
    });
    for (const { body } of messages) {
      const pack = readInboundPack(body);
      assert.ok(pack.ok);
      for (const { xml } of pack.value.items) ids.push(/ id="([^"]*)"/.exec(xml)?.[1] ?? "");
    }
    await place.queues.remove("messageStanzas", messages);
  }
  return ids;
}

const stanza = (id: string) =>
  `<message id='${id}' from='alice@localhost/a' to='nina@${domain}'><body>private words</body></message>`;

test("SIGTERM in the middle of traffic loses nothing that the server had sent, and exits with 0", async (t) => {
  const server = await startServer(t);
  // All at once from one sender, which is more than a person writes.
  const connector = await run(t, server, { CAUSEWAY_RATES: '{"sender":{"perS":1000,"burst":1000}}' });
  const peer = await server.accept();
  peer.closeBack = false;
  const ids = Array.from({ length: 600 }, (_, index) => `m${index}`);
  peer.write(ids.slice(0, 400).map(stanza).join(""));
  await connector.event("stream.up");
  connector.child.kill("SIGTERM");
  await peer.closing;
  // What a server still had in hand when it saw the closing tag.
  peer.write(ids.slice(400).map(stanza).join(""));
  peer.socket.end("</stream:stream>");
  assert.equal(await connector.exited, 0);
  assert.deepEqual(await takeIds(600), ids);
  assert.equal((await connector.event("metrics"))["MessagesIn"], 600);
  assert.doesNotMatch(connector.lines.join("\n"), /private words|s3cret/);
});

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  test(`a second ${signal} does not cut short what the first has begun`, async (t) => {
    const server = await startServer(t);
    const connector = await run(t, server);
    const peer = await server.accept();
    peer.closeBack = false;
    await connector.event("stream.up");
    connector.child.kill(signal);
    await peer.closing;
    connector.child.kill(signal);
    peer.socket.end(`${stanza("last")}</stream:stream>`);
    assert.equal(await connector.exited, 0);
    await connector.event("connector.stopped");
    assert.deepEqual(await takeIds(1), ["last"]);
  });
}

test("health says live from the start and ready while the stream is up", async (t) => {
  const server = await startServer(t);
  const connector = await run(t, server);
  const peer = await server.accept();
  const { fence } = await connector.event("stream.up");
  const ready = await ask(connector, "/ready");
  assert.equal(ready.status, 200);
  const { domains } = JSON.parse(ready.body);
  assert.equal(domains.length, 1);
  const { since, ...rest } = domains[0];
  assert.ok(Math.abs(Date.parse(since) - Date.now()) < 60_000);
  assert.deepEqual(rest, { domain, stream: "up", fence, windowStanzas: 0, held: 0 });
  assert.equal((await ask(connector, "/live")).status, 200);
  assert.equal((await ask(connector, "/other")).status, 404);
  server.muteNext();
  peer.socket.destroy();
  await connector.event("stream.down");
  assert.equal((await ask(connector, "/ready")).status, 503);
  assert.equal((await ask(connector, "/live")).status, 200);
});

test("a standby is ready without a stream, and takes over when the holder stops", async (t) => {
  const server = await startServer(t);
  const leased = { CAUSEWAY_LEASE: "on" };
  const holder = await run(t, server, leased);
  const before = await holder.event("stream.up");
  const standby = await run(t, server, leased);
  await standby.event("connector.started");
  while ((await ask(standby, "/ready")).status !== 200) await setImmediate();
  const [{ stream, lease }] = JSON.parse((await ask(standby, "/ready")).body).domains;
  assert.deepEqual({ stream, lease }, { stream: "standby", lease: "standby" });
  assert.equal(server.connections(), 1);
  holder.child.kill("SIGTERM");
  const after = await standby.event("stream.up");
  assert.ok(Number(after["fence"]) > Number(before["fence"]));
  assert.equal(await holder.exited, 0);
  assert.equal(JSON.parse((await ask(standby, "/ready")).body).domains[0].lease, "holder");
});

test("each start takes a larger fence", async (t) => {
  const server = await startServer(t);
  const first = await run(t, server);
  const before = await first.event("stream.up");
  first.child.kill("SIGKILL");
  await first.exited;
  const second = await run(t, server);
  const later = await second.event("stream.up");
  assert.ok(Number(later["fence"]) > Number(before["fence"]));
});

test("a connector whose parent is gone stops by itself", async (t) => {
  const connector = await run(t, await startServer(t));
  await connector.event("stream.up");
  connector.child.disconnect();
  assert.equal(await connector.exited, 0);
});

test("CAUSEWAY_STATUS=1 says on standard error, every ten seconds, how it goes", async (t) => {
  const server = await startServer(t);
  const env = {
    ...place.environment,
    CAUSEWAY_XMPP_SERVICE: server.service,
    CAUSEWAY_HEALTH_PORT: String(await freePort()),
    CAUSEWAY_STATUS: "1",
  };
  const child = fork(connectorMain, { env, stdio: ["ignore", "ignore", "pipe", "ipc"] });
  t.after(() => void child.kill("SIGKILL"));
  await server.accept();
  assert.ok(child.stderr);
  const saidAt: number[] = [];
  for await (const line of createInterface(child.stderr)) {
    assert.equal(line, `${domain} up · in 0/s · out 0/s · window 0 · held 0 · refused 0 · set aside 0`);
    saidAt.push(performance.now());
    if (saidAt.length === 2) break;
  }
  const [first = 0, second = 0] = saidAt;
  assert.ok(second - first > 0.9 * limits.statusMs, `${second - first} ms`);
});

test("a wrong environment ends the start with one line that names the variable", async (t) => {
  const wrong = { ...place.environment, CAUSEWAY_XMPP_SERVICE: "localhost" };
  const child = fork(connectorMain, { env: wrong, stdio: ["ignore", "pipe", "pipe", "ipc"] });
  t.after(() => void child.kill("SIGKILL"));
  assert.ok(child.stderr);
  const [said, [code]] = await Promise.all([child.stderr.setEncoding("utf8").toArray(), once(child, "exit")]);
  assert.equal(code, 1);
  assert.match(said.join(""), /^wrong environment: CAUSEWAY_XMPP_SERVICE .*\n$/);
});
