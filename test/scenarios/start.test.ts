/** `npm start` and `npm run native` as people type them. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import * as v from "valibot";
import { queueNames } from "#core/contract/queues.ts";
import { limits } from "#core/limits.ts";
import { freePort } from "#local/free-ports.ts";
import { defaultPorts, isFree, portsAt } from "#local/ports.ts";
import { readEndpointsAs } from "#local/read-endpoints.ts";
import { serverKinds } from "#local/servers/server.ts";
import { waitUntil } from "#local/wait-until.ts";
import {
  type Command,
  familyOf,
  listenersOn,
  type ProcessId,
  processesNaming,
  startNpm,
  survivorsOf,
} from "#test/harness/processes.ts";
import { chat } from "#test/harness/stanzas.ts";
import { connectXmpp } from "#test/harness/xmpp.ts";

/** The first start may have to install; this machine has run the set-up already. */
const readyMsMax = 60_000;
/** What a process may take to be gone once its last word was said. */
const exitMsMax = 1_000;
/** What a killed bridge had started ends in order. */
const orphansMsMax = limits.stopMsMax + 5_000;

/** What the file holds, with types in place of values. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return [...new Set(value.map((item) => JSON.stringify(shapeOf(item))))];
  if (typeof value !== "object" || value === null) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, shapeOf(item)]));
}
const queueShape = Object.fromEntries(queueNames.map((name) => [name, "string"]));
const shape = {
  pid: "number",
  page: "string",
  xmpp: {
    server: "string",
    host: "string",
    port: "number",
    domain: "string",
    websocket: "string",
    accounts: [JSON.stringify({ jid: "string", password: "string" })],
  },
  component: { host: "string", port: "number", domain: "string", users: ['"string"'], secretFile: "string" },
  sqs: { endpoint: "string", region: "string", queues: { ...queueShape, deadLetters: queueShape } },
  dynamodb: { endpoint: "string", table: "string" },
  health: ['"string"'],
  logs: "string",
  processes: { xmpp: "number", connectors: ['"number"'], dynamodb: "number", functions: "number" },
};

/** As much of it as these tests use. */
const endpointsSchema = v.object({
  pid: v.number(),
  page: v.string(),
  xmpp: v.object({
    server: v.string(),
    host: v.string(),
    port: v.number(),
    domain: v.string(),
    accounts: v.array(v.object({ jid: v.string(), password: v.string() })),
  }),
  component: v.object({ port: v.number(), users: v.array(v.string()) }),
  sqs: v.object({ endpoint: v.string() }),
  dynamodb: v.object({ endpoint: v.string() }),
  processes: v.object({ xmpp: v.number(), connectors: v.array(v.number()), dynamodb: v.number() }),
});
function read(file: string): v.InferOutput<typeof endpointsSchema> {
  const endpoints = readEndpointsAs(endpointsSchema, file);
  assert.ok(endpoints.ok, "endpoints.json is there while the bridge runs");
  return endpoints.value;
}

/** A number that moves all default ports to free ones. */
async function freeOffset(): Promise<number> {
  for (let tries = 0; tries < 200; tries += 1) {
    const offset = (await freePort()) - defaultPorts.xmpp;
    const moved = Object.values(portsAt(offset));
    const free = await Promise.all(moved.map(isFree));
    if (offset >= 0 && free.every(Boolean)) return offset;
  }
  throw new Error("no free ports found");
}

for (const server of serverKinds) {
  describe(`npm start (${server})`, { timeout: 240_000 }, () => {
    const stateDir = mkdtempSync(join(tmpdir(), `causeway-start-${server}-`));
    const file = join(stateDir, "endpoints.json");
    let offset: number | undefined;
    let command: Command | undefined;
    /** Every process of the run under test. */
    let family: readonly ProcessId[] = [];

    /** One of the two with a standby. */
    const connectors = server === "ejabberd" ? 2 : 1;

    async function start() {
      offset ??= await freeOffset();
      const options = ["--server", server, "--port-offset", String(offset), "--state-dir", stateDir];
      command = startNpm("start", "--", ...options, "--connectors", String(connectors));
      await command.prints(/^ready in /m, readyMsMax);
      const endpoints = read(file);
      family = familyOf(command.pid);
      return endpoints;
    }
    const running = () => {
      if (command === undefined) throw new Error("nothing runs");
      return command;
    };
    const assertNothingLeft = async (timeoutMs: number) => {
      const left = () => [...survivorsOf(family), ...processesNaming(stateDir)];
      const gone = waitUntil(async () => left().length === 0, { what: "end of all processes", timeoutMs });
      await gone.catch(() => assert.deepEqual(left(), []));
    };

    after(() => {
      // Only after a failure there is something left.
      for (const { pid } of survivorsOf(family)) process.kill(pid, "SIGKILL");
      rmSync(stateDir, { recursive: true });
    });

    test("says where everything is, on this machine only", async () => {
      const endpoints = await start();
      assert.deepEqual(shapeOf(JSON.parse(readFileSync(file, "utf8"))), shape);
      const ports = portsAt(offset ?? 0);
      assert.equal(endpoints.xmpp.server, server);
      assert.equal(endpoints.xmpp.port, ports.xmpp);
      assert.equal(endpoints.xmpp.domain, "localhost");
      assert.deepEqual(endpoints.xmpp.accounts, [
        { jid: "alice@localhost", password: "alice" },
        { jid: "bob@localhost", password: "bob" },
      ]);
      assert.equal(endpoints.component.port, ports.component);
      assert.deepEqual(endpoints.component.users, ["nina", "noah"]);
      assert.equal(endpoints.sqs.endpoint, `http://127.0.0.1:${ports.sqs}`);
      assert.equal(endpoints.dynamodb.endpoint, `http://127.0.0.1:${ports.dynamodb}`);
      const { processes } = endpoints;
      const pids = [endpoints.pid, processes.xmpp, processes.dynamodb, ...processes.connectors];
      const known = family.map(({ pid }) => pid);
      assert.deepEqual(
        pids.filter((pid) => pid === undefined || !known.includes(pid)),
        [],
      );
      assert.equal(processes.connectors.length, connectors);
      const loopback = "0100007F";
      for (const name of Object.keys(defaultPorts) as (keyof typeof defaultPorts)[]) {
        const expected = name === "standby" && connectors === 1 ? [] : [loopback];
        assert.deepEqual(listenersOn(ports[name]), expected, `the port for ${name}`);
      }
      const page = await fetch(endpoints.page);
      assert.match(await page.text(), /alice@localhost/);
    });

    test("chats between a real client and the native side in a terminal", async () => {
      const endpoints = read(file);
      const certificate = readFileSync(join(stateDir, "xmpp", server, "localhost.crt"), "utf8");
      const account = { jid: "alice@localhost", password: "alice", resource: "test" };
      const alice = await connectXmpp({ endpoints, ...account, certificate });
      const native = startNpm(
        "run",
        "native",
        "--",
        "--as",
        "noah",
        "--to",
        account.jid,
        "--endpoints",
        file,
      );
      native.stdin.write("Hello, alice! 👋\n");
      const message = await alice.nextMessage("noah@im.localhost");
      assert.equal(message.getChildText("body"), "Hello, alice! 👋");
      await alice.send(chat("noah@im.localhost", "answer", "Hello, noah! 👋"));
      await native.prints(/alice@localhost: Hello, noah! 👋/);
      native.stdin.end();
      assert.equal((await native.exited).code, 0);
      await alice.stop();
    });

    test("a second one in the same folder says who is there already", async () => {
      const second = startNpm("start", "--", "--server", server, "--state-dir", stateDir);
      assert.equal((await second.exited).code, 1);
      assert.match(second.output(), new RegExp(`already runs in .*pid ${read(file).pid}`));
    });

    test("Ctrl-C ends it with 0, and nothing is left", async () => {
      running().signalGroup("SIGINT");
      assert.equal((await running().exited).code, 0);
      await assertNothingLeft(exitMsMax);
      assert.equal(existsSync(file), false);
    });

    test("starts again in its folder, and SIGTERM to npm ends it with 0 and leaves nothing", async () => {
      await start();
      process.kill(running().pid, "SIGTERM");
      assert.equal((await running().exited).code, 0);
      await assertNothingLeft(exitMsMax);
      assert.equal(existsSync(file), false);
    });

    test("killed outright it leaves no orphan, and starts again", async () => {
      const { pid } = await start();
      process.kill(pid, "SIGKILL");
      await running().exited;
      await assertNothingLeft(orphansMsMax);
      await start();
      running().signalGroup("SIGINT");
      assert.equal((await running().exited).code, 0);
      await assertNothingLeft(exitMsMax);
    });

    test("interrupted while it starts it leaves nothing", async () => {
      const options = ["--server", server, "--port-offset", String(offset), "--state-dir", stateDir];
      command = startNpm("start", "--", ...options);
      await command.prints(/engine ready/);
      family = familyOf(command.pid);
      command.signalGroup("SIGINT");
      await command.exited;
      await assertNothingLeft(exitMsMax);
      assert.equal(existsSync(file), false);
    });
  });
}
