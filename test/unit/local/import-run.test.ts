/** An import from file to queue, with a queue that does as it is told. */
import assert from "node:assert/strict";
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { OutgoingMessage, SendFailure } from "#aws/queues.ts";
import { linesAheadMax } from "#local/import/import-lines.ts";
import { openInputFile } from "#local/import/input-file.ts";
import { dryRun } from "#local/import/run.ts";
import { type Answer, contactOf, type ImportBench, lineOf, makeImportBench } from "#test/harness/import.ts";

let bench: ImportBench;
let file: string;

/** In each group by itself: hooks of a file would count for every file that shares its process. */
function withBench(): void {
  beforeEach(() => {
    bench = makeImportBench();
    file = bench.file;
  });
  afterEach(() => bench.remove());
}

const failAll = (reason: string, batch: readonly OutgoingMessage[]) =>
  batch.map((_, index) => ({ index, reason, permanent: false }));

describe("an import", () => {
  withBench();

  test("sends each pair once, ten users to a call, and of each user in order", async () => {
    bench.writeLines(1_000);
    const outcome = await bench.run();
    assert.deepEqual(outcome, {
      kind: "finished",
      counts: { sent: 1_000, rejected: 0, silent: 0 },
      rejectedPath: `${file}.rejected`,
      already: false,
    });
    assert.equal(bench.calls.length, 100);
    for (const call of bench.calls) assert.equal(new Set(call.map(({ group }) => group)).size, call.length);
    const ofUser7 = bench.calls.flat().filter(({ group }) => group === "user7");
    const expected = Array.from({ length: 20 }, (_, index) => `c${index * 50 + 7}@example.org`);
    assert.deepEqual(ofUser7.map(contactOf), expected);
    assert.equal(existsSync(`${file}.rejected`), false);
  });

  test("that is finished sends nothing again, unless it is told to", async () => {
    bench.writeLines(30);
    await bench.run();
    bench.calls.length = 0;
    const again = await bench.run();
    assert.ok(again.kind === "finished" && again.already);
    assert.equal(again.counts.sent, 30);
    assert.equal(bench.calls.length, 0);
    await bench.run({ restart: true });
    assert.equal(bench.sentContacts().length, 30);
  });

  test("that is stopped goes on where it was: nothing twice, nothing left out", async () => {
    bench.writeLines(2_000);
    const stopped = await bench.run(bench.stopAfter(40));
    assert.equal(stopped.kind, "stopped");
    const before = bench.calls.length;
    assert.ok(before < 60, `${before} calls were made after the stop`);
    const finished = await bench.run();
    assert.ok(finished.kind === "finished" && !finished.already);
    assert.equal(finished.counts.sent, 2_000);
    assert.equal(bench.sentContacts().length, 2_000);
    assert.equal(new Set(bench.sentContacts()).size, 2_000);
  });

  test("that was killed sends again only what no checkpoint knew, under the same ids", async () => {
    bench.writeLines(2_000);
    await bench.run(bench.stopAfter(40));
    const checkpoint = readFileSync(`${file}.progress`);
    await bench.run(bench.stopAfter(80));
    // As if the second run had been killed before its checkpoint.
    writeFileSync(`${file}.progress`, checkpoint);
    await bench.run();
    const ids = bench.calls.flat().map(({ dedup }) => dedup);
    assert.equal(new Set(ids).size, 2_000);
    assert.ok(ids.length > 2_000 && ids.length < 2_700, `${ids.length} events`);
  });

  test("keeps each bad line with its reason, once, over several runs, and says so at the end", async () => {
    bench.writeLines(1_000);
    const bad = "nina,bob@im.example.com,to\n";
    for (let each = 0; each < 3; each += 1) appendFileSync(file, `${bad}${lineOf(5_000 + each)}\n`);
    await bench.run(bench.stopAfter(3));
    const outcome = await bench.run();
    assert.deepEqual(outcome.kind === "finished" && outcome.counts, { sent: 1_003, rejected: 3, silent: 3 });
    const reason = "contact: is a user of the native system itself, at im.example.com: leave it out";
    const kept = [1_001, 1_004, 1_007].map((line) => `# line ${line}: ${reason}\n${bad}`).join("");
    assert.equal(readFileSync(`${file}.rejected`, "utf8"), kept);
  });

  test("tells the first bad lines only, and keeps all", async () => {
    writeFileSync(file, "nina,,to\n".repeat(500));
    const outcome = await bench.run();
    assert.deepEqual(outcome.kind === "finished" && outcome.counts, { sent: 0, rejected: 500, silent: 0 });
    assert.equal(bench.told.length, 21);
    assert.match(bench.told.at(-1) ?? "", /more rejected lines are in .*contacts\.csv\.rejected only/);
    assert.equal(readFileSync(`${file}.rejected`, "utf8").split("\n").length, 1_001);
  });

  test("of a file of rejected lines imports what was mended in it", async () => {
    writeFileSync(file, "nina,alice@example.org/x,both\nnina,bob@example.org,all\n");
    await bench.run();
    const rejected = `${file}.rejected`;
    writeFileSync(rejected, readFileSync(rejected, "utf8").replace("/x", "").replace(",all", ",both"));
    await bench.run({ file: rejected });
    assert.deepEqual(bench.sentContacts(), ["alice@example.org", "bob@example.org"]);
  });

  test("rejects what the queue refuses for good, and sends the rest of that user", async () => {
    bench.writeLines(30, 3);
    const answer: Answer = (batch) =>
      batch.flatMap((message, index) =>
        contactOf(message) === "c4@example.org"
          ? [{ index, reason: "InvalidMessageContents", permanent: true }]
          : [],
      );
    const outcome = await bench.run({ answer });
    assert.deepEqual(outcome.kind === "finished" && outcome.counts, { sent: 29, rejected: 1, silent: 0 });
    assert.match(bench.told[0] ?? "", /^line 5: was refused by the queue: InvalidMessageContents$/);
    assert.equal(bench.sentContacts().length, 30);
  });

  test("sends what the queue did not take once more, before what follows it", async () => {
    bench.writeLines(40, 2);
    let failing = true;
    const answer: Answer = (batch) => {
      if (!failing || bench.calls.length < 3) return undefined;
      failing = false;
      return [{ index: batch.length - 1, reason: "throttled", permanent: false }];
    };
    const outcome = await bench.run({ answer });
    assert.ok(outcome.kind === "finished" && outcome.counts.sent === 40);
    const distinct = [...new Set(bench.sentContacts())];
    assert.equal(bench.sentContacts().length, 41);
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
    bench.writeLines(100);
    const lost = await bench.run({ answer: (batch) => failAll("ECONNREFUSED", batch) });
    assert.deepEqual(lost, {
      kind: "lost",
      reason: "ECONNREFUSED",
      counts: { sent: 0, rejected: 0, silent: 0 },
    });
    bench.calls.length = 0;
    const later = await bench.run();
    assert.ok(later.kind === "finished" && later.counts.sent === 100);
    assert.equal(bench.sentContacts().length, 100);
  });

  test("waits for a queue that takes nothing for a moment, and goes on by itself", async () => {
    bench.writeLines(100);
    const answer: Answer = (batch) => (bench.calls.length === 4 ? failAll("throttled", batch) : undefined);
    const outcome = await bench.run({ answer });
    assert.ok(outcome.kind === "finished" && outcome.counts.sent === 100);
    assert.deepEqual(bench.told, ["the queue takes nothing (throttled): trying again"]);
    assert.equal(new Set(bench.sentContacts()).size, 100);
  });

  test("reads only so far ahead of the first line that is not done", async () => {
    bench.writeLines(3 * linesAheadMax);
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
          readAhead = bench.linesRead();
          release([]);
        });
      }
      return contacts[0] === "c0@example.org" ? stuck : undefined;
    };
    const outcome = await bench.run({ answer });
    assert.equal(readAhead, linesAheadMax);
    assert.ok(outcome.kind === "finished" && outcome.counts.sent === 3 * linesAheadMax);
  });

  test("refuses a checkpoint of another content or another queue, and --restart ignores it", async () => {
    bench.writeLines(100);
    await bench.run(bench.stopAfter(2));
    const elsewhere = await bench.run({ target: "another queue" });
    assert.match(
      elsewhere.kind === "failed" ? elsewhere.reason : "",
      /into queue, not into another queue.*--restart/,
    );
    appendFileSync(file, lineOf(100));
    const changed = await bench.run();
    assert.match(changed.kind === "failed" ? changed.reason : "", /has changed since.*--restart/);
    writeFileSync(`${file}.progress`, "{");
    const broken = await bench.run();
    assert.match(broken.kind === "failed" ? broken.reason : "", /progress cannot be read: use --restart/);
    const restarted = await bench.run({ restart: true });
    assert.ok(restarted.kind === "finished" && restarted.counts.sent === 101);
  });

  test("reads a file again that had no good line, since it may have been mended", async () => {
    writeFileSync(file, "nina,alice,everything\n");
    await bench.run();
    writeFileSync(file, "nina,alice@example.org,both\n");
    const outcome = await bench.run();
    assert.deepEqual(outcome.kind === "finished" && outcome.counts, { sent: 1, rejected: 0, silent: 0 });
    assert.equal(existsSync(`${file}.rejected`), false);
  });

  test("of a JSON list says what to do", async () => {
    writeFileSync(file, '[\n{"user":"nina"}\n]\n');
    const outcome = await bench.run();
    assert.match(outcome.kind === "failed" ? outcome.reason : "", /one JSON list: write one object a line/);
    assert.deepEqual(bench.told, []);
  });

  test("of an empty file is finished at once", async () => {
    writeFileSync(file, "");
    const outcome = await bench.run();
    assert.deepEqual(outcome.kind === "finished" && outcome.counts, { sent: 0, rejected: 0, silent: 0 });
  });
});

describe("a dry run", () => {
  withBench();

  test("checks every line, sends nothing and leaves a checkpoint alone", async () => {
    bench.writeLines(10);
    appendFileSync(file, "nina,alice@example.org,none\n");
    await bench.run(bench.stopAfter(1));
    const checkpoint = readFileSync(`${file}.progress`, "utf8");
    bench.calls.length = 0;
    const outcome = await bench.run({}, dryRun);
    assert.deepEqual(outcome.kind === "finished" && outcome.counts, { sent: 10, rejected: 1, silent: 0 });
    assert.equal(bench.calls.length, 0);
    assert.equal(readFileSync(`${file}.progress`, "utf8"), checkpoint);
    assert.match(readFileSync(`${file}.dry-run-rejected`, "utf8"), /^# line 11: subscription: /);
  });
});

describe("a file that cannot be imported", () => {
  withBench();

  test("is told apart: missing, or no file", async () => {
    const missing = await openInputFile(join(bench.folder, "none.csv"));
    assert.match(missing.ok ? "" : missing.error, /^there is no .*none\.csv$/);
    const directory = await openInputFile(bench.folder);
    assert.match(directory.ok ? "" : directory.error, /no regular file/);
  });
});
