import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { stanzaMark } from "#core/decision.ts";
import type { Availability, Show, UserPresence } from "#core/presence.ts";
import { aggregate } from "#core/presence.ts";
import { type SubscriptionState, seenByContact, seesContact } from "#core/subscription.ts";
import { probeStanza } from "#core/translate/ghost-stanza.ts";
import { forgetSilent, greetAgain, silentResources } from "#core/translate/resync.ts";
import {
  contact,
  deliveriesOf,
  fromNative,
  ghost,
  lines,
  makeContext,
  readTime,
  stanzasOf,
} from "./support.ts";

const ctx = makeContext();
const away: UserPresence = { show: "away", version: 5, time: "2026-11-02T09:00:00Z" };
const probe = `presence probe ${ghost} > ${contact}`;
const subscribe = `presence subscribe ${ghost} > ${contact}`;
const shown = `presence available ${ghost}/causeway > ${contact}`;

const said: Readonly<Record<SubscriptionState, readonly string[]>> = {
  none: [],
  "none+out": [subscribe],
  "none+in": [],
  "none+out+in": [subscribe],
  to: [probe],
  "to+in": [probe],
  from: [shown],
  "from+out": [subscribe, shown],
  both: [probe, shown],
};
const states = Object.keys(said) as SubscriptionState[];

const device = (epoch: number, show: Show = "online", priority = 0): Availability => ({
  show,
  priority,
  epoch,
  time: readTime,
});

test("each state asks, repeats its request and shows the user's presence as RFC 6121 lets it", () => {
  for (const state of states) {
    const effects = greetAgain(ctx, { state, preApproved: false }, away);
    assert.deepEqual(lines(effects), said[state], state);
    for (const effect of effects) {
      assert.equal(effect.kind, "stanza");
      const isShown = effect.kind === "stanza" && effect.xml.includes("/causeway");
      const versioned = isShown ? { ghost, version: 5 } : undefined;
      assert.deepEqual(effect.kind === "stanza" && effect.availability, versioned);
    }
    assert.equal(
      new Set(effects.map((effect) => effect.kind === "stanza" && effect.id)).size,
      effects.length,
    );
  }
});

test("nothing is said to a blocked contact", () => {
  for (const state of states) {
    assert.deepEqual(greetAgain(ctx, { state, preApproved: true, blocked: true }, away), []);
  }
});

test("nothing is shown of a user who is offline or never said anything", () => {
  for (const presence of [undefined, { ...away, show: "offline" as const }]) {
    for (const state of states) {
      const effects = greetAgain(ctx, { state, preApproved: false }, presence);
      assert.deepEqual(
        lines(effects),
        said[state].filter((line) => line !== shown),
        state,
      );
    }
  }
});

test("a probe goes from bare to bare under an id that says so, whatever the cause is called", () => {
  const odd = makeContext({ cause: { ...fromNative, id: "urn:chat a b <\u00e9>" } });
  const { attrs } = probeStanza(odd);
  assert.deepEqual(
    { ...attrs },
    { from: ghost, to: contact, id: "probe/urn:chat%20a%20b%20%3C%C3%A9%3E", type: "probe" },
  );
  assert.equal(stanzasOf(greetAgain(odd, { state: "to", preApproved: false }, away)).length, 1);
});

/** As if nothing had changed lately. */
const lastOf = (resources: Record<string, Availability>) => ({ resources, before: resources, mark: "" });

test("silent are those that last spoke on an older stream", () => {
  const resources = { old: device(4), now: device(5), newer: device(6) };
  assert.deepEqual(silentResources(resources, 5), ["old"]);
  assert.deepEqual(silentResources(resources, 7).toSorted(), ["newer", "now", "old"]);
  assert.deepEqual(silentResources({}, 5), []);
});

test("silence is told where it shows", () => {
  const told = (resources: Record<string, Availability>) =>
    deliveriesOf(forgetSilent(ctx, lastOf(resources), silentResources(resources, 5), 5));
  assert.deepEqual(told({ a: device(4) }), [["presence.changed", { show: "offline", devices: 0 }]]);
  assert.deepEqual(told({ a: device(4, "chat"), b: device(5, "dnd") }), [
    ["presence.changed", { show: "dnd", devices: 1 }],
  ]);
  assert.deepEqual(told({ a: device(4), b: device(5) }), []);
  assert.deepEqual(told({ a: device(4, "online", -1) }), []);
  assert.deepEqual(told({ a: device(5) }), []);
});

test("what a stanza of this stream has changed is told again before it, and of no older one", () => {
  const [resources, before] = [{ a: device(4, "away") }, { a: device(4, "away"), b: device(5, "chat") }];
  const told = (mark: string) =>
    forgetSilent(ctx, { resources, before, mark }, ["a"], 5).flatMap((effect) =>
      effect.kind === "deliver" ? [[effect.event.id, effect.event.data["show"]]] : [],
    );
  const gone = [ctx.cause.id, "offline"];
  assert.deepEqual(told(stanzaMark(5, 0)), [["5.0", "away"], gone]);
  assert.deepEqual(told(stanzaMark(4, 9)), [gone]);
});

test("what is told is the aggregate of those that spoke, for any devices with any names", () => {
  const devices = fc.dictionary(
    fc.string(),
    fc.record({
      show: fc.constantFrom<Show>("online", "chat", "away", "xa", "dnd"),
      priority: fc.integer({ min: -1, max: 1 }),
      epoch: fc.integer({ min: 3, max: 6 }),
      time: fc.constant(readTime),
    }),
  );
  fc.assert(
    fc.property(devices, (resources) => {
      const silent = silentResources(resources, 5);
      const [event] = deliveriesOf(forgetSilent(ctx, lastOf(resources), silent, 5));
      const left = Object.fromEntries(Object.entries(resources).filter(([, { epoch }]) => epoch >= 5));
      assert.equal(silent.length + Object.keys(left).length, Object.keys(resources).length);
      if (event === undefined) assert.equal(aggregate(left).show, aggregate(resources).show);
      else assert.deepEqual(event[1], aggregate(left));
    }),
  );
});

test("who sees and who is seen is as the subscription table has it", () => {
  for (const state of states) {
    assert.equal(said[state].includes(probe), seesContact(state));
    assert.equal(said[state].includes(shown), seenByContact(state));
  }
});
