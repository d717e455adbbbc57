import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { account } from "#bench/faults/account.ts";
import { catalogue } from "#bench/faults/catalogue.ts";
import type { Fault } from "#bench/faults/fault.ts";
import type { Outcome } from "#bench/faults/run.ts";
import { runSeries } from "#bench/faults/series.ts";

const root = join(import.meta.dirname, "../../..");

function fault(name: string, impossible?: string): Fault {
  const strike = async () => {};
  const summary = `what ${name} does`;
  return {
    ...{ name, summary, inboundLoss: "none", repeats: false, lastsS: 1, strike },
    impossible: () => impossible,
  };
}

function outcome(name: string, ...broken: string[]): Outcome {
  const figures = account([]);
  return {
    ...{ fault: name, server: "prosody", seed: 1, ratePerS: 1, seconds: 1, strokes: 1 },
    ...{ inbound: figures, outbound: figures, inboundLostMax: 0, underWay: 0, swallowed: 0, letters: {} },
    ...{ gapMs: { inbound: 0, outbound: 0 }, takeOverMs: [], broken },
  };
}

describe("faults one after another", () => {
  const names = ["first", "second", "third"];
  const runs = names.map((name) => ({ fault: fault(name), server: "prosody" as const }));

  test("one that could not be run keeps none of the others from its turn, and is told", async () => {
    const [log, kept]: [string[], number[]] = [[], []];
    const series = await runSeries(runs, {
      async run({ fault: { name } }) {
        if (name === "second") throw new Error("no bridge");
        return outcome(name, ...(name === "third" ? ["2 lost"] : []));
      },
      onOutcome: (outcomes) => void kept.push(outcomes.length),
      log: (line) => void log.push(line),
      signal: new AbortController().signal,
    });
    assert.deepEqual(
      series.outcomes.map((each) => each.fault),
      ["first", "third"],
    );
    assert.equal(series.failed, 1);
    assert.deepEqual(kept, [1, 2]);
    assert.deepEqual(log, [
      "first (prosody): what first does",
      "first (prosody): kept",
      "second (prosody): what second does",
      "second (prosody): FAILED: no bridge",
      "third (prosody): what third does",
      "third (prosody): BROKEN: 2 lost",
    ]);
  });

  test("one that is impossible here is passed over, and after a signal none begins", async () => {
    const asked = new AbortController();
    const begun: string[] = [];
    const log: string[] = [];
    const series = await runSeries([{ fault: fault("zeroth", "no root"), server: "prosody" }, ...runs], {
      async run({ fault: { name } }) {
        begun.push(name);
        asked.abort();
        throw new Error("stopped");
      },
      onOutcome: () => {},
      log: (line) => void log.push(line),
      signal: asked.signal,
    });
    assert.deepEqual([begun, series], [["first"], { outcomes: [], failed: 0 }]);
    assert.equal(log[0], "zeroth (prosody): skipped: no root");
  });
});

test("every fault has a short form in npm test, and a row in its document's table", () => {
  const folder = join(root, "test/faults");
  const tests = readdirSync(folder).map((file) => readFileSync(join(folder, file), "utf8"));
  const all = tests.flatMap((text) => text.match(/testFaults\(\[[^\]]*\]/g) ?? []).join();
  const names = catalogue.map(({ name }) => name);
  assert.deepEqual(
    names.filter((name) => !all.includes(`"${name}"`)),
    [],
  );
  const [, text = ""] = readFileSync(join(root, "docs/faults.md"), "utf8").split("## What is struck");
  const [, table = ""] = /((?:^\|.*\n)+)/m.exec(text) ?? [];
  assert.deepEqual(
    names.filter((name) => !table.includes(`\`${name}\``)),
    [],
  );
});
