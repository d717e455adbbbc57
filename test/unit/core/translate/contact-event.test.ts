import assert from "node:assert/strict";
import { test } from "node:test";
import type { PairState } from "#core/pair.ts";
import type { UserPresence } from "#core/presence.ts";
import { type SubscriptionState, seenByContact, subscriptionStates, transition } from "#core/subscription.ts";
import { type ContactEvent, decideContactEvent } from "#core/translate/contact-event.ts";
import { contact, fromNative, ghost, lines, makeContext, must, nativeEvent, stanzasOf } from "./support.ts";

const ctx = makeContext({ cause: fromNative });
const away: UserPresence = { show: "away", version: 5, time: "2026-11-02T09:00:00Z" };

function pair(state: SubscriptionState, preApproved = false): PairState {
  return { state, preApproved };
}

function decide(current: PairState, event: ContactEvent, presence: UserPresence | undefined = away) {
  return must(decideContactEvent(ctx, current, event, presence));
}

const line = (type: string) => `presence ${type} ${ghost} > ${contact}`;
const shown = `presence available ${ghost}/causeway > ${contact}`;
const goodbye = `presence unavailable ${ghost}/causeway > ${contact}`;

test("a request carries note and nickname and approves the contact's own in advance", () => {
  const event = nativeEvent("contact.requested", { note: "It is me" });
  const { next, effects } = must(decideContactEvent(ctx, pair("none"), event, away, "Nina"));
  assert.deepEqual(next, pair("none+out", true));
  const [stanza, ...more] = stanzasOf(effects);
  assert.equal(
    stanza?.toString(),
    `<presence from="${ghost}" to="${contact}" id="subscribe/urn:chat%20e-1" type="subscribe">` +
      '<status>It is me</status><nick xmlns="http://jabber.org/protocol/nick">Nina</nick></presence>',
  );
  assert.deepEqual(more, []);
});

test("a request repeated to one who sees the user already approves nothing in advance", () => {
  const event = nativeEvent("contact.requested");
  assert.deepEqual(decide(pair("from"), event).next, pair("from+out"));
  assert.deepEqual(decide(pair("both"), event).next, pair("both"));
});

test("a request that is not mutual approves nothing", () => {
  const event = nativeEvent("contact.requested", { mutual: false });
  assert.deepEqual(decide(pair("none"), event).next, pair("none+out"));
  const asked = decide(pair("none+in"), event);
  assert.deepEqual(asked.next, pair("none+out+in"));
  assert.deepEqual(lines(asked.effects), [line("subscribe")]);
});

test("a mutual request grants what the contact has asked before, so that it does not matter who was first", () => {
  const { next, effects } = decide(pair("none+in"), nativeEvent("contact.requested"));
  assert.deepEqual(next, pair("from+out"));
  assert.deepEqual(lines(effects), [line("subscribe"), line("subscribed"), shown]);
});

test("an acceptance shows the user's presence, with its version, and asks back", () => {
  const { next, effects } = decide(pair("none+in"), nativeEvent("contact.accepted"));
  assert.deepEqual(next, pair("from+out"));
  assert.deepEqual(lines(effects), [line("subscribed"), shown, line("subscribe")]);
  assert.deepEqual(
    effects.map((effect) => (effect.kind === "stanza" ? effect.availability : undefined)),
    [undefined, { ghost, version: 5 }, undefined],
  );
});

test("an acceptance asks back only where the user neither sees the contact nor has asked", () => {
  const accepted = nativeEvent("contact.accepted");
  assert.deepEqual(lines(decide(pair("to+in"), accepted).effects), [line("subscribed"), shown]);
  assert.deepEqual(lines(decide(pair("none+out+in"), accepted).effects), [line("subscribed"), shown]);
  const alone = decide(pair("none+in"), nativeEvent("contact.accepted", { mutual: false }));
  assert.deepEqual(alone.next, pair("from"));
  assert.deepEqual(lines(alone.effects), [line("subscribed"), shown]);
});

test("nobody is shown where the user is offline or never said anything", () => {
  const accepted = nativeEvent("contact.accepted", { mutual: false });
  const never = must(decideContactEvent(ctx, pair("none+in"), accepted, undefined));
  assert.deepEqual(lines(never.effects), [line("subscribed")]);
  assert.deepEqual(lines(decide(pair("none+in"), accepted, { ...away, show: "offline" }).effects), [
    line("subscribed"),
  ]);
});

test("accepting or declining what nobody asked is refused", () => {
  for (const type of ["contact.accepted", "contact.declined"] as const) {
    for (const state of ["none", "none+out", "to", "from", "from+out", "both"] as const) {
      const decision = decideContactEvent(ctx, pair(state), nativeEvent(type), away);
      assert.ok(!decision.ok, `${type} in ${state}`);
      assert.equal(decision.error.reason, "no-request");
      assert.equal(decision.error.id, "e-1");
      assert.equal(decision.error.contact, contact);
    }
  }
});

test("accepting in advance is remembered and says nothing yet; declining takes it back", () => {
  const event = nativeEvent("contact.accepted", { preApprove: true });
  const remembered = decide(pair("to"), event);
  assert.deepEqual(remembered, { next: pair("to", true), effects: [] });
  assert.deepEqual(decide(pair("both"), event), { next: pair("both"), effects: [] });
  const declined = decide(remembered.next, nativeEvent("contact.declined"));
  assert.deepEqual(declined, { next: pair("to"), effects: [] });
});

test("a declined contact is told and never saw the user", () => {
  const { next, effects } = decide(pair("to+in"), nativeEvent("contact.declined"));
  assert.deepEqual(next, pair("to"));
  assert.deepEqual(lines(effects), [line("unsubscribed")]);
});

test("removing both ends both, and the contact sees the user leave before it is told", () => {
  const { next, effects } = decide(pair("both", true), nativeEvent("contact.removed"));
  assert.deepEqual(next, pair("none"));
  assert.deepEqual(lines(effects), [line("unsubscribe"), goodbye, line("unsubscribed")]);
});

test("removing one direction leaves the other", () => {
  const to = decide(pair("both"), nativeEvent("contact.removed", { direction: "to" }));
  assert.deepEqual(to.next, pair("from"));
  assert.deepEqual(lines(to.effects), [line("unsubscribe")]);
  const from = decide(pair("both"), nativeEvent("contact.removed", { direction: "from" }));
  assert.deepEqual(from.next, pair("to"));
  assert.deepEqual(lines(from.effects), [goodbye, line("unsubscribed")]);
});

test("what the outbound table does not route stays here", () => {
  for (const state of subscriptionStates) {
    const { effects } = decide(pair(state), nativeEvent("contact.removed", { direction: "from" }));
    const routed = transition("outbound", "unsubscribed", state).pass ? [line("unsubscribed")] : [];
    const seen = seenByContact(state) ? [goodbye] : [];
    assert.deepEqual(lines(effects), [...seen, ...routed], state);
  }
});

test("ids of effects count up under the id of the cause", () => {
  const { effects } = decide(pair("none+in"), nativeEvent("contact.accepted"));
  assert.deepEqual(
    effects.map((effect) => (effect.kind === "stanza" ? effect.id : "")),
    ["urn:chat e-1/0", "urn:chat e-1/1", "urn:chat e-1/2"],
  );
});
