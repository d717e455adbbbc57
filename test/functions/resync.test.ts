/** After a gap in the stream, over real engines. Each test has a domain of its own. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { pairGroup } from "#aws/hash.ts";
import type { Pair } from "#core/decision.ts";
import type { PairState } from "#core/pair.ts";
import {
  emptyQueues,
  portsOver,
  takeDeadLetters,
  takeEvents,
  takeTypes,
  userId,
} from "#test/harness/functions.ts";
import { readTime, trace } from "#test/harness/lambda-events.ts";
import {
  here,
  known,
  makeStage as makeStageOver,
  type ResyncStage as Stage,
  says,
} from "#test/harness/resync.ts";
import { useEngines } from "#test/harness/use-engines.ts";
import { takeStep } from "#test/harness/walks.ts";

const engines = await useEngines();
const makeStage = () => makeStageOver(engines);

const changes = async () =>
  (await takeEvents(engines))
    .filter(({ type }) => type === "presence.changed")
    .map(({ data: { contact, show } }) => `${String(contact)} ${String(show)}`);

const everyState: Readonly<Record<PairState["state"], readonly string[]>> = {
  none: [],
  "none+out": ["subscribe"],
  "none+in": [],
  "none+out+in": ["subscribe"],
  to: ["probe"],
  "to+in": ["probe"],
  from: ["available"],
  "from+out": ["subscribe", "available"],
  both: ["probe", "available"],
};
const nameOf = (state: string) => state.replaceAll("+", "-");

describe("the walk asks and tells again", () => {
  test("what each state of a pair wants, and nothing of who is blocked, absent or being removed", async () => {
    const { domain, parts, ports, user, pair, task } = makeStage();
    for (const [name, isHere] of [
      ["nina", true],
      ["absent", false],
      ["leaving", true],
    ] as const) {
      await user(name, isHere);
    }
    const pairs = Object.keys(everyState).map((state) =>
      pair("nina", nameOf(state), { state: state as PairState["state"] }),
    );
    await Promise.all(pairs);
    await pair("nina", "blocked", { state: "both", blocked: true });
    await pair("absent", "watcher", { state: "from" });
    await pair("leaving", "left", { state: "both" });
    await engines.table.beginRemoval(domain, userId("leaving"), "9");

    assert.ok(await takeStep(task(5), ports));
    const stanzas = parts.sent.filter(({ queue }) => queue === "outboundStanzas");
    const seen = await takeTypes(engines);
    const expected = Object.entries(everyState).filter(([, types]) => types.length > 0);
    assert.deepEqual(
      seen,
      Object.fromEntries(expected.map(([state, types]) => [`${nameOf(state)}@example.org`, types]).sort()),
    );
    for (const { group, body } of stanzas) {
      const { items } = JSON.parse(body) as { items: { xml: string; availability?: object }[] };
      const contact = Object.keys(seen).find((name) => group === pairGroup(domain, "nina", name));
      assert.ok(contact !== undefined, "each in the group of its pair");
      const shown = items.filter(({ xml }) => xml.includes("/causeway"));
      for (const { xml, availability } of shown) {
        assert.match(xml, /<show>dnd</);
        assert.deepEqual(availability, { ghost: `nina@${domain}`, version: here.version });
      }
    }
  });

  test("bridge.connected is told by the first step alone, under one id", async () => {
    const { domain, parts, ports, task } = makeStage();
    for (const one of [task(5), task(5), task(5, { step: 1 }), task(5, { phase: "settle" })]) {
      assert.ok(await takeStep(one, ports));
    }
    const [event, ...more] = await takeEvents(engines);
    assert.deepEqual(more, []);
    assert.equal(event?.type, "bridge.connected");
    assert.deepEqual(event?.data, { domain, since: readTime });
    const dedups = parts.sent.map(({ dedup }) => dedup);
    assert.equal(dedups.length, 2);
    assert.equal(new Set(dedups).size, 1);
  });

  test("bridge.disconnected is told with its reason, under one id", async () => {
    const { domain, parts, ports } = makeStage();
    const common = { id: "5.down", trace, hops: 0, domain, fence: 5, since: readTime };
    for (const _ of "12") await takeStep({ ...common, kind: "disconnected", reason: "gone" }, ports);
    const events = (await takeEvents(engines)).map(({ type, data }) => [type, data]);
    assert.deepEqual(events, [["bridge.disconnected", { domain, since: readTime, reason: "gone" }]]);
    assert.equal(new Set(parts.sent.map(({ dedup, body }) => `${dedup} ${body}`)).size, 1);
  });

  test("a newer walk replaces an older one, and what was done is not begun again", async () => {
    const { parts, ports, user, pair, task } = makeStage();
    await user("nina");
    const both = await pair("nina", "alice", { state: "both" });
    await says(engines, both, 5, "phone");
    assert.ok(await takeStep(task(6, { phase: "settle", step: 3 }), ports));
    assert.deepEqual(await known(engines, both), []);
    await says(engines, both, 7, "phone");
    await emptyQueues(engines);
    parts.sent.length = 0;
    for (const old of [
      task(5),
      task(5, { phase: "settle", step: 9 }),
      task(6, { step: 9 }),
      task(6, { phase: "settle", step: 2 }),
    ]) {
      assert.ok(await takeStep(old, ports));
    }
    assert.deepEqual([parts.sent, parts.held], [[], []]);
    assert.ok(await takeStep(task(7), ports));
    assert.deepEqual(await takeTypes(engines), { "alice@example.org": ["probe", "available"] });
  });

  test("what an operator asks for comes after the stream's own walk, under ids of its own", async () => {
    const { parts, ports, user, pair, task } = makeStage();
    await user("nina");
    await pair("nina", "alice", { state: "both" });
    const [earlier, later] = ["2026-11-01T00:00:00.000Z", "2026-11-01T00:00:01.000Z"];
    assert.ok(await takeStep(task(5), ports));
    assert.ok(await takeStep(task(5, { phase: "settle", step: 3 }), ports));
    await emptyQueues(engines);
    for (const [begun, told] of [
      [later, { "alice@example.org": ["probe", "available"] }],
      [earlier, {}],
    ] as const) {
      parts.sent.length = 0;
      assert.ok(await takeStep(task(5, { begun }), ports));
      assert.deepEqual(await takeTypes(engines), told);
    }
    assert.deepEqual(await takeEvents(engines), []);
    assert.ok(await takeStep(task(6), ports));
    assert.deepEqual(await takeTypes(engines), { "alice@example.org": ["probe", "available"] });
  });

  test("it may be for one user, beside the walk through all, step by step", async () => {
    const { parts, ports, user, pair, task } = makeStage();
    for (const name of ["nina", "noah"]) await user(name);
    for (const contact of ["a", "b", "c"]) await pair("nina", contact, { state: "from" });
    await pair("noah", "d", { state: "from" });
    const paced = { ...ports, resync: { ...ports.resync, pairsPerS: 2 } };
    assert.ok(await takeStep(task(5, { begun: readTime, user: "nina" }), paced));
    const [next] = parts.held;
    assert.ok(next?.task.kind === "resync" && next.task.step === 1 && next.task.user === "nina");
    assert.ok(await takeStep(next.task, paced));
    assert.deepEqual(Object.keys(await takeTypes(engines)).sort(), [
      "a@example.org",
      "b@example.org",
      "c@example.org",
    ]);
    assert.equal(parts.held.length, 1);
    // The walk through all has not been claimed by it.
    assert.ok(await takeStep(task(5), ports));
    assert.equal(Object.keys(await takeTypes(engines)).length, 4);
  });

  test("a step that comes again repeats itself under the same ids", async () => {
    const { parts, ports, user, pair, task } = makeStage();
    await user("nina");
    for (const contact of ["a", "b"]) await pair("nina", contact, { state: "from+out" });
    const runs: string[][] = [];
    for (const _ of "12") {
      parts.sent.length = 0;
      assert.ok(await takeStep(task(5), ports));
      runs.push(parts.sent.map(({ queue, dedup, body }) => `${queue} ${dedup} ${body}`).sort());
    }
    assert.equal(runs[0]?.length, 3);
    assert.deepEqual(runs[1], runs[0]);
    assert.deepEqual(parts.held[1], parts.held[0]);
  });

  test("a pair that nobody can handle is set aside alone", async () => {
    const stage = makeStage();
    await stage.user("nina");
    for (const contact of ["a", "b", "c"]) await stage.pair("nina", contact, { state: "both" });
    const { queues } = stage.parts;
    const group = pairGroup(stage.domain, "nina", "b@example.org");
    const refusing = {
      ...queues,
      async send(...[queue, messages]: Parameters<typeof queues.send>) {
        const taken = messages.filter((message) => message.group !== group);
        if (taken.length > 0) await queues.send(queue, taken);
        const refused = messages.flatMap((message, index) => (message.group === group ? [index] : []));
        return refused.map((index) => ({ index, reason: "refused", permanent: true }));
      },
    };
    const ports = portsOver({ table: engines.table, queues: refusing }, { domains: [stage.domain] });
    assert.ok(await takeStep(stage.task(5), ports));
    assert.deepEqual(Object.keys(await takeTypes(engines)).sort(), ["a@example.org", "c@example.org"]);
    assert.equal(stage.parts.held.length, 1, "the walk goes on");
    const [letter, ...more] = await takeDeadLetters(engines, "walks");
    assert.deepEqual(more, []);
    assert.equal(letter?.text, "RefusedByQueue: nina and b@example.org");
  });
});

describe("silence means offline", () => {
  const settle = (stage: Stage, fence: number) =>
    takeStep(stage.task(fence, { phase: "settle" }), stage.ports);

  test("for devices that last spoke on an older stream, and is told where it shows", async () => {
    const stage = makeStage();
    await stage.user("nina");
    const pairs = Object.fromEntries(
      await Promise.all(
        ["silent", "spoke", "half", "better", "never"].map(async (name) => [
          name,
          await stage.pair("nina", name, { state: "to" }),
        ]),
      ),
    ) as Record<string, Pair>;
    const of = (name: string) => pairs[name] ?? assert.fail();
    await says(engines, of("silent"), 3, "desk");
    await says(engines, of("silent"), 4, "phone");
    await says(engines, of("spoke"), 5, "phone");
    await says(engines, of("half"), 4, "phone", "away");
    await says(engines, of("half"), 5, "desk", "online");
    await says(engines, of("better"), 4, "phone", "chat");
    await says(engines, of("better"), 6, "desk", "away");
    assert.ok(await settle(stage, 5));
    assert.deepEqual((await changes()).sort(), ["better@example.org away", "silent@example.org offline"]);
    assert.deepEqual(await known(engines, of("silent")), []);
    assert.deepEqual(await known(engines, of("spoke")), ["phone"]);
    assert.deepEqual(await known(engines, of("half")), ["desk"]);
    assert.deepEqual(await known(engines, of("better")), ["desk"]);
    assert.deepEqual(stage.parts.held, []);

    // Again: the same events under the same ids, of the same two alone.
    const first = stage.parts.sent.splice(0).map(({ dedup, body }) => `${dedup} ${body}`);
    assert.ok(await settle(stage, 5));
    assert.deepEqual(stage.parts.sent.map(({ dedup, body }) => `${dedup} ${body}`).sort(), first.sort());
  });

  test("a stanza that comes between look and deed is not lost: the step comes again", async () => {
    const stage = makeStage();
    await stage.user("nina");
    const pair = await stage.pair("nina", "alice", { state: "to" });
    const other = await stage.pair("nina", "bob", { state: "to" });
    for (const one of [pair, other]) await says(engines, one, 4, "phone");
    await says(engines, pair, 4, "desk");
    let looks = 0;
    const { table } = engines;
    const racing = {
      ...table,
      async walkPairs(...args: Parameters<typeof table.walkPairs>) {
        const page = await table.walkPairs(...args);
        looks += 1;
        if (looks === 1) await says(engines, pair, 5, "phone", "dnd");
        return page;
      },
    };
    const ports = portsOver({ table: racing, queues: stage.parts.queues }, { domains: [stage.domain] });
    const task = stage.task(5, { phase: "settle" });
    assert.equal(await takeStep(task, ports), false);
    assert.deepEqual([await known(engines, pair), await known(engines, other)], [["desk", "phone"], []]);
    assert.ok(await takeStep(task, ports));
    assert.deepEqual(await known(engines, pair), ["phone"]);
    assert.deepEqual((await changes()).sort(), ["alice@example.org dnd", "bob@example.org offline"]);
  });
});
