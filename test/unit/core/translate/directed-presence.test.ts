/** What a user shows to one contact alone (RFC 6121 §4.6). */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Directed, PairState } from "#core/pair.ts";
import type { UserPresence } from "#core/presence.ts";
import type { SubscriptionState } from "#core/subscription.ts";
import { decideBlock, decideUnblock } from "#core/translate/blocking.ts";
import { decideContactEvent, endBoth } from "#core/translate/contact-event.ts";
import {
  answerDirectedProbe,
  decideDirectedPresence,
  endDirectedPresence,
  forgetDirectedPresence,
} from "#core/translate/directed-presence.ts";
import { decideProbe } from "#core/translate/probe.ts";
import { greetAgain, partForNow } from "#core/translate/resync.ts";
import { decideSubscriptionStanza } from "#core/translate/subscription-stanza.ts";
import {
  contact,
  fromNative,
  ghost,
  internalsOf,
  lines,
  makeContext,
  must,
  nativeEvent,
  presence,
  stanzasOf,
} from "./support.ts";

const fullJid = `${ghost}/causeway`;
const ctx = makeContext({ cause: { ...fromNative, mark: "5" } });
const here: UserPresence = { show: "away", version: 3, time: "2026-11-01T00:00:00Z" };
const gone: UserPresence = { show: "offline", version: 4, time: "2026-11-01T00:00:00Z" };
const shown: Directed = {
  presence: { show: "dnd", status: "just you", time: "2026-11-02T09:00:00Z" },
  mark: "4",
  subscriber: false,
};

const pair = (state: SubscriptionState, more: Partial<PairState> = {}): PairState => ({
  state,
  preApproved: false,
  ...more,
});
const strangers = ["none", "none+in", "none+out", "none+out+in", "to", "to+in"] as const;
const subscribers = ["from", "from+out", "both"] as const;
const available = `presence available ${fullJid} > ${contact}`;
const unavailable = `presence unavailable ${fullJid} > ${contact}`;
const show = (data: object, current: PairState, all: UserPresence | undefined) =>
  decideDirectedPresence(ctx, current, nativeEvent("presence.changed", { ...data }), all);

describe("directed presence", () => {
  test("goes to the contact alone, from the full JID, with all that was said, and is remembered", () => {
    for (const state of strangers) {
      for (const all of [undefined, here, gone]) {
        const { next, effects } = show({ show: "dnd", status: "just you" }, pair(state), all);
        assert.deepEqual(lines(effects), [available]);
        assert.match(String(stanzasOf(effects)[0]), /<show>dnd<\/show><status>just you<\/status>/);
        const told = { show: "dnd", status: "just you", time: "2026-11-02T09:29:59Z" } as const;
        assert.deepEqual(next, pair(state, { directed: { presence: told, mark: "5", subscriber: false } }));
        assert.ok(effects.every((effect) => effect.kind === "stanza" && !effect.amongBroadcasts));
      }
    }
  });

  test("changes nothing for a subscriber that the next broadcast reaches (§4.6.3, rule 1)", () => {
    for (const state of subscribers) {
      for (const word of ["dnd", "offline"]) {
        const { next, effects } = show({ show: word }, pair(state), here);
        assert.deepEqual(lines(effects), [word === "offline" ? unavailable : available]);
        assert.deepEqual(next, pair(state));
        assert.ok(effects.every((effect) => effect.kind === "stanza" && effect.amongBroadcasts));
      }
    }
  });

  test("of a user who is offline for all is remembered also for a subscriber (§4.6.3, rule 3)", () => {
    for (const all of [undefined, gone]) {
      const { next } = show({ show: "chat" }, pair("both"), all);
      assert.equal(next.directed?.subscriber, true);
    }
  });

  test("of unavailability takes it back, and is sent also where there is nothing to take back", () => {
    for (const current of [pair("none", { directed: shown }), pair("none")]) {
      const { next, effects } = show({ show: "offline", status: "bye" }, current, here);
      assert.deepEqual(lines(effects), [unavailable]);
      assert.equal(stanzasOf(effects)[0]?.getChildText("status"), "bye");
      assert.deepEqual(next, pair("none"));
    }
  });
});

describe("a user who goes", () => {
  const part = (current: PairState, broadcast: boolean, mark = "5") =>
    endDirectedPresence({ ...ctx, cause: { ...ctx.cause, mark } }, current, "bye", broadcast);

  test("tells whom it has shown itself to, once", () => {
    for (const broadcast of [true, false]) {
      const { next, effects } = part(pair("none", { directed: shown }), broadcast);
      assert.deepEqual(lines(effects), [unavailable]);
      assert.equal(stanzasOf(effects)[0]?.getChildText("status"), "bye");
      assert.deepEqual(next, pair("none"));
      assert.deepEqual(part(next, broadcast), { next, effects: [] });
    }
  });

  test("tells subscribers by its broadcast where there is one", () => {
    const current = pair("both", { directed: { ...shown, subscriber: true } });
    assert.deepEqual(part(current, true), { next: pair("both"), effects: [] });
    const alone = part(current, false);
    assert.deepEqual(lines(alone.effects), [unavailable]);
    assert.deepEqual(alone.next, pair("both"));
    // The subscription may be younger than the broadcast.
    assert.deepEqual(lines(part(pair("both", { directed: shown }), true).effects), [unavailable]);
  });

  test("leaves alone whom it has shown itself to since", () => {
    const current = pair("none", { directed: shown });
    assert.deepEqual(part(current, true, "3"), { next: current, effects: [] });
  });
});

describe("whom a user has shown itself to", () => {
  test("may ask, and is answered what it was shown (§4.6.6)", () => {
    const probe = presence('type="probe" id="p1"');
    assert.equal(internalsOf(decideProbe(ctx, pair("none", { directed: shown }), probe)).length, 1);
    for (const all of [undefined, here, gone]) {
      const current = pair("none", { directed: shown });
      const { next, effects } = answerDirectedProbe(ctx, current, all, "p1");
      const [stanza] = stanzasOf(effects);
      assert.deepEqual(lines(effects), [available]);
      assert.equal(stanza?.attrs["id"], "p1");
      assert.equal(stanza?.getChildText("show"), "dnd");
      assert.equal(stanza?.getChild("delay")?.attrs["stamp"], shown.presence.time);
      assert.equal(next, current);
    }
  });

  test("is answered as a stranger when all is taken back meanwhile: not at all", () => {
    assert.deepEqual(answerDirectedProbe(ctx, pair("none"), here, "p1"), { next: pair("none"), effects: [] });
  });

  test("is a subscriber like any other once it is one and has seen the user's presence", () => {
    const asked = pair("none+in", { directed: shown });
    const accept = (all: UserPresence | undefined) =>
      must(decideContactEvent(ctx, asked, nativeEvent("contact.accepted", { mutual: false }), all)).next;
    assert.deepEqual(accept(here), pair("from"));
    assert.deepEqual(accept(gone), pair("from", { directed: shown }));
    const current = pair("from", { directed: shown });
    const answer = answerDirectedProbe(ctx, current, here, "p1");
    assert.equal(stanzasOf(answer.effects)[0]?.getChildText("show"), "away");
    assert.deepEqual(answer.next, pair("from"));
    const offline = answerDirectedProbe(ctx, current, gone, "p1");
    assert.equal(stanzasOf(offline.effects)[0]?.getChildText("show"), "dnd");
  });

  test("is forgotten when it goes itself", () => {
    assert.deepEqual(forgetDirectedPresence(pair("to", { directed: shown })), {
      next: pair("to"),
      effects: [],
    });
  });

  test("sees the user go when it is blocked, and nothing when the block is lifted", () => {
    const { next, effects } = decideBlock(ctx, pair("none", { directed: shown }), undefined);
    assert.deepEqual(lines(effects), [unavailable]);
    assert.deepEqual(next, pair("none", { blocked: true }));
    assert.deepEqual(decideUnblock(ctx, next, here), { next: pair("none"), effects: [] });
  });

  test("sees the user go when it is removed, or the user is", () => {
    const current = pair("none", { directed: shown });
    for (const direction of ["from", "both"] as const) {
      const event = nativeEvent("contact.removed", { direction });
      const { next, effects } = must(decideContactEvent(ctx, current, event, here));
      assert.equal(lines(effects).at(-1), unavailable);
      assert.deepEqual(next, pair("none"));
    }
    const to = nativeEvent("contact.removed", { direction: "to" });
    assert.equal(must(decideContactEvent(ctx, current, to, here)).next.directed, shown);
    assert.deepEqual(lines(endBoth(ctx, current).effects), [unavailable]);
    assert.deepEqual(endBoth(ctx, current).next, pair("none"));
  });

  test("is told by the end of its subscription as every subscriber is (§4.6.1)", () => {
    const leave = (state: SubscriptionState) =>
      decideSubscriptionStanza(ctx, pair(state, { directed: shown }), presence('type="unsubscribe"'));
    assert.equal(lines(leave("both").effects)[0], unavailable);
    assert.equal(leave("both").next.directed, undefined);
    assert.equal(leave("none").next.directed, shown);
    assert.deepEqual(lines(leave("none").effects), []);
  });

  test("is told again after a gap in the stream by the one writer of the user's presence", () => {
    const told = (state: SubscriptionState, all: UserPresence | undefined) =>
      internalsOf(greetAgain(ctx, pair(state, { directed: shown }), all)).map(([type]) => type);
    assert.deepEqual(told("none", here), ["internal.probed"]);
    assert.deepEqual(told("none", undefined), ["internal.probed"]);
    assert.deepEqual(told("from", gone), ["internal.probed"]);
    assert.deepEqual(told("from", here), []);
  });
});

describe("before a planned end of the stream", () => {
  const told = (current: PairState, all: UserPresence | undefined) => lines(partForNow(ctx, current, all));

  test("whoever sees the user is told that it is gone", () => {
    for (const state of subscribers) assert.deepEqual(told(pair(state), here), [unavailable]);
    for (const all of [undefined, here, gone]) {
      assert.deepEqual(told(pair("none", { directed: shown }), all), [unavailable]);
    }
    assert.deepEqual(told(pair("both", { directed: shown }), gone), [unavailable]);
  });

  test("nobody else is", () => {
    for (const state of strangers) assert.deepEqual(told(pair(state), here), []);
    for (const all of [undefined, gone]) assert.deepEqual(told(pair("both"), all), []);
    assert.deepEqual(told(pair("both", { blocked: true }), here), []);
  });
});
