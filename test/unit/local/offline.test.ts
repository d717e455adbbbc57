/** `npm run offline`: its command line, and how it knows when it is done. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { OfflineProgress } from "#aws/table.ts";
import type { WalkTask } from "#core/contract/envelope.ts";
import { type Access, openAccess } from "#local/offline/access.ts";
import { help, readOptions } from "#local/offline/options.ts";
import { goOffline } from "#local/offline/run.ts";

describe("the command line", () => {
  test("takes every option that the help names, and no other", () => {
    const named = [...help.matchAll(/^ {2}(--[a-z-]+)/gm)].map(([, name]) => name);
    assert.deepEqual(named, ["--domain", "--endpoints", "--help"]);
    const read = (...args: string[]) => readOptions(args);
    assert.deepEqual(read(), { ok: true, value: { endpoints: undefined, domain: undefined } });
    const value = { endpoints: "x.json", domain: "im.example.com" };
    assert.deepEqual(read("--endpoints", "x.json", "--domain", "IM.example.com"), { ok: true, value });
    assert.deepEqual(read("-h"), { ok: true, value: "help" });
    for (const args of [["--now"], ["please"], ["--domain", "a b"]]) assert.equal(read(...args).ok, false);
  });

  test("takes the bridge from the environment where that names one, unless a file is given", () => {
    const queue = "https://sqs.eu-central-1.amazonaws.com/1/q";
    const env = {
      AWS_REGION: "eu-central-1",
      CAUSEWAY_TABLE: "causeway",
      CAUSEWAY_DOMAINS: "im.example.com,im.example.net",
      CAUSEWAY_QUEUE_WALKS: queue,
      CAUSEWAY_QUEUE_OUTBOUND_STANZAS: `${queue}.fifo`,
    };
    const open = (domain?: string, endpoints?: string, more = {}) => {
      const access = openAccess({ domain, endpoints }, { ...env, ...more });
      return access.ok ? access.value.domain : access.error;
    };
    assert.equal(open(), "im.example.com");
    assert.equal(open("im.example.net"), "im.example.net");
    assert.match(open("im.example.org"), /is not served here: im.example.com, im.example.net/);
    assert.match(
      open(undefined, undefined, { CAUSEWAY_QUEUE_WALKS: "" }),
      /^CAUSEWAY_QUEUE_WALKS is missing/,
    );
    assert.match(open(undefined, "/nowhere/x.json"), /there is no \/nowhere\/x.json: start the bridge first/);
  });
});

describe("the order", () => {
  /** Goes through what the bridge says look by look; the last of each repeats. */
  async function run(looks: {
    progress: ((begun: string) => OfflineProgress | undefined)[];
    waiting?: number[];
    stopAfter?: number;
  }) {
    const tasks: WalkTask[] = [];
    const told: string[] = [];
    const stopping = new AbortController();
    const waiting = [...(looks.waiting ?? [0])];
    const progress = [...looks.progress];
    let begun = "";
    let nowMs = Date.parse("2026-11-02T09:30:00Z");
    const next = <T>(list: T[]) => (list.length > 1 ? list.shift() : list[0]) as T;
    const access: Access = {
      domain: "im.example.com",
      async begin(task) {
        tasks.push(task);
        begun = task.kind === "offline" ? task.begun : "";
      },
      async progress() {
        nowMs += 500;
        if (progress.length === looks.stopAfter) stopping.abort();
        return next(progress)(begun);
      },
      async waiting() {
        nowMs += 500;
        return next(waiting);
      },
    };
    const outcome = await goOffline({
      access,
      trace: "",
      now: () => nowMs,
      lookMs: 0,
      stallMsMax: 5_000,
      signal: stopping.signal,
      tell: (text) => told.push(text),
    });
    return { outcome, tasks, told };
  }

  const at =
    (step: number, told: number, done = false) =>
    (begun: string) => ({ begun, step, told, done });
  const nothing = () => undefined;

  test("is given once, and done when the walk is and nothing waits any more, seen twice", async () => {
    const { outcome, tasks, told } = await run({
      progress: [nothing, at(0, 0), at(1, 250), at(2, 300, true)],
      waiting: [30, 0, 2, 0, 0, 99],
    });
    assert.deepEqual(outcome, { kind: "done", told: 300 });
    assert.deepEqual(told, [
      "waiting for the walk to begin",
      "0 contacts told, step 0",
      "250 contacts told, step 1",
      "300 contacts told, 30 messages still to be written",
      "300 contacts told, 0 messages still to be written",
    ]);
    const [task] = tasks;
    assert.ok(tasks.length === 1 && task?.kind === "offline");
    assert.deepEqual([task.begun, task.step, task.fence], ["2026-11-02T09:30:00.000Z", 0, undefined]);
  });

  test("is replaced by the walk of a newer stream, and by a later order", async () => {
    const other = () => ({ begun: "2027", step: 0, told: 0, done: false });
    for (const replacing of [nothing, other]) {
      const { outcome } = await run({ progress: [at(0, 10), replacing] });
      assert.deepEqual(outcome, { kind: "replaced" });
    }
    assert.deepEqual((await run({ progress: [other] })).outcome, { kind: "replaced" });
    // What an earlier order has left is nothing to go by.
    const earlier = () => ({ begun: "2025", step: 9, told: 9, done: true });
    assert.deepEqual((await run({ progress: [earlier, at(1, 1, true)] })).outcome, { kind: "done", told: 1 });
  });

  test("is given up when the walk, or the connector, does not go on", async () => {
    const stalled = (by: string) => ({ kind: "stalled", by });
    assert.deepEqual((await run({ progress: [nothing] })).outcome, stalled("walk"));
    assert.deepEqual((await run({ progress: [at(3, 10)] })).outcome, stalled("walk"));
    const { outcome } = await run({ progress: [at(1, 1, true)], waiting: [7] });
    assert.deepEqual(outcome, stalled("connector"));
  });

  test("is watched no longer when it is stopped", async () => {
    const { outcome } = await run({ progress: [at(0, 0), at(1, 1), at(2, 2)], stopAfter: 2 });
    assert.deepEqual(outcome, { kind: "stopped" });
  });
});
