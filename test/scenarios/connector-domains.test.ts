/** A connector process with two domains, each at a hand-played server: what one's trouble does to the other. */
import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { after, before, type TestContext, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { type ComponentServer, startComponentServer } from "#bench/component-server.ts";
import { makeLease } from "#connector/lease.ts";
import { encodeItem, writePack } from "#core/contract/envelope.ts";
import type { QueueRef } from "#core/contract/queues.ts";
import { limits } from "#core/limits.ts";
import {
  ask,
  type ConnectorPlace,
  connectorMain,
  runConnector,
  startPlace,
} from "#test/harness/connector-process.ts";

const domains = ["im.a.example", "im.b.example"] as const;
const [first, second] = domains;
const ofSecond: QueueRef = `outboundStanzas/${second}`;
const secret = "s3cret-of-all";
const ownSecret = "s3cret-of-the-second";
let place: ConnectorPlace;

before(async () => {
  place = await startPlace(domains, secret);
});

after(() => place.stop());

async function startServer(t: TestContext, domain: string, itsSecret: string): Promise<ComponentServer> {
  const server = await startComponentServer({ domain, secret: itsSecret });
  t.after(server.close);
  return server;
}

async function startServers(t: TestContext): Promise<[ComponentServer, ComponentServer]> {
  return [await startServer(t, first, secret), await startServer(t, second, ownSecret)];
}

function run(t: TestContext, [a, b]: readonly ComponentServer[], more: Record<string, string> = {}) {
  const own = { [second]: { service: b?.service, secret: ownSecret } };
  return runConnector(t, {
    ...place.environment,
    CAUSEWAY_XMPP_SERVICE: a?.service ?? "",
    CAUSEWAY_XMPP_DOMAINS: JSON.stringify(own),
    ...more,
  });
}

let made = 0;

/** Puts a message of a user of the domain into the domain's queue. */
async function send(queue: QueueRef, domain: string, id: string): Promise<void> {
  made += 1;
  const xml = `<message id="${id}" from="nina@${domain}" to="c@localhost"><body>private words</body></message>`;
  const item = { id, time: new Date().toISOString(), trace: "t", hops: 1, xml };
  const body = writePack([encodeItem(item)]);
  assert.deepEqual(await place.queues.send(queue, [{ body, group: id, dedup: `${id}.${made}` }]), []);
}

const streamsOf = async (connector: { healthPort: number }) => {
  const { body } = await ask(connector, "/live");
  const healths: readonly { stream: string; lease?: string }[] = JSON.parse(body).domains;
  return healths.map(({ stream, lease }) => (lease === undefined ? stream : `${stream} ${lease}`));
};

// The first of all: a poll of an earlier process, which the engine has not yet given up, would be a receive as well.
test("one that never gets its stream leaves the other's alone, and what is for it untouched", async (t) => {
  const servers = await startServers(t);
  servers[1].secret = "another";
  const connector = await run(t, servers);
  const a = await servers[0].accept();
  await connector.event("stream.up", first);
  await send(ofSecond, second, "waits");
  for (let count = 0; count < 20; count += 1) {
    await send("outboundStanzas", first, `flows-${count}`);
    await a.expect(new RegExp(`id="flows-${count}"`));
  }
  assert.equal((await ask(connector, "/ready")).status, 503);
  const { signal } = new AbortController();
  // No poll has ever been made for it: this receive is the first.
  const [waiting] = await place.queues.receive(ofSecond, { max: 10, waitS: 5, visibilityS: 30, signal });
  assert.equal(waiting?.receives, 1);
  await place.queues.extend(ofSecond, waiting ? [waiting] : [], 0);
  servers[1].secret = ownSecret;
  const b = await servers[1].accept();
  await b.expect(/id="waits"/);
  assert.equal((await ask(connector, "/ready")).status, 200);
  connector.child.kill("SIGTERM");
  assert.equal(await connector.exited, 0);
});

test("each domain is told apart in health, log and figures, and its message goes to its server", async (t) => {
  const servers = await startServers(t);
  const connector = await run(t, servers);
  const [a, b] = [await servers[0].accept(), await servers[1].accept()];
  for (const domain of domains) await connector.event("stream.up", domain);
  assert.equal((await ask(connector, "/ready")).status, 200);
  assert.deepEqual(await streamsOf(connector), ["up", "up"]);
  await send("outboundStanzas", first, "to-a");
  await send(ofSecond, second, "to-b");
  await Promise.all([a.expect(/id="to-a"/), b.expect(/id="to-b"/)]);
  connector.child.kill("SIGTERM");
  assert.equal(await connector.exited, 0);
  for (const domain of domains) {
    await connector.event("connector.stopped", domain);
    const figures = await connector.event("figures", domain);
    assert.deepEqual([figures["MessagesOut"], figures["_aws"]], [1, undefined]);
  }
  const metrics = await connector.event("metrics");
  assert.deepEqual([metrics["MessagesOut"], metrics["domain"]], [2, undefined]);
  assert.doesNotMatch(connector.lines.join("\n"), /private words|s3cret/);
  assert.doesNotMatch(a.received(), /to-b/);
  assert.doesNotMatch(b.received(), /to-a/);
});

test("of a domain whose lease is another's it stands by, while it has the stream of the other", async (t) => {
  const servers = await startServers(t);
  const lease = makeLease({ domain: second, table: place.table, limits, log: () => {} });
  lease.start({ onClose() {}, onLost() {} });
  await lease.opens(AbortSignal.timeout(30_000));
  const connector = await run(t, servers, { CAUSEWAY_LEASE: "on" });
  const a = await servers[0].accept();
  await connector.event("stream.up", first);
  await send(ofSecond, second, "for-the-other");
  await send("outboundStanzas", first, "for-this-one");
  await a.expect(/id="for-this-one"/);
  while ((await ask(connector, "/ready")).status !== 200) await setImmediate();
  assert.deepEqual(await streamsOf(connector), ["up holder", "standby standby"]);
  assert.equal(servers[1].connections(), 0);
  await lease.release();
  const b = await servers[1].accept();
  await b.expect(/id="for-the-other"/);
  assert.deepEqual(await streamsOf(connector), ["up holder", "up holder"]);
  connector.child.kill("SIGTERM");
  assert.equal(await connector.exited, 0);
});

test("SIGTERM stops all at the same time, also while one's server says nothing more", async (t) => {
  const servers = await startServers(t);
  const connector = await run(t, servers);
  const [a, b] = [await servers[0].accept(), await servers[1].accept()];
  for (const domain of domains) await connector.event("stream.up", domain);
  b.echo = false;
  b.closeBack = false;
  await send(ofSecond, second, "unconfirmed");
  await b.expect(/id="unconfirmed"/);
  connector.child.kill("SIGTERM");
  // The other's end does not wait for it.
  await a.closing;
  await connector.event("connector.stopped", first);
  assert.ok(!connector.lines.some((line) => line.includes(`"connector.stopped","domain":"${second}"`)));
  assert.equal(await connector.exited, 0);
  // What was not confirmed is given back, and comes again.
  const { signal } = new AbortController();
  const [back] = await place.queues.receive(ofSecond, { max: 10, waitS: 5, visibilityS: 30, signal });
  assert.ok(back);
  await place.queues.remove(ofSecond, [back]);
});

test("a wrong setting of one domain ends the start with one line that names it, and no secret", async (t) => {
  const environment = {
    ...place.environment,
    CAUSEWAY_XMPP_SERVICE: "xmpp://127.0.0.1:9",
    CAUSEWAY_XMPP_DOMAINS: JSON.stringify({ [second]: { secret: ownSecret, service: ownSecret } }),
  };
  const child = fork(connectorMain, { env: environment, stdio: ["ignore", "pipe", "pipe", "ipc"] });
  t.after(() => void child.kill("SIGKILL"));
  assert.ok(child.stderr);
  const [said, [code]] = await Promise.all([child.stderr.setEncoding("utf8").toArray(), once(child, "exit")]);
  assert.equal(code, 1);
  assert.match(
    said.join(""),
    /^wrong environment: CAUSEWAY_XMPP_DOMAINS: im\.b\.example: service is wrong: set it to [^\n]*\n$/,
  );
  assert.ok(!said.join("").includes(ownSecret));
});
