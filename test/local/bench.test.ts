/** Every benchmark in its quick form: real servers, few messages; no figure is judged, only that they add up. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { after, before, describe, test } from "node:test";
import type { BundleFigures } from "#bench/bundle/bundle.ts";
import type { Comparison } from "#bench/connector/compare.ts";
import type { Latency } from "#bench/load/latency.ts";
import type { Packing } from "#bench/load/packing.ts";
import type { Soak } from "#bench/load/soak.ts";
import type { Throughput } from "#bench/load/throughput.ts";
import type { Machine } from "#bench/machine.ts";
import type { FanOut } from "#bench/presence/fan-out.ts";
import type { Resync } from "#bench/presence/resync.ts";

const root = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "causeway-bench-test-"));
after(() => rmSync(folder, { recursive: true }));

interface Part<Figures> {
  readonly load: { readonly before: number; readonly after: number };
  readonly figures: Figures;
}
interface Report {
  readonly machine: Machine;
  readonly benches: {
    readonly connector: Part<Record<string, Record<string, Comparison>>>;
    readonly latency: Part<readonly Latency[]>;
    readonly throughput: Part<readonly Throughput[]>;
    readonly packing: Part<readonly Packing[]>;
    readonly presence: Part<{ readonly fanOut: FanOut; readonly resync: Resync }>;
    readonly soak: Part<readonly Soak[]>;
    readonly bundle: Part<readonly BundleFigures[]>;
  };
}

/** Runs the command as npm does; its output, once it has ended well. */
async function bench(...args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [join(root, "bench/main.ts"), ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [out, told] = [text(child.stdout), text(child.stderr)];
  const [code] = await once(child, "exit");
  assert.equal(code, 0, await told);
  return await out;
}

describe("every benchmark, quick", { timeout: 280_000 }, () => {
  let tables: string;
  let report: Report;
  before(async () => {
    const file = join(folder, "figures.json");
    tables = await bench("--quick", "--json", file);
    report = JSON.parse(readFileSync(file, "utf8"));
  });

  test("names the machine and how busy it was", () => {
    const { machine, benches } = report;
    assert.ok(machine.cpu.length > 0 && machine.cores > 0 && machine.memoryGb > 0);
    assert.equal(machine.node, process.versions.node);
    for (const { load } of Object.values(benches)) assert.ok(load.before >= 0 && load.after >= 0);
  });

  test("prints a table of each", () => {
    for (const name of Object.keys(report.benches))
      assert.match(tables, new RegExp(`^## ${name}, load`, "m"));
    assert.ok(!tables.includes("NaN"), tables);
  });

  test("connector: what was sent has arrived, on both sides", () => {
    for (const comparison of Object.values(report.benches.connector.figures["prosody"] ?? {})) {
      assert.equal(comparison.bare.length, comparison.ours.length);
      for (const run of [...comparison.bare, ...comparison.ours]) {
        assert.ok(run.sent > 0 && run.stanzasPerS > 0);
        assert.equal(run.arrived, run.sent);
      }
    }
    assert.equal(Object.keys(report.benches.connector.figures["prosody"] ?? {}).length, 8);
  });

  test("latency and throughput: both ways, nothing lost, nothing out of order", () => {
    for (const all of [report.benches.latency.figures, report.benches.throughput.figures]) {
      assert.deepEqual(
        all.map(({ way }) => way),
        ["in", "out"],
      );
      for (const { sent, lost } of all) assert.ok(sent > 0 && lost === 0, `${lost} of ${sent} lost`);
    }
    for (const { p50Ms, p99Ms, maxMs } of report.benches.latency.figures) {
      assert.ok(p50Ms.median > 0 && p50Ms.median <= p99Ms.median && p99Ms.median <= maxMs.median);
    }
    for (const { disordered } of report.benches.throughput.figures) assert.equal(disordered, 0);
  });

  test("packing: every message has left every queue of its way, plain messages write nothing", () => {
    for (const { way, messages, lost, usage, dynamodbWrites, ...bill } of report.benches.packing.figures) {
      assert.equal(lost, 0);
      assert.equal(dynamodbWrites, 0);
      assert.ok(bill.usdPerMillion > 0);
      const path =
        way === "in" ? ["message-stanzas", "native-deliveries"] : ["native-events", "outbound-stanzas"];
      for (const queue of path) {
        const kinds = usage.sqs[`causeway-${queue}.fifo`] ?? {};
        const found = (kind: string) => (kinds[kind]?.requests ?? 0) - (kinds[kind]?.empty ?? 0);
        assert.ok(found("SendMessageBatch") > 0, queue);
        // Ten messages are the most that a request takes, but a message may hold many stanzas.
        if (queue !== "message-stanzas" && queue !== "outbound-stanzas") {
          for (const kind of ["SendMessageBatch", "ReceiveMessage", "DeleteMessageBatch"]) {
            assert.ok(10 * found(kind) >= messages, `${queue}: ${found(kind)} ${kind} for ${messages}`);
          }
        }
      }
      assert.ok(usage.logged.invocations > 0);
    }
  });

  test("presence: everybody is told once, every pair is looked after", () => {
    const { fanOut, resync } = report.benches.presence.figures;
    assert.equal(fanOut.told, fanOut.subscribers);
    assert.ok(fanOut.toldOnce);
    assert.deepEqual([resync.stanzaMessages, resync.events], [resync.pairs, resync.pairs]);
  });

  test("soak: samples of every part, nothing lost, nothing to complain about", () => {
    for (const { passed, samples, errorLines, memoryMb } of report.benches.soak.figures) {
      for (const { sent, lost, disordered } of passed) {
        assert.ok(sent > 0);
        assert.deepEqual([lost, disordered], [0, 0]);
      }
      assert.ok(samples.length > 0);
      assert.deepEqual(errorLines, []);
      for (const { second, last } of Object.values(memoryMb)) assert.ok(second > 0 && last > 0);
    }
  });

  test("bundle: each function and the connector", () => {
    const names = report.benches.bundle.figures.map(({ name }) => name);
    assert.deepEqual(names, ["message", "presence", "iq", "native", "walk", "connector"]);
    for (const { bytes, importMs } of report.benches.bundle.figures)
      assert.ok(bytes > 0 && importMs.median > 0);
  });
});

describe("a benchmark that is broken off", { timeout: 60_000 }, () => {
  test("leaves no folder, and the figures of those before it", async () => {
    const file = join(folder, "broken-off.json");
    const args = ["bundle", "latency", "--quick", "--json", file];
    const child = spawn(process.execPath, [join(root, "bench/main.ts"), ...args], {
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, TMPDIR: folder },
    });
    for await (const line of createInterface(child.stderr)) {
      if (!line.includes("latency: ")) continue;
      child.kill("SIGTERM");
      break;
    }
    const [code] = await once(child, "exit");
    assert.equal(code, 143);
    const { benches }: Report = JSON.parse(readFileSync(file, "utf8"));
    assert.deepEqual(Object.keys(benches), ["bundle"]);
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.startsWith("causeway-bench-")),
      [],
    );
  });
});
