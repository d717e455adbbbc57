/** An import from file to queue, with a queue that does as it is told. */
import assert from "node:assert/strict";
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { OutgoingMessage, SendFailure } from "#aws/queues.ts";
import { linesAheadMax } from "#local/import/import-lines.ts";
import { openInputFile } from "#local/import/input-file.ts";
import type { Line } from "#local/import/lines.ts";
import { dryRun, type Outcome, type RunOptions, runImport } from "#local/import/run.ts";

/** What a queue answers to a call; undefined takes all of it. */
type Answer = (
  batch: readonly OutgoingMessage[],
) => readonly SendFailure[] | undefined | Promise<readonly SendFailure[]>;

let folder: string;
let file: string;
let told: string[];
let calls: (readonly OutgoingMessage[])[];
let linesRead: number;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "causeway-import-"));
  file = join(folder, "contacts.csv");
  told = [];
  calls = [];
  linesRead = 0;
});
afterEach(() => rmSync(folder, { recursive: true }));

const lineOf = (number: number, users: number) => `user${number % users},c${number}@example.org,both\n`;

function writeLines(count: number, users = 50): void {
  writeFileSync(file, Array.from({ length: count }, (_, index) => lineOf(index, users)).join(""));
}

interface Choice extends Partial<Omit<RunOptions, "file" | "input" | "queues">> {
  readonly answer?: Answer;
}

/** All there at once: who reads without a bound has read everything before anything else happens. */
async function* counted(lines: AsyncIterable<Line>): AsyncGenerator<Line> {
  for (const line of await Array.fromAsync(lines)) {
    linesRead += 1;
    yield line;
  }
}

async function run({ answer, ...options }: Choice = {}, act = runImport): Promise<Outcome> {
  const input = await openInputFile(file);
  assert.ok(input.ok);
  const send = async (_: string, batch: readonly OutgoingMessage[]) => {
    calls.push(batch);
    return (await answer?.(batch)) ?? [];
  };
  try {
    return await act({
      file,
      input: { ...input.value, lines: (start) => counted(input.value.lines(start)) },
      queues: act === dryRun ? undefined : { send },
      target: "queue",
      domain: undefined,
      ownDomain: "im.example.com",
      rate: undefined,
      restart: false,
      tell: (text) => told.push(text),
      signal: new AbortController().signal,
      begun: () => undefined,
      ...options,
    });
  } finally {
    await input.value.close();
  }
}

const contactOf = ({ body }: OutgoingMessage) => String(JSON.parse(body).data.contact);
const sentContacts = () => calls.flat().map(contactOf);
const failAll = (reason: string, permanent: boolean, batch: readonly OutgoingMessage[]) =>
  batch.map((_, index) => ({ index, reason, permanent }));

/** Stops an import when so many calls were made; their answers come all the same. */
function stopAfter(count: number) {
  const stopping = new AbortController();
  const answer = () => {
    if (calls.length === count) stopping.abort();
    return undefined;
  };
  return { answer, signal: stopping.signal };
}

describe("an import", () => {
  test("sends each pair once, ten users to a call, and of each user in order", async () => {
    writeLines(1_000);
    const outcome = await run();
    assert.deepEqual(outcome, {
      kind: "finished",
      counts: { sent: 1_000, rejected: 0, silent: 0 },
      rejectedPath: `${file}.rejected`,
      already: false,
    });
    assert.equal(calls.length, 100);
    for (const call of calls) assert.equal(new Set(call.map(({ group }) => group)).size, call.length);
    const ofUser7 = calls.flat().filter(({ group }) => group === "user7");
    const expected = Array.from({ length: 20 }, (_, index) => `c${index * 50 + 7}@example.org`);
    assert.deepEqual(ofUser7.map(contactOf), expected);
    assert.equal(existsSync(`${file}.rejected`), false);
  });

  test("that is finished sends nothing again, unless it is told to", async () => {
    writeLines(30);
    await run();
    calls = [];
    const again = await run();
    assert.ok(again.kind === "finished" && again.already);
    assert.equal(again.counts.sent, 30);
    assert.equal(calls.length, 0);
    await run({ restart: true });
    assert.equal(sentContacts().length, 30);
  });

  test("that is stopped goes on where it was: nothing twice, nothing left out", async () => {
    writeLines(2_000);
    const stopped = await run(stopAfter(40));
    assert.equal(stopped.kind, "stopped");
    const before = calls.length;
    assert.ok(before < 60, `${before} calls were made after the stop`);
    const finished = await run();
    assert.ok(finished.kind === "finished" && !finished.already);
    assert.equal(finished.counts.sent, 2_000);
    assert.equal(sentContacts().length, 2_000);
    assert.equal(new Set(sentContacts()).size, 2_000);
  });

  test("that was killed sends again only what no checkpoint knew, under the same ids", async () => {
    writeLines(2_000);
    await run(stopAfter(40));
    const checkpoint = readFileSync(`${file}.progress`);
    await run(stopAfter(80));
    // As if the second run had been killed before its checkpoint.
    writeFileSync(`${file}.progress`, checkpoint);
    await run();
    const ids = calls.flat().map(({ dedup }) => dedup);
    assert.equal(new Set(ids).size, 2_000);
    assert.ok(ids.length > 2_000 && ids.length < 2_700, `${ids.length} events`);
  });

  test("keeps each bad line with its reason, once, over several runs, and says so at the end", async () => {
    writeLines(1_000);
    const bad = "nina,bob@im.example.com,to\n";
    for (let each = 0; each < 3; each += 1) appendFileSync(file, `${bad}${lineOf(5_000 + each, 50)}\n`);
    await run(stopAfter(3));
    const outcome = await run();
    assert.deepEqual(outcome.kind === "finished" && outcome.counts, { sent: 1_003, rejected: 3, silent: 3 });
    const reason = "contact: is a user of the native system itself, at im.example.com: leave it out";
    const kept = [1_001, 1_004, 1_007].map((line) => `# line ${line}: ${reason}\n${bad}`).join("");
    assert.equal(readFileSync(`${file}.rejected`, "utf8"), kept);
  });

  test("tells the first bad lines only, and keeps all", async () => {
    writeFileSync(file, "nina,,to\n".repeat(500));
    const outcome = await run();
    assert.deepEqual(outcome.kind === "finished" && outcome.counts, { sent: 0, rejected: 500, silent: 0 });
    assert.equal(told.length, 21);
    assert.match(told.at(-1) ?? "", /more rejected lines are in .*contacts\.csv\.rejected only/);
    assert.equal(readFileSync(`${file}.rejected`, "utf8").split("\n").length, 1_001);
  });

  test("of a file of rejected lines imports what was mended in it", async () => {
    writeFileSync(file, "nina,alice@example.org/x,both\nnina,bob@example.org,all\n");
    await run();
    file = `${file}.rejected`;
    writeFileSync(file, readFileSync(file, "utf8").replace("/x", "").replace(",all", ",both"));
    await run();
    assert.deepEqual(sentContacts(), ["alice@example.org", "bob@example.org"]);
  });

  test("rejects what the queue refuses for good, and sends the rest of that user", async () => {
    writeLines(30, 3);
    const answer: Answer = (batch) =>
      batch.flatMap((message, index) =>
        contactOf(message) === "c4@example.org"
          ? [{ index, reason: "InvalidMessageContents", permanent: true }]
          : [],
      );
    const outcome = await run({ answer });
    assert.deepEqual(outcome.kind === "finished" && outcome.counts, { sent: 29, rejected: 1, silent: 0 });
    assert.match(told[0] ?? "", /^line 5: was refused by the queue: InvalidMessageContents$/);
    assert.equal(sentContacts().length, 30);
  });

  test("sends what the queue did not take once more, before what follows it", async () => {
    writeLines(40, 2);
    let failing = true;
    const answer: Answer = (batch) => {
      if (!failing || calls.length < 3) return undefined;
      failing = false;
      return [{ index: batch.length - 1, reason: "throttled", permanent: false }];
    };
    const outcome = await run({ answer });
    assert.ok(outcome.kind === "finished" && outcome.counts.sent === 40);
    const distinct = [...new Set(sentContacts())];
    assert.equal(sentContacts().length, 41);
    for (const user of [0, 1]) {
      const numbers = distinct
        .map((contact) => Number(contact.slice(1, -12)))
        .filter((each) => each % 2 === user);
      assert.deepEqual(
        numbers,
        [...numbers].sort((a, b) => a - b),
      );
    }
  });

  test("ends where the queue takes nothing at all, and can go on later", async () => {
    writeLines(100);
    const lost = await run({ answer: (batch) => failAll("ECONNREFUSED", false, batch) });
    assert.deepEqual(lost, {
      kind: "lost",
      reason: "ECONNREFUSED",
      counts: { sent: 0, rejected: 0, silent: 0 },
    });
    calls = [];
    const later = await run();
    assert.ok(later.kind === "finished" && later.counts.sent === 100);
    assert.equal(sentContacts().length, 100);
  });

  test("reads only so far ahead of the first line that is not done", async () => {
    writeLines(3 * linesAheadMax);
    let release: (answer: readonly SendFailure[]) => void = () => undefined;
    const stuck = new Promise<readonly SendFailure[]>((resolve) => {
      release = resolve;
    });
    // The first ten users' first events hang; the others go on until the room ahead of them is used up.
    let readAhead = 0;
    const answer: Answer = (batch) => {
      const contacts = batch.map(contactOf);
      if (contacts.includes(`c${linesAheadMax - 1}@example.org`)) {
        setImmediate(() => {
          readAhead = linesRead;
          release([]);
        });
      }
      return contacts[0] === "c0@example.org" ? stuck : undefined;
    };
    const outcome = await run({ answer });
    assert.equal(readAhead, linesAheadMax);
    assert.ok(outcome.kind === "finished" && outcome.counts.sent === 3 * linesAheadMax);
  });

  test("refuses a checkpoint of another content or another queue, and --restart ignores it", async () => {
    writeLines(100);
    await run(stopAfter(2));
    const elsewhere = await run({ target: "another queue" });
    assert.match(
      elsewhere.kind === "failed" ? elsewhere.reason : "",
      /into queue, not into another queue.*--restart/,
    );
    appendFileSync(file, lineOf(100, 50));
    const changed = await run();
    assert.match(changed.kind === "failed" ? changed.reason : "", /has changed since.*--restart/);
    writeFileSync(`${file}.progress`, "{");
    const broken = await run();
    assert.match(broken.kind === "failed" ? broken.reason : "", /progress cannot be read: use --restart/);
    const restarted = await run({ restart: true });
    assert.ok(restarted.kind === "finished" && restarted.counts.sent === 101);
  });

  test("reads a file again that had no good line, since it may have been mended", async () => {
    writeFileSync(file, "nina,alice,everything\n");
    await run();
    writeFileSync(file, "nina,alice@example.org,both\n");
    const outcome = await run();
    assert.deepEqual(outcome.kind === "finished" && outcome.counts, { sent: 1, rejected: 0, silent: 0 });
    assert.equal(existsSync(`${file}.rejected`), false);
  });

  test("of a JSON list says what to do", async () => {
    writeFileSync(file, '[\n{"user":"nina"}\n]\n');
    const outcome = await run();
    assert.match(outcome.kind === "failed" ? outcome.reason : "", /one JSON list: write one object a line/);
    assert.deepEqual(told, []);
  });

  test("of an empty file is finished at once", async () => {
    writeFileSync(file, "");
    const outcome = await run();
    assert.deepEqual(outcome.kind === "finished" && outcome.counts, { sent: 0, rejected: 0, silent: 0 });
  });
});

describe("a dry run", () => {
  test("checks every line, sends nothing and leaves a checkpoint alone", async () => {
    writeLines(10);
    appendFileSync(file, "nina,alice@example.org,none\n");
    await run(stopAfter(1));
    const checkpoint = readFileSync(`${file}.progress`, "utf8");
    calls = [];
    const outcome = await run({}, dryRun);
    assert.deepEqual(outcome.kind === "finished" && outcome.counts, { sent: 10, rejected: 1, silent: 0 });
    assert.equal(calls.length, 0);
    assert.equal(readFileSync(`${file}.progress`, "utf8"), checkpoint);
    assert.match(readFileSync(`${file}.dry-run-rejected`, "utf8"), /^# line 11: subscription: /);
  });
});

describe("a file that cannot be imported", () => {
  test("is told apart: missing, or no file", async () => {
    const missing = await openInputFile(join(folder, "none.csv"));
    assert.match(missing.ok ? "" : missing.error, /^there is no .*none\.csv$/);
    const directory = await openInputFile(folder);
    assert.match(directory.ok ? "" : directory.error, /no regular file/);
  });
});
