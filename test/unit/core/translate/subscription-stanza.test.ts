import assert from "node:assert/strict";
import { test } from "node:test";
import type { PairState } from "#core/pair.ts";
import type { SubscriptionState } from "#core/subscription.ts";
import { decidePresenceError, decideSubscriptionStanza } from "#core/translate/subscription-stanza.ts";
import {
  contact,
  deliveriesOf,
  domain,
  ghost,
  internalsOf,
  lines,
  makeContext,
  presence,
  stanzasOf,
} from "./support.ts";

const ctx = makeContext();

function pair(state: SubscriptionState, preApproved = false): PairState {
  return { state, preApproved };
}

const subscribed = `presence subscribed ${ghost} > ${contact}`;
const unsubscribed = `presence unsubscribed ${ghost} > ${contact}`;
const goodbye = `presence unavailable ${ghost}/causeway > ${contact}`;
const probed = ["internal.probed", { domain, user: "nina", contact }];

test("a request is delivered with its note and waits", () => {
  const stanza = presence('type="subscribe"', "<status>It is me</status>");
  const { next, effects } = decideSubscriptionStanza(ctx, pair("none"), stanza);
  assert.deepEqual(next, pair("none+in"));
  assert.equal(effects.length, 1);
  assert.deepEqual(deliveriesOf(effects), [
    ["contact.requested", { note: "It is me", subscription: "none", pending: "in" }],
  ]);
});

test("a repeated request is not delivered again", () => {
  const { next, effects } = decideSubscriptionStanza(ctx, pair("none+in"), presence('type="subscribe"'));
  assert.deepEqual(next, pair("none+in"));
  assert.deepEqual(effects, []);
});

test("a request of one who is subscribed already is answered, shown the presence, and not delivered", () => {
  for (const state of ["from", "from+out", "both"] as const) {
    const { next, effects } = decideSubscriptionStanza(ctx, pair(state), presence('type="subscribe"'));
    assert.deepEqual(next, pair(state));
    assert.deepEqual(lines(effects), [subscribed]);
    assert.deepEqual(internalsOf(effects), [probed]);
    assert.deepEqual(deliveriesOf(effects), []);
  }
});

test("a request that was approved in advance is answered at once, and the approval used up", () => {
  const rows = [
    ["none", "from", "from", "none"],
    ["none+out", "from+out", "from", "out"],
    ["to", "both", "both", "none"],
  ] as const;
  for (const [before, after, subscription, pending] of rows) {
    const { next, effects } = decideSubscriptionStanza(ctx, pair(before, true), presence('type="subscribe"'));
    assert.deepEqual(next, pair(after));
    assert.deepEqual(lines(effects), [subscribed]);
    assert.deepEqual(deliveriesOf(effects), [
      ["contact.requested", { preApproved: true, subscription, pending }],
    ]);
    assert.deepEqual(internalsOf(effects), [probed]);
    assert.equal(effects.at(-1)?.kind, "internal", "presence follows the answer");
  }
});

test("a new nickname is told once and remembered", () => {
  const stanza = presence('type="subscribe"', '<nick xmlns="http://jabber.org/protocol/nick">Ali</nick>');
  const first = decideSubscriptionStanza(ctx, pair("none"), stanza);
  assert.deepEqual(first.next, { ...pair("none+in"), nick: "Ali" });
  assert.deepEqual(
    deliveriesOf(first.effects).map(([type, data]) => [type, data["nick"]]),
    [
      ["contact.requested", undefined],
      ["contact.updated", "Ali"],
    ],
  );
  assert.deepEqual(decideSubscriptionStanza(ctx, first.next, stanza).effects, []);
});

test("two events of one stanza have ids of their own, which a repeat repeats", () => {
  const stanza = presence('type="subscribe"', '<nick xmlns="http://jabber.org/protocol/nick">Ali</nick>');
  const { effects } = decideSubscriptionStanza(ctx, pair("none"), stanza);
  const ids = effects.map((effect) => (effect.kind === "stanza" ? effect.id : effect.event.id));
  assert.deepEqual(ids, ["7.42", "7.42.1"]);
  assert.deepEqual(decideSubscriptionStanza(ctx, pair("none"), stanza).effects, effects);
});

test("an acceptance is delivered where a request waits, and nowhere else", () => {
  const { next, effects } = decideSubscriptionStanza(ctx, pair("none+out"), presence('type="subscribed"'));
  assert.deepEqual(next, pair("to"));
  assert.deepEqual(deliveriesOf(effects), [["contact.accepted", { subscription: "to", pending: "none" }]]);
  for (const state of ["none", "none+in", "to", "to+in", "from", "both"] as const) {
    const unasked = decideSubscriptionStanza(ctx, pair(state), presence('type="subscribed"'));
    assert.deepEqual(unasked, { next: pair(state), effects: [] });
  }
});

test("a contact that unsubscribes sees the ghost leave, then gets its answer", () => {
  const { next, effects } = decideSubscriptionStanza(ctx, pair("both"), presence('type="unsubscribe"'));
  assert.deepEqual(next, pair("to"));
  assert.deepEqual(lines(effects), [goodbye, unsubscribed]);
  assert.deepEqual(deliveriesOf(effects), [
    ["contact.removed", { direction: "from", subscription: "to", pending: "none" }],
  ]);
});

test("a contact that takes its request back never saw the ghost and is only answered", () => {
  const { next, effects } = decideSubscriptionStanza(ctx, pair("to+in"), presence('type="unsubscribe"'));
  assert.deepEqual(next, pair("to"));
  assert.deepEqual(lines(effects), [unsubscribed]);
  assert.deepEqual(deliveriesOf(effects), [
    ["contact.removed", { direction: "from", subscription: "to", pending: "none" }],
  ]);
});

test("unsubscribed declines a pending request, and ends a subscription otherwise", () => {
  const declines = decideSubscriptionStanza(ctx, pair("from+out"), presence('type="unsubscribed"'));
  assert.deepEqual(declines.next, pair("from"));
  assert.deepEqual(deliveriesOf(declines.effects), [
    ["contact.declined", { subscription: "from", pending: "none" }],
  ]);
  const ends = decideSubscriptionStanza(ctx, pair("to+in"), presence('type="unsubscribed"'));
  assert.deepEqual(ends.next, pair("none+in"));
  assert.deepEqual(deliveriesOf(ends.effects), [
    ["contact.removed", { direction: "to", subscription: "none", pending: "in" }],
  ]);
});

test("a note of megabytes is cut, never inside a character", () => {
  const stanza = presence('type="subscribe"', `<status>a${"😀".repeat(100_000)}</status>`);
  const [delivery] = deliveriesOf(decideSubscriptionStanza(ctx, pair("none"), stanza).effects);
  const note = String(delivery?.[1]["note"]);
  assert.ok(note.isWellFormed());
  assert.equal(note.length, 1023);
});

test("an error that answers a request fails it and leaves it pending", () => {
  const error =
    '<error type="cancel"><remote-server-not-found xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error>';
  const current = pair("none+out");
  const { next, effects } = decidePresenceError(
    ctx,
    current,
    presence('type="error" id="subscribe/1"', error),
  );
  assert.deepEqual(next, current);
  const [delivery] = deliveriesOf(effects);
  assert.equal(delivery?.[0], "contact.failed");
  const { text, ...rest } = delivery[1];
  assert.match(String(text), /server/);
  assert.deepEqual(rest, {
    condition: "remote-server-not-found",
    permanent: false,
    subscription: "none",
    pending: "out",
  });
});

test("an error without an id is taken for the request that waits", () => {
  const error = presence('type="error"');
  assert.equal(deliveriesOf(decidePresenceError(ctx, pair("from+out"), error).effects).length, 1);
  assert.deepEqual(decidePresenceError(ctx, pair("both"), error).effects, []);
});

test("an error that answers availability fails no request", () => {
  const bounced = presence('type="error"');
  bounced.attrs["to"] = `${ghost}/causeway`;
  assert.deepEqual(decidePresenceError(ctx, pair("none+out"), bounced).effects, []);
  const probe = presence('type="error" id="some-probe"');
  assert.deepEqual(decidePresenceError(ctx, pair("none+out"), probe).effects, []);
});

test("ids of subscription stanzas are deterministic and made of plain characters", () => {
  const cause = { ...ctx.cause, id: 'urn:chat:"ä" e\n1' };
  const decide = () =>
    decideSubscriptionStanza({ ...ctx, cause }, pair("both"), presence('type="unsubscribe"')).effects;
  const ids = stanzasOf(decide()).map((stanza) => stanza.attrs["id"]);
  assert.deepEqual(ids, [
    "unavailable/urn:chat:%22%C3%A4%22%20e%0A1",
    "unsubscribed/urn:chat:%22%C3%A4%22%20e%0A1",
  ]);
  assert.deepEqual(decide(), decide());
});

test("where several domains are served the delivery names its own", () => {
  const many = makeContext({ severalDomains: true });
  const { effects } = decideSubscriptionStanza(many, pair("none"), presence('type="subscribe"'));
  assert.equal(deliveriesOf(effects)[0]?.[1]["domain"], domain);
});
