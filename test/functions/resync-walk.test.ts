/** The whole walk after a gap in the stream: from greeting to silence, whatever it dies at, over real engines. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { WalkTaskOf } from "#core/contract/envelope.ts";
import type { Pair } from "#core/decision.ts";
import { limits } from "#core/limits.ts";
import { faulty } from "#test/harness/faults.ts";
import { portsOver, takeEvents, takeStanzas } from "#test/harness/functions.ts";
import { known, makeStage as makeStageOver, type ResyncStage as Stage, says } from "#test/harness/resync.ts";
import { useEngines } from "#test/harness/use-engines.ts";
import { takeStep, walkToEnd } from "#test/harness/walks.ts";

type Task = WalkTaskOf<"resync">;

const engines = await useEngines();
const makeStage = () => makeStageOver(engines);

describe("the whole walk", () => {
  /** Everything that a walk has left behind, but for the names of its stage. */
  async function leftBy({ domain }: Stage, pairs: readonly Pair[]) {
    const stanzas = (await takeStanzas(engines)).map(({ group: _, ...item }) => JSON.stringify(item));
    const events = (await takeEvents(engines)).map((event) => JSON.stringify(event));
    const devices = await Promise.all(pairs.map((pair) => known(engines, pair)));
    const neutral = (texts: string[]) => texts.map((text) => text.replaceAll(domain, "<domain>")).sort();
    return { stanzas: neutral(stanzas), events: neutral(events), devices };
  }

  /** Walks to the end, dying at one call. Undefined when there was no such call. */
  async function walkDying(callToDieAt: number, ending: "dies" | "dies-after") {
    const stage = makeStage();
    await stage.user("nina");
    const silent = await stage.pair("nina", "silent", { state: "both" });
    const spoke = await stage.pair("nina", "spoke", { state: "to" });
    await stage.pair("nina", "asked", { state: "from+out" });
    await says(engines, silent, 4, "phone");
    await says(engines, spoke, 5, "phone");
    const dying = faulty(stage.parts, (index) => (index === callToDieAt ? ending : "done"));
    const domains = [stage.domain];
    const queue: Task[] = [stage.task(5)];
    let alive = true;
    for (let task = queue.shift(); task !== undefined; task = queue.shift()) {
      const step = takeStep(task, portsOver(alive ? dying : stage.parts, { domains }));
      if ((await (alive ? Promise.race([step, dying.died]) : step)) === "died") {
        alive = false;
        queue.unshift(task);
      }
      queue.push(...stage.parts.held.splice(0).map((later) => later.task as Task));
      assert.ok(queue.length < 5);
    }
    return dying.calls.length <= callToDieAt ? undefined : leftBy(stage, [silent, spoke]);
  }

  for (const ending of ["dies", "dies-after"] as const) {
    test(`leaves the same behind wherever the function ${ending}`, async () => {
      const first = await walkDying(0, ending);
      assert.ok(first);
      const { stanzas, events, devices } = first;
      assert.deepEqual([stanzas.length, events.length, devices], [5, 2, [[], ["phone"]]]);
      let call = 1;
      for (let seen = await walkDying(call, ending); seen; seen = await walkDying(call, ending)) {
        assert.deepEqual(seen, first, `call ${call}`);
        call += 1;
      }
      assert.ok(call > 8, "there were calls to die at");
    });
  }

  test("takes many steps, a second apart, and meets each pair once, whatever the user's id holds", async () => {
    const stage = makeStage();
    await stage.user("ni\nna");
    const count = Math.ceil(1.2 * limits.resyncPairsPerS);
    const names = Array.from({ length: count }, (_, n) => `c${n}`);
    const pairs = await Promise.all(names.map((name) => stage.pair("ni\nna", name, { state: "to" })));
    await Promise.all(pairs.map((pair) => says(engines, pair, 4, "phone")));
    assert.ok(await takeStep(stage.task(5), stage.ports));
    const later = await walkToEnd(stage.parts.held, stage.ports);
    const steps = later.map(({ task, delayS }) => {
      const { phase, step, cursor } = task as Task;
      return `${phase} ${step} ${cursor === undefined ? "begins" : "goes on"} after ${delayS} s`;
    });
    const after = (phase: string, from: number) =>
      steps.filter((step) => step.startsWith(phase)).map((_, n) => `${phase} ${n + from} goes on after 1 s`);
    const [settles, ...settling] = steps.filter((step) => step.startsWith("settle"));
    assert.equal(settles, `settle 0 begins after ${limits.resyncSettleS} s`);
    assert.deepEqual(settling, after("settle", 1).slice(0, -1));
    assert.deepEqual(
      steps.filter((step) => step.startsWith("greet")),
      after("greet", 1),
    );
    assert.ok(settling.length >= 1, "several steps");
    const probes = stage.parts.sent.filter(({ queue }) => queue === "outboundStanzas");
    assert.equal(probes.length, count);
    assert.equal(new Set(probes.map(({ group }) => group)).size, count);
    const told = stage.parts.sent.filter(({ body }) => body.includes("presence.changed"));
    assert.equal(told.length, count);
    assert.deepEqual((await Promise.all(pairs.map((pair) => known(engines, pair)))).flat(), []);
  });
});
