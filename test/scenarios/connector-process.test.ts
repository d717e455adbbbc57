/** The connector as a process, between a hand-played XMPP server and the local engines. */
import assert from "node:assert/strict";
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, type TestContext, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { makeQueues, type Queues } from "#aws/queues.ts";
import { readInboundPack } from "#core/contract/envelope.ts";
import { environmentOf } from "#infra/definitions/environment.ts";
import { dynamodbClientFor, sqsClientFor } from "#local/aws-clients.ts";
import { ensureTable, startDynamodbEngine } from "#local/engines/dynamodb.ts";
import { ensureQueues, type QueueAddresses, startSqsEngine } from "#local/engines/sqs.ts";
import { freePort } from "#local/free-ports.ts";
import { localEnvironment } from "#local/mappings.ts";
import type { Process } from "#local/process.ts";
import { type ComponentServer, startComponentServer } from "#test/fakes/component-server.ts";

const domain = "im.example.com";
const secret = "s3cret";
const folder = mkdtempSync(join(tmpdir(), "causeway-connector-"));
const main = join(import.meta.dirname, "../../connector/main.ts");
const engines: Process[] = [];
let environment: Record<string, string>;
let queues: Queues;
let addresses: QueueAddresses;

before(async () => {
  const [sqsPort, dynamodbPort] = [await freePort(), await freePort()];
  const logFile = join(folder, "engines.log");
  engines.push(await startSqsEngine({ port: sqsPort, folder: join(folder, "sqs"), logFile }));
  engines.push(await startDynamodbEngine({ port: dynamodbPort, file: join(folder, "table.db"), logFile }));
  const [sqs, dynamodb] = [`http://127.0.0.1:${sqsPort}`, `http://127.0.0.1:${dynamodbPort}`];
  const client = sqsClientFor(sqs);
  addresses = await ensureQueues(client, sqs);
  queues = makeQueues({ client, ...addresses });
  const table = await ensureTable(dynamodbClientFor(dynamodb));
  environment = {
    ...localEnvironment(sqs, dynamodb),
    ...environmentOf("connector", { ...addresses, table, domains: [domain], directory: "open", lanes: 4 }),
    CAUSEWAY_XMPP_SECRET: secret,
  };
});

after(async () => {
  for (const engine of engines) await engine.stop(1_000);
  rmSync(folder, { recursive: true, force: true });
});

interface Running {
  readonly child: ChildProcess;
  readonly healthPort: number;
  /** Lines of standard output so far. */
  readonly lines: readonly string[];
  /** Resolves with the first line about this event. */
  event(name: string): Promise<Record<string, unknown>>;
  readonly exited: Promise<number | null>;
}

/** `node connector/main.ts`, holding an IPC channel to us; killed with the test. */
async function run(
  t: TestContext,
  server: ComponentServer,
  more: Record<string, string> = {},
): Promise<Running> {
  const healthPort = await freePort();
  const child = fork(main, {
    env: {
      ...environment,
      ...more,
      CAUSEWAY_XMPP_SERVICE: server.service,
      CAUSEWAY_HEALTH_PORT: String(healthPort),
    },
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  t.after(() => void child.kill("SIGKILL"));
  const exited = once(child, "exit").then(([code]) => code as number | null);
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  assert.ok(child.stdout);
  createInterface(child.stdout).on("line", (line) => {
    lines.push(line);
    for (const wake of waiting) wake();
  });
  return {
    child,
    healthPort,
    lines,
    exited,
    async event(name) {
      for (;;) {
        const found = lines.map((line) => JSON.parse(line)).find((line) => line.event === name);
        if (found) return found;
        await new Promise<void>((resolve) => waiting.add(resolve));
      }
    },
  };
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
    const messages = await queues.receive("messageStanzas", { max: 10, waitS: 1, visibilityS: 30, signal });
    for (const { body } of messages) {
      const pack = readInboundPack(body);
      assert.ok(pack.ok);
      for (const { xml } of pack.value.items) ids.push(/ id="([^"]*)"/.exec(xml)?.[1] ?? "");
    }
    await queues.remove("messageStanzas", messages);
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

async function ask({ healthPort }: Running, path: string) {
  const answer = await fetch(`http://127.0.0.1:${healthPort}${path}`);
  return { status: answer.status, body: await answer.text() };
}

test("health says live from the start and ready while the stream is up", async (t) => {
  const server = await startServer(t);
  const connector = await run(t, server);
  const peer = await server.accept();
  const { fence } = await connector.event("stream.up");
  const ready = await ask(connector, "/ready");
  assert.equal(ready.status, 200);
  const { since, ...rest } = JSON.parse(ready.body);
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
  const { stream, lease } = JSON.parse((await ask(standby, "/ready")).body);
  assert.deepEqual({ stream, lease }, { stream: "standby", lease: "standby" });
  assert.equal(server.connections(), 1);
  holder.child.kill("SIGTERM");
  const after = await standby.event("stream.up");
  assert.ok(Number(after["fence"]) > Number(before["fence"]));
  assert.equal(await holder.exited, 0);
  assert.equal(JSON.parse((await ask(standby, "/ready")).body).lease, "holder");
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

test("a wrong environment ends the start with one line that names the variable", async (t) => {
  const wrong = { ...environment, CAUSEWAY_XMPP_SERVICE: "localhost" };
  const child = fork(main, { env: wrong, stdio: ["ignore", "pipe", "pipe", "ipc"] });
  t.after(() => void child.kill("SIGKILL"));
  assert.ok(child.stderr);
  const [said, [code]] = await Promise.all([child.stderr.setEncoding("utf8").toArray(), once(child, "exit")]);
  assert.equal(code, 1);
  assert.match(said.join(""), /^wrong environment: CAUSEWAY_XMPP_SERVICE .*\n$/);
});
