import assert from "node:assert/strict";
import { test } from "node:test";
import { limits } from "#core/limits.ts";
import { readStanzaId } from "#core/stanza-id.ts";
import { eventToTyping } from "#core/translate/event-to-typing.ts";
import { ns } from "#core/xmpp/stanza.ts";
import { fromNative, knowing, makeContext, makeKnown, nativeEvent, stanzasOf } from "./support.ts";

const ctx = makeContext({ cause: fromNative });
const typing = (state = "composing") => nativeEvent("typing.changed", { state });
/** The `time` of every event here. */
const at = Date.parse("2026-11-02T09:29:59Z");

test("every state is a stanza of its own that nobody keeps, and that expires", () => {
  for (const state of ["active", "composing", "paused", "inactive", "gone"]) {
    const effects = eventToTyping(ctx, typing(state), makeKnown());
    assert.partialDeepStrictEqual(effects, [{ expires: "2026-11-02T09:30:29.000Z" }]);
    const [stanza] = stanzasOf(effects);
    assert.deepEqual(stanza?.getChildElements().map(String), [
      `<${state} xmlns="http://jabber.org/protocol/chatstates"/>`,
      '<no-store xmlns="urn:xmpp:hints"/>',
    ]);
    assert.equal(stanza?.attrs["type"], "chat");
  }
});

test("one that comes back is about no message", () => {
  const [stanza] = stanzasOf(eventToTyping(ctx, typing(), makeKnown()));
  assert.equal(stanza?.attrs["id"], "cw:e-1");
  assert.equal(readStanzaId("cw:e-1"), undefined);
});

test("what is older than the limit is dropped", () => {
  const count = (now: number) => eventToTyping(ctx, typing(), makeKnown({ now })).length;
  assert.equal(count(at + limits.typingAgeMsMax), 1);
  assert.equal(count(at + limits.typingAgeMsMax + 1), 0);
});

test("a clock that is ahead makes nothing last longer", () => {
  const now = at - 3_600_000;
  assert.partialDeepStrictEqual(eventToTyping(ctx, typing(), makeKnown({ now })), [
    { expires: new Date(now + limits.typingAgeMsMax).toISOString() },
  ]);
});

test("clients that are known to lack chat states get none", () => {
  assert.deepEqual(eventToTyping(ctx, typing(), knowing(ns.receipts)), []);
  assert.equal(eventToTyping(ctx, typing(), knowing(ns.chatStates)).length, 1);
});
