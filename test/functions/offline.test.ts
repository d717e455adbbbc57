/** Before a planned end of the stream everybody is told that users are gone, over real engines. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { WalkTask, WalkTaskOf } from "#core/contract/envelope.ts";
import type { Pair } from "#core/decision.ts";
import { limits } from "#core/limits.ts";
import { faulty } from "#test/harness/faults.ts";
import { emptyQueues, portsOver, takeEvents, takeTypes, userId } from "#test/harness/functions.ts";
import { trace } from "#test/harness/lambda-events.ts";
import { here, makeStage as makeStageOver, type ResyncStage as Stage } from "#test/harness/resync.ts";
import { useEngines } from "#test/harness/use-engines.ts";
import { takeStep, walkToEnd } from "#test/harness/walks.ts";

type Task = WalkTaskOf<"offline">;

const engines = await useEngines();
const makeStage = () => makeStageOver(engines);

const begun = "2026-11-02T09:30:00.000Z";
const later = "2026-11-02T09:31:00.000Z";
const order = ({ domain }: Stage, more: Partial<Task> = {}): Task => ({
  kind: "offline",
  id: `offline.${more.begun ?? begun}.0`,
  trace,
  hops: 0,
  domain,
  begun,
  step: 0,
  told: 0,
  ...more,
});
const directed = {
  presence: { show: "dnd", time: "2026-11-01T00:00:00Z" },
  mark: "2",
  subscriber: false,
} as const;

/** What was written to each contact, in order: types of stanzas. */
const written = async () =>
  Object.fromEntries(
    Object.entries(await takeTypes(engines)).map(([to, types]) => [to.replace("@example.org", ""), types]),
  );

/** Two users, one of them here, and those who see them. */
async function populate(stage: Stage): Promise<void> {
  const { domain, user, pair } = stage;
  await user("nina");
  await user("absent", false);
  await user("leaving");
  await pair("nina", "subscriber", { state: "from" });
  await pair("nina", "friend", { state: "both" });
  await pair("nina", "seen", { state: "to" });
  await pair("nina", "shown", { directed });
  await pair("nina", "blocked", { state: "both", blocked: true });
  await pair("absent", "watcher", { state: "from" });
  await pair("absent", "shown-alone", { directed });
  await pair("leaving", "left", { state: "both" });
  await engines.table.beginRemoval(domain, userId("leaving"), "9");
}

const toldAll = {
  friend: ["unavailable"],
  shown: ["unavailable"],
  "shown-alone": ["unavailable"],
  subscriber: ["unavailable"],
};

describe("the walk before a planned end", () => {
  test("tells whoever sees a user, changes nothing of the user, and says when it is done", async () => {
    const stage = makeStage();
    await populate(stage);
    assert.equal(await engines.table.walkProgress(stage.domain), undefined);
    await engines.table.takeFence(stage.domain);
    assert.ok(await takeStep(order(stage), stage.ports));
    await walkToEnd(stage.parts.held, stage.ports);
    assert.deepEqual(await written(), toldAll);
    const { presence } = (await engines.table.readUser(stage.domain, userId("nina"))) ?? {};
    assert.deepEqual(presence, here);
    assert.deepEqual(await engines.table.walkProgress(stage.domain), { begun, step: 1, told: 4, done: true });
    assert.deepEqual(await takeEvents(engines), []);
  });

  test("is undone by the next stream, which tells all of it again", async () => {
    const stage = makeStage();
    await populate(stage);
    const fence = await engines.table.takeFence(stage.domain);
    assert.ok(await takeStep(order(stage), stage.ports));
    await written();
    assert.ok(await takeStep(stage.task(fence + 1), stage.ports));
    const seen = await written();
    assert.deepEqual([seen["subscriber"], seen["friend"]], [["available"], ["probe", "available"]]);
    // Whom the user shows itself to alone is told by the one writer of the user's presence.
    const probed = (await takeEvents(engines, "nativeEvents")).map(({ data }) => data["contact"]);
    assert.deepEqual(probed.sort(), ["shown-alone@example.org", "shown@example.org"]);
    assert.equal(await engines.table.walkProgress(stage.domain), undefined);
  });

  test("ends when a newer stream has come up, and ends the resync of the one that is about to end", async () => {
    const stage = makeStage();
    await populate(stage);
    const fence = await engines.table.takeFence(stage.domain);
    assert.ok(await takeStep(order(stage), stage.ports));
    await emptyQueues(engines);
    for (const phase of ["greet", "settle"] as const) {
      assert.ok(await takeStep(stage.task(fence, { phase, step: 7 }), stage.ports));
    }
    assert.deepEqual([await written(), await takeEvents(engines)], [{}, []]);
    assert.ok(await takeStep(stage.task(fence + 1), stage.ports));
    await emptyQueues(engines);
    assert.ok(await takeStep(order(stage, { fence, step: 1 }), stage.ports));
    assert.deepEqual(await written(), {});
  });

  test("may be ordered again: the later one goes on, from the beginning", async () => {
    const stage = makeStage();
    await populate(stage);
    assert.ok(await takeStep(order(stage, { begun: later }), stage.ports));
    assert.ok(await takeStep(order(stage), stage.ports));
    assert.deepEqual(await written(), toldAll);
    assert.equal((await engines.table.walkProgress(stage.domain))?.begun, later);
  });

  test("takes many steps, a second apart, and tells each once", async () => {
    const stage = makeStage();
    await stage.user("nina");
    const names = Array.from({ length: Math.ceil(1.2 * limits.resyncPairsPerS) }, (_, n) => `c${n}`);
    await Promise.all(names.map((name) => stage.pair("nina", name, { state: "from" })));
    assert.ok(await takeStep(order(stage), stage.ports));
    const steps = await walkToEnd(stage.parts.held, stage.ports);
    assert.ok(steps.length > 0 && steps.every(({ delayS }) => delayS === 1));
    assert.deepEqual(await written(), Object.fromEntries(names.map((name) => [name, ["unavailable"]])));
    const { told, done } = (await engines.table.walkProgress(stage.domain)) ?? {};
    assert.deepEqual({ told, done }, { told: names.length, done: true });
  });

  for (const ending of ["dies", "dies-after"] as const) {
    test(`leaves the same behind wherever the function ${ending}`, async () => {
      for (let call = 0; ; call += 1) {
        const stage = makeStage();
        await stage.user("nina");
        const pairs: Promise<Pair>[] = ["a", "b"].map((name) => stage.pair("nina", name, { state: "from" }));
        await Promise.all(pairs);
        const dying = faulty(stage.parts, (index) => (index === call ? ending : "done"));
        const queue: WalkTask[] = [order(stage)];
        let alive = true;
        for (let task = queue.shift(); task !== undefined; task = queue.shift()) {
          const step = takeStep(task, portsOver(alive ? dying : stage.parts, { domains: [stage.domain] }));
          if ((await (alive ? Promise.race([step, dying.died]) : step)) === "died") {
            alive = false;
            queue.unshift(task);
          }
          queue.push(...stage.parts.held.splice(0).map((next) => next.task));
        }
        assert.deepEqual(await written(), { a: ["unavailable"], b: ["unavailable"] }, `call ${call}`);
        assert.equal((await engines.table.walkProgress(stage.domain))?.done, true);
        if (dying.calls.length > call) continue;
        assert.ok(call > 5, "there were calls to die at");
        break;
      }
    });
  }
});
