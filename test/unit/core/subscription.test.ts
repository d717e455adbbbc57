import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  pendingOf,
  type SubscriptionState,
  seenByContact,
  seesContact,
  subscriptionOf,
  transition,
} from "#core/subscription.ts";
import oracle from "./rfc6121-subscription-states.json" with { type: "json" };

const stanzas = ["subscribe", "unsubscribe", "subscribed", "unsubscribed"] as const;
const byName = new Map<string, SubscriptionState>([
  ["None", "none"],
  ["None + Pending Out", "none+out"],
  ["None + Pending In", "none+in"],
  ["None + Pending Out+In", "none+out+in"],
  ["To", "to"],
  ["To + Pending In", "to+in"],
  ["From", "from"],
  ["From + Pending Out", "from+out"],
  ["Both", "both"],
]);

function stateNamed(name: string): SubscriptionState {
  const state = byName.get(name);
  assert.ok(state, name);
  return state;
}

const mirrors = new Map(oracle.states.map((state) => [stateNamed(state.name), stateNamed(state.mirror)]));

test("the oracle has all 72 rows", () => {
  const rows = stanzas.flatMap((stanza) => [...oracle.outbound[stanza].rows, ...oracle.inbound[stanza].rows]);
  assert.equal(rows.length, 72);
});

for (const stanza of stanzas) {
  test(`outbound ${stanza} follows every row of RFC 6121 §${oracle.outbound[stanza].section}`, () => {
    for (const row of oracle.outbound[stanza].rows) {
      const actual = transition("outbound", stanza, stateNamed(row.state));
      const expected = { next: stateNamed(row.newState), pass: row.route === "MUST" };
      assert.deepEqual(actual, expected, row.state);
    }
  });

  test(`inbound ${stanza} follows every row of RFC 6121 §${oracle.inbound[stanza].section}`, () => {
    for (const row of oracle.inbound[stanza].rows) {
      const actual = transition("inbound", stanza, stateNamed(row.state));
      const expected = { next: stateNamed(row.newState), pass: row.deliver === "MUST" };
      const reply = row.autoReply === null ? {} : { autoReply: row.autoReply };
      assert.deepEqual(actual, { ...expected, ...reply }, row.state);
    }
  });
}

test("subscription and pending name each state as a roster does", () => {
  for (const row of oracle.states) {
    const state = stateNamed(row.name);
    assert.equal(subscriptionOf(state), row.subscription, row.name);
    const pending = row.pendingOut ? (row.pendingIn ? "both" : "out") : row.pendingIn ? "in" : "none";
    assert.equal(pendingOf(state), pending, row.name);
    assert.equal(seesContact(state), ["to", "both"].includes(row.subscription), row.name);
    assert.equal(seenByContact(state), ["from", "both"].includes(row.subscription), row.name);
  }
});

/** Two servers with nothing lost between them: what one routes the other takes in, answers included. */
function exchange(
  here: SubscriptionState,
  there: SubscriptionState,
  stanza: (typeof stanzas)[number],
): readonly [SubscriptionState, SubscriptionState] {
  const sent = transition("outbound", stanza, here);
  if (!sent.pass) return [sent.next, there];
  const received = transition("inbound", stanza, there);
  if (received.autoReply === undefined) return [sent.next, received.next];
  return [transition("inbound", received.autoReply, sent.next).next, received.next];
}

test("outbound on one side and inbound on the other leave mirror images", () => {
  const step = fc.record({ left: fc.boolean(), stanza: fc.constantFrom(...stanzas) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      let left: SubscriptionState = "none";
      let right: SubscriptionState = "none";
      for (const { left: fromLeft, stanza } of steps) {
        if (fromLeft) [left, right] = exchange(left, right, stanza);
        else [right, left] = exchange(right, left, stanza);
        assert.equal(right, mirrors.get(left), `${left} against ${right} after ${stanza}`);
      }
    }),
  );
});
