import assert from "node:assert/strict";
import { test } from "node:test";
import { stanzaMark } from "#core/decision.ts";
import type { PairState } from "#core/pair.ts";
import { noPair } from "#core/pair.ts";
import type { Availability, UserPresence } from "#core/presence.ts";
import {
  type SubscriptionState,
  seenByContact,
  seesContact,
  subscriptionStates,
} from "#core/subscription.ts";
import { decideBlock, decideUnblock } from "#core/translate/blocking.ts";
import { endBoth } from "#core/translate/contact-event.ts";
import { contact, deliveriesOf, fromNative, ghost, lines, makeContext, readTime } from "./support.ts";

const ctx = makeContext({ cause: fromNative });
const away: UserPresence = { show: "away", version: 5, time: "2026-11-02T09:00:00Z" };
const phone: Availability = { show: "online", priority: 0, epoch: 7, time: readTime };
const mark = stanzaMark(7, 42);
const goodbye = `presence unavailable ${ghost}/causeway > ${contact}`;
const shown = `presence available ${ghost}/causeway > ${contact}`;
const probe = `presence probe ${ghost} > ${contact}`;

const pair = (state: SubscriptionState): PairState => ({ state, preApproved: true, nick: "Al" });

test("who saw the user sees it leave, and nobody else hears of a block", () => {
  for (const state of subscriptionStates) {
    const { next, effects } = decideBlock(ctx, pair(state), undefined);
    assert.deepEqual(next, { ...pair(state), blocked: true });
    assert.deepEqual(lines(effects), seenByContact(state) ? [goodbye] : [], state);
    assert.deepEqual(deliveriesOf(effects), []);
  }
});

test("the user sees a contact go whom it blocks, after what its last stanza has perhaps not told yet", () => {
  type Resources = Record<string, Availability>;
  const told = (before: Resources, resources: Resources, last = mark) => {
    const { effects } = decideBlock(ctx, pair("both"), { before, resources, mark: last });
    return effects.flatMap((effect) =>
      effect.kind === "deliver" ? [[effect.event.id, effect.event.data["show"]]] : [],
    );
  };
  const gone = [fromNative.id, "offline"];
  const silent = { ...phone, priority: -1 };
  assert.deepEqual(told({}, { phone }), [["7.42", "online"], gone]);
  assert.deepEqual(told({ phone }, { phone: { ...phone, show: "dnd" } }), [["7.42", "dnd"], gone]);
  assert.deepEqual(told({ phone }, { phone, tablet: phone }), [gone]);
  assert.deepEqual(told({ phone }, { phone: silent }), [["7.42", "offline"]]);
  assert.deepEqual(told({ phone }, {}), [["7.42", "offline"]]);
  assert.deepEqual(told({ phone: silent }, {}), []);
  // It has never said anything.
  assert.deepEqual(told({}, {}, ""), []);
});

test("a stranger can be blocked, and is nobody again afterwards", () => {
  const { next, effects } = decideBlock(ctx, noPair, undefined);
  assert.deepEqual([next, effects], [{ ...noPair, blocked: true }, []]);
  assert.deepEqual(decideUnblock(ctx, next, away), { next: noPair, effects: [] });
});

test("whoever is blocked already, or not blocked, is neither again", () => {
  const blocked: PairState = { ...pair("both"), blocked: true };
  assert.deepEqual(decideBlock(ctx, blocked, { resources: { phone }, before: {}, mark }), {
    next: blocked,
    effects: [],
  });
  assert.deepEqual(decideUnblock(ctx, pair("both"), away), { next: pair("both"), effects: [] });
});

test("unblocking brings everything back: the contact sees the user, and is asked for its presence", () => {
  for (const state of subscriptionStates) {
    const { next, effects } = decideUnblock(ctx, { ...pair(state), blocked: true }, away);
    assert.deepEqual(next, pair(state));
    assert.ok(!("blocked" in next));
    const expected = [...(seenByContact(state) ? [shown] : []), ...(seesContact(state) ? [probe] : [])];
    assert.deepEqual(lines(effects), expected, state);
    const versions = effects.map((effect) => effect.kind === "stanza" && effect.availability?.version);
    assert.equal(versions.includes(5), seenByContact(state));
  }
});

test("unblocking shows nothing of a user who is offline or never said anything", () => {
  const blocked: PairState = { ...pair("both"), blocked: true };
  for (const presence of [undefined, { ...away, show: "offline" as const }]) {
    assert.deepEqual(lines(decideUnblock(ctx, blocked, presence).effects), [probe]);
  }
});

test("a farewell ends what there is, in each state, and unblocks in silence", () => {
  const line = (type: string) => `presence ${type} ${ghost} > ${contact}`;
  const ended: Readonly<Record<SubscriptionState, readonly string[]>> = {
    none: [],
    "none+out": [line("unsubscribe")],
    "none+in": [line("unsubscribed")],
    "none+out+in": [line("unsubscribe"), line("unsubscribed")],
    to: [line("unsubscribe")],
    "to+in": [line("unsubscribe"), line("unsubscribed")],
    // RFC 6121 §3.2.2: out of sight before it is told why.
    from: [goodbye, line("unsubscribed")],
    "from+out": [line("unsubscribe"), goodbye, line("unsubscribed")],
    both: [line("unsubscribe"), goodbye, line("unsubscribed")],
  };
  for (const state of subscriptionStates) {
    for (const current of [pair(state), { ...pair(state), blocked: true as const }]) {
      const { next, effects } = endBoth(ctx, current);
      assert.deepEqual(next, noPair, state);
      assert.deepEqual(lines(effects), ended[state], state);
    }
  }
});
