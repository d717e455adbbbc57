/** The command line of an import, and what people see of it. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { help, type Options, readOptions } from "#local/import/options.ts";
import { duration, progressText, summaryText } from "#local/import/progress.ts";

function optionsOf(...args: string[]): Options {
  const options = readOptions(args);
  assert.ok(options.ok && options.value !== "help");
  return options.value;
}

function complaintOf(...args: string[]): string {
  const options = readOptions(args);
  assert.ok(!options.ok);
  return options.error;
}

const queueUrl = "https://sqs.eu-central-1.amazonaws.com/123456789012/causeway-native-events.fifo";

describe("the command line", () => {
  test("with a file alone imports it into the bridge on this machine", () => {
    assert.deepEqual(optionsOf("contacts.csv"), {
      file: "contacts.csv",
      restart: false,
      dryRun: false,
      rate: undefined,
      domain: undefined,
      target: { kind: "bridge", endpoints: undefined },
    });
  });

  test("takes every option that the help names", () => {
    const named = [...help.matchAll(/^ {2}(--[a-z-]+)/gm)].map(([, name]) => name);
    const given = [
      "--endpoints",
      "--queue-url",
      "--region",
      "--domain",
      "--rate",
      "--dry-run",
      "--restart",
      "--help",
    ];
    assert.deepEqual(named, given);
    const { rate, domain, dryRun, restart, target } = optionsOf(
      ...["a.csv", "--rate", "200", "--domain", "IM.example.com", "--dry-run", "--restart"],
      ...["--endpoints", "x.json"],
    );
    assert.deepEqual(
      [rate, domain, dryRun, restart, target],
      [200, "im.example.com", true, true, { kind: "bridge", endpoints: "x.json" }],
    );
    const asked = readOptions(["-h"]);
    assert.ok(asked.ok && asked.value === "help");
  });

  test("knows the region of a queue from its URL, or is told", () => {
    const target = { kind: "queue", url: queueUrl, region: "eu-central-1" };
    assert.deepEqual(optionsOf("a.csv", "--queue-url", queueUrl).target, target);
    const local = "http://127.0.0.1:9324/000000000000/causeway-native-events.fifo";
    const told = optionsOf("a.csv", "--queue-url", local, "--region", "us-east-1").target;
    assert.deepEqual(told, { kind: "queue", url: local, region: "us-east-1" });
    assert.match(complaintOf("a.csv", "--queue-url", local), /--region is missing/);
  });

  test("says what is wrong with it", () => {
    assert.match(complaintOf(), /which file\?/);
    assert.match(complaintOf("a.csv", "b.csv"), /one file at a time: b\.csv/);
    for (const rate of ["0", "-1", "1.5", "fast", ""])
      assert.match(complaintOf("a", `--rate=${rate}`), /--rate/);
    assert.match(complaintOf("a", "--domain", "a b"), /--domain: /);
    assert.match(complaintOf("a", "--queue-url", "https://example.com/q"), /\.fifo/);
    assert.match(complaintOf("a", "--queue-url", "q.fifo"), /URL/);
    assert.match(complaintOf("a", "--queue-url", queueUrl, "--endpoints", "e"), /not both/);
    assert.match(complaintOf("a", "--region", "us-east-1"), /--queue-url/);
    assert.match(complaintOf("a", "--fast"), /--fast/);
  });
});

describe("the progress", () => {
  test("says lines, share, speed, rejected lines and remaining time, of this run", () => {
    const text = progressText({
      counts: { sent: 29_990, rejected: 9, silent: 1 },
      linesBefore: 10_000,
      bytes: { done: 300_000, before: 100_000, all: 1_000_000 },
      elapsedMs: 10_000,
    });
    assert.equal(text, "30,000 lines (30 %), 2,000/s, 9 rejected, 35 s left");
  });

  test("does not guess the time before anything is done, nor divides by an empty file", () => {
    const counts = { sent: 0, rejected: 0, silent: 0 };
    const bytes = { done: 0, before: 0, all: 10 };
    const begun = progressText({ counts, linesBefore: 0, bytes, elapsedMs: 0 });
    assert.equal(begun, "0 lines (0 %), 0/s, 0 rejected");
    const empty = progressText({
      counts,
      linesBefore: 0,
      bytes: { done: 0, before: 0, all: 0 },
      elapsedMs: 0,
    });
    assert.equal(empty, "0 lines (100 %), 0/s, 0 rejected");
  });

  test("ends with a summary", () => {
    assert.equal(summaryText({ sent: 1, rejected: 0, silent: 0 }), "1 line: 1 event sent, 0 rejected");
    assert.equal(
      summaryText({ sent: 1_500, rejected: 2, silent: 3 }, true),
      "1,505 lines: 1,500 good, 2 rejected, 3 blank, comment or header",
    );
  });

  test("says times as people do", () => {
    assert.deepEqual([1, 59_001, 200_000, 7_500_000].map(duration), [
      "1 s",
      "1 min 0 s",
      "3 min 20 s",
      "2 h 5 min",
    ]);
  });
});
