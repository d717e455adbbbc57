/** The native terminal as a process, against the SQS engine. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { pairGroup } from "#aws/hash.ts";
import { makeQueues, type Queues } from "#aws/queues.ts";
import { asciiJson } from "#core/contract/envelope.ts";
import { sqsClientFor } from "#local/aws-clients.ts";
import { deliveryExample } from "#local/docs/examples.ts";
import { ensureQueues, startSqsEngine } from "#local/engines/sqs.ts";
import { freePort } from "#local/free-ports.ts";
import type { Process } from "#local/process.ts";

const folder = mkdtempSync(join(tmpdir(), "causeway-native-"));
const endpointsFile = join(folder, "endpoints.json");
const program = join(import.meta.dirname, "../../local/native/main.ts");
const waitMs = 20_000;

let engine: Process;
let queues: Queues;
let stop: () => void;

before(async () => {
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  engine = await startSqsEngine({ port, folder: join(folder, "data"), logFile: join(folder, "sqs.log") });
  const client = sqsClientFor(endpoint);
  const { urls, deadLetterUrls } = await ensureQueues(client, endpoint);
  queues = makeQueues({ client, urls, deadLetterUrls });
  stop = () => client.destroy();
  writeEndpoints(endpointsFile, endpoint, urls);
});

/** All that were started: a test that fails leaves its own behind. */
const children: ChildProcess[] = [];

after(async () => {
  for (const child of children) child.kill("SIGKILL");
  stop();
  await engine.stop(2_000);
  rmSync(folder, { recursive: true });
});

function writeEndpoints(file: string, endpoint: string, urls: Record<string, string>): void {
  const endpoints = { component: { domain: "im.localhost" }, sqs: { endpoint, queues: urls } };
  writeFileSync(file, JSON.stringify(endpoints));
}

interface Running {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly prints: (text: string) => Promise<void>;
  readonly exit: Promise<unknown>;
}

function run(...args: string[]): Running {
  const child = spawn(process.execPath, [program, ...args], { stdio: "pipe" });
  const exit = once(child, "close").then(([code]) => code);
  children.push(child);
  let output = "";
  const collect = (chunk: Buffer) => {
    output += chunk.toString();
  };
  child.stdout.on("data", collect);
  child.stderr.on("data", collect);
  const prints = async (text: string): Promise<void> => {
    const signal = AbortSignal.timeout(waitMs);
    while (!output.includes(text)) {
      await once(child.stdout, "data", { signal }).catch((cause: unknown) => {
        throw new Error(`"${text}" was not printed, but: ${output}`, { cause });
      });
    }
  };
  return { child, output: () => output, prints, exit };
}

function runAs(user: string, ...more: string[]): Running {
  return run("--as", user, "--endpoints", endpointsFile, ...more);
}

async function sentEvents(count: number) {
  const signal = AbortSignal.timeout(waitMs);
  const events = [];
  while (events.length < count) {
    const some = await queues.receive("nativeEvents", { max: 10, waitS: 5, visibilityS: 60, signal });
    await queues.remove("nativeEvents", some);
    events.push(...some.map(({ body, group }) => ({ group, ...JSON.parse(body) })));
  }
  return events;
}

async function deliver(user: string, body: string, id: string): Promise<void> {
  const example = deliveryExample("message.sent");
  // The example answers a message, which the terminal would show as well.
  const { replyTo: _, ...data } = example.data;
  const event = { ...example, id, data: { ...data, user, body } };
  const group = pairGroup("im.localhost", user, "alice@example.org");
  const dedup = `${id}.${Math.random()}`;
  assert.deepEqual(await queues.send("nativeDeliveries", [{ body: asciiJson(event), group, dedup }]), []);
}

// One after the other: they share the queues.
describe("the native terminal", { concurrency: false }, () => {
  test("announces the user, sends what is piped into it, and leaves at the end", async () => {
    const { child, exit, output } = runAs("nina", "--to", "alice@localhost");
    child.stdin?.end("hello 😀\n/presence away lunch\nwith no newline");
    const events = await sentEvents(4);
    assert.deepEqual(
      events.map(({ type, group }) => ({ type, group })),
      ["user.updated", "message.sent", "presence.changed", "message.sent"].map((type) => ({
        type,
        group: "nina",
      })),
    );
    assert.equal(events[1].data.body, "hello 😀");
    assert.equal(events[1].data.contact, "alice@localhost");
    assert.equal(events[1].data.id, events[1].id);
    assert.deepEqual(events[2].data, { user: "nina", show: "away", status: "lunch" });
    assert.equal(events[3].data.body, "with no newline");
    assert.equal(await exit, 0);
    assert.match(output(), /You are nina, for XMPP nina@im\.localhost/);
    assert.match(output(), /to alice@localhost: hello 😀/);
  });

  test("shows its user's events once, leaves others' in the queue, and stops on SIGTERM and SIGINT", async () => {
    await deliver("noah", "for noah", "n1");
    await deliver("nina", "first", "a1");
    await deliver("nina", "first", "a1");
    await deliver("nina", "second", "a2");
    const nina = runAs("nina");
    await nina.prints("alice@example.org: second");
    assert.equal(nina.output().split("alice@example.org: first").length, 2);
    assert.ok(!nina.output().includes("for noah"));
    nina.child.stdin?.write("reply\n");
    await nina.prints("to alice@example.org: reply");
    nina.child.kill("SIGTERM");
    assert.equal(await nina.exit, 0);

    const noah = runAs("noah");
    await noah.prints("alice@example.org: for noah");
    noah.child.kill("SIGINT");
    assert.equal(await noah.exit, 0);

    await sentEvents(3);
  });

  test("/quit leaves", async () => {
    const { child, exit } = runAs("nina");
    child.stdin?.write("/quit\n");
    assert.equal(await exit, 0);
    await sentEvents(1);
  });

  test("says what was not sent when the queues are gone", async () => {
    const file = join(folder, "gone.json");
    const endpoint = `http://127.0.0.1:${await freePort()}`;
    const url = `${endpoint}/000000000000/gone.fifo`;
    writeEndpoints(file, endpoint, { nativeEvents: url, nativeDeliveries: url });
    const { child, exit, output } = run("--as", "nina", "--endpoints", file);
    child.stdin?.end();
    assert.equal(await exit, 1);
    assert.match(output(), /user\.updated was not sent/);
  });

  test("says to start the bridge where there are no endpoints", async () => {
    const { exit, output } = run("--as", "nina", "--endpoints", join(folder, "none.json"));
    assert.equal(await exit, 1);
    assert.match(output(), /start the bridge first: npm start/);
  });

  test("explains itself", async () => {
    const { exit, output } = run("--help");
    assert.equal(await exit, 0);
    assert.match(output(), /--as USER[\s\S]*\/presence SHOW/);
  });
});
