/** `npm run import` of 100,000 pairs into the real local queue: interrupted, killed, finished, and once more. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { text } from "node:stream/consumers";
import { after, before, describe, test } from "node:test";
import { physicalNameOf } from "#infra/definitions/queues.ts";
import { sqsClientFor } from "#local/aws-clients.ts";
import { ensureQueues, startSqsEngine } from "#local/engines/sqs.ts";
import { freePort } from "#local/free-ports.ts";
import type { Process } from "#local/process.ts";
import { waitUntil } from "#local/wait-until.ts";

const pairs = 100_000;
const users = 1_500;
/** Every so many pairs there is a line that cannot be used. */
const badEvery = 10_000;
/** Room for what is alive at a time; the file is much larger. Of garbage, too, there shall be little at the end. */
const heapMb = 64;
const youngMb = 4;
const memoryKbMax = 200_000;

const folder = mkdtempSync(join(tmpdir(), "causeway-import-"));
const file = join(folder, "contacts.ndjson");
const endpoints = join(folder, "endpoints.json");
const data = join(folder, "data");
let engine: Process;

// Mixed well, as 7,919 and the number of users have no common factor.
const userOf = (index: number) => `user${(index * 7_919) % users}`;
const badLines = Array.from(
  { length: pairs / badEvery },
  (_, index) => index * (badEvery + 1) + badEvery + 1,
);

async function writePairs(): Promise<void> {
  const handle = await open(file, "w");
  const filler = "x".repeat(1_000);
  const subscriptions = ["to", "from", "both"];
  for (let from = 0; from < pairs; from += badEvery) {
    const lines = Array.from({ length: badEvery }, (_, offset) => {
      const index = from + offset;
      const pair = { user: userOf(index), contact: `c${index}@example.org` };
      return JSON.stringify({ ...pair, subscription: subscriptions[index % 3], nick: filler });
    });
    await handle.writeFile(`${lines.join("\n")}\n{"user":"nina"}\n`);
  }
  await handle.close();
}

before(async () => {
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  engine = await startSqsEngine({ port, folder: data, logFile: join(folder, "sqs.log") });
  const client = sqsClientFor(endpoint);
  const { urls } = await ensureQueues(client, endpoint);
  client.destroy();
  const component = { domain: "im.example.com" };
  writeFileSync(endpoints, JSON.stringify({ component, sqs: { endpoint, queues: urls } }));
  await writePairs();
});

after(async () => {
  await engine.stop(2_000);
  rmSync(folder, { recursive: true });
});

interface Run {
  readonly child: ChildProcess;
  /** What it said, with its exit code, or with the signal that killed it. */
  readonly ended: Promise<{ readonly said: string; readonly exit: unknown }>;
}

// The peak is known to the process alone, and only at its end.
const tellPeak =
  "data:text/javascript,process.on('exit',()=>console.log('peak',process.resourceUsage().maxRSS,'kB'))";

function startImport(...args: string[]): Run {
  const main = join(import.meta.dirname, "../../local/import/main.ts");
  const heap = [`--max-old-space-size=${heapMb}`, `--max-semi-space-size=${youngMb}`];
  const node = [...heap, "--import", tellPeak];
  const child = spawn(process.execPath, [...node, main, file, "--endpoints", endpoints, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  const ended = Promise.all([text(child.stdout), exited]).then(([said, [code, signal]]) => ({
    said,
    exit: code ?? signal,
  }));
  return { child, ended };
}

interface Progress {
  readonly position: { readonly line: number };
  readonly finished: boolean;
  readonly counts: { readonly sent: number };
}

function progress(): Progress | undefined {
  try {
    return JSON.parse(readFileSync(`${file}.progress`, "utf8")) as Progress;
  } catch {
    return undefined;
  }
}

async function untilSent(count: number): Promise<void> {
  const enough = async () => (progress()?.counts.sent ?? 0) >= count;
  await waitUntil(enough, { what: `${count} events`, timeoutMs: 100_000 });
}

interface Arrived {
  readonly id: string;
  readonly user: string;
  readonly index: number;
  readonly group: string;
}

/** What the queue holds, in its order, out of the engine's own store: receiving all of it would take minutes. */
function arrived(): Arrived[] {
  const database = new DatabaseSync(join(data, "fauxqs.db"), { readOnly: true });
  try {
    const rows = database
      .prepare(
        "SELECT body, message_group_id AS inGroup FROM sqs_messages WHERE queue_name = ? ORDER BY sequence_number",
      )
      .all(physicalNameOf("nativeEvents"));
    return rows.map(({ body, inGroup }) => {
      const { id, data: said } = JSON.parse(String(body));
      return {
        id,
        user: said.user,
        index: Number(/^c(\d+)@/.exec(said.contact)?.[1]),
        group: String(inGroup),
      };
    });
  } finally {
    database.close();
  }
}

describe("an import of 100,000 pairs", { timeout: 280_000 }, () => {
  test("that is stopped by SIGTERM says how to go on", async () => {
    const { child, ended } = startImport();
    await untilSent(15_000);
    child.kill("SIGTERM");
    const { said, exit } = await ended;
    assert.equal(exit, 143);
    assert.match(said, /^Stopped: .* events sent, .* To go on, give the same command again/m);
    assert.equal(arrived().length, progress()?.counts.sent, "the checkpoint knows of each event");
  });

  test("goes on, and is killed", async () => {
    const { child, ended } = startImport();
    await untilSent(45_000);
    child.kill("SIGKILL");
    assert.equal((await ended).exit, "SIGKILL");
    assert.equal(progress()?.finished, false);
  });

  test("then sends the rest, in memory that does not grow with the file", async () => {
    const { said, exit } = await startImport().ended;
    assert.equal(exit, 2, "there are rejected lines");
    assert.match(said, /^100,010 lines: 100,000 events sent, 10 rejected, in /m);
    const peakKb = Number(/^peak (\d+) kB$/m.exec(said)?.[1]);
    assert.ok(peakKb < memoryKbMax, `${peakKb} kB`);
    assert.ok(statSync(file).size > 1.5 * heapMb * 1024 * 1024);
  });

  test("has put each pair into the queue exactly once, in each user's group and order", () => {
    const events = arrived();
    assert.equal(new Set(events.map(({ id }) => id)).size, pairs);
    assert.equal(new Set(events.map(({ index }) => index)).size, pairs);
    assert.equal(events.length, pairs, "what was sent twice was dropped by its id");
    const last = new Map<string, number>();
    for (const { user, index, group } of events) {
      assert.equal(user, userOf(index));
      assert.equal(group, user);
      assert.ok((last.get(user) ?? -1) < index, `${user}: ${index} came after ${last.get(user)}`);
      last.set(user, index);
    }
  });

  test("has kept each rejected line once", () => {
    const problem =
      'contact: is missing: write {"user":"nina","contact":"alice@example.org","subscription":"both"}';
    const expected = badLines.map((line) => `# line ${line}: ${problem}\n{"user":"nina"}\n`).join("");
    assert.equal(readFileSync(`${file}.rejected`, "utf8"), expected);
  });

  test("sends nothing when it is finished", async () => {
    const { said, exit } = await startImport().ended;
    assert.equal(exit, 2);
    assert.match(said, /was imported before, nothing is sent/);
    assert.equal(arrived().length, pairs);
  });
});
