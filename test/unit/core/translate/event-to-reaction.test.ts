import assert from "node:assert/strict";
import { test } from "node:test";
import { idOfPiece, readStanzaId } from "#core/stanza-id.ts";
import { eventToReaction } from "#core/translate/event-to-reaction.ts";
import type { Known } from "#core/translate/known.ts";
import { childOf, ns } from "#core/xmpp/stanza.ts";
import { fromNative, knowing, makeContext, makeKnown, nativeEvent, stanzasOf } from "./support.ts";

const ctx = makeContext({ cause: fromNative });

function reacted(data: Record<string, unknown>, known: Known = makeKnown()) {
  const effects = eventToReaction(ctx, nativeEvent("message.reacted", data), known);
  const [stanza, ...more] = stanzasOf(effects);
  assert.ok(stanza);
  assert.deepEqual(more, []);
  return stanza;
}

const reactionsTo = (data: Record<string, unknown>) =>
  childOf(reacted({ emojis: ["👍"], ...data }), "reactions", ns.reactions)?.attrs["id"];

test("the whole set leaves in one stanza that is stored and has no text", () => {
  const event = nativeEvent("message.reacted", { id: "a1", emojis: ["👍", "❤️"] });
  const effects = eventToReaction(ctx, event, makeKnown());
  assert.partialDeepStrictEqual(effects, [{ id: "urn:chat e-1/0", written: "2026-11-02T09:29:59Z" }]);
  const [stanza] = stanzasOf(effects);
  assert.deepEqual(stanza?.getChildElements().map(String), [
    '<reactions xmlns="urn:xmpp:reactions:0" id="a1"><reaction>👍</reaction><reaction>❤️</reaction></reactions>',
    '<store xmlns="urn:xmpp:hints"/>',
  ]);
  assert.equal(stanza?.attrs["type"], "chat");
  assert.deepEqual(readStanzaId(stanza?.attrs["id"] ?? ""), { id: "a1", event: "e-1" });
});

test("a message is named by its origin-id where it has one, an attachment by its number", () => {
  assert.equal(reactionsTo({ id: "a1", originId: "o1" }), "o1");
  assert.equal(reactionsTo({ id: "m1", part: 2 }), "m1/2");
  assert.equal(
    reactionsTo({ id: idOfPiece("a:1", 2) }),
    "a:1",
    "a piece of a long message stands for the whole",
  );
  const stanza = reacted({ id: "m1", part: 2, emojis: [] });
  assert.deepEqual(readStanzaId(stanza.attrs["id"] ?? ""), { id: "m1", part: 2, event: "e-1" });
});

test("for clients that are known to lack reactions they are a short text, too", () => {
  const stanza = reacted({ id: "a1", emojis: ["👍", "❤️"] }, knowing(ns.receipts));
  assert.equal(stanza.getChildText("body"), "Reaction to an earlier message: 👍 ❤️");
  const expected = '<fallback xmlns="urn:xmpp:fallback:0" for="urn:xmpp:reactions:0"/>';
  assert.equal(String(childOf(stanza, "fallback", ns.fallback)), expected);
  assert.equal(childOf(reacted({ id: "a1", emojis: ["👍"] }, knowing(ns.reactions)), "body"), undefined);
});

test("that none is left is said without words, whatever clients there are", () => {
  for (const known of [makeKnown(), knowing(), knowing(ns.reactions)]) {
    const stanza = reacted({ id: "a1", emojis: [] }, known);
    assert.equal(childOf(stanza, "body"), undefined);
    assert.equal(
      String(childOf(stanza, "reactions", ns.reactions)),
      '<reactions xmlns="urn:xmpp:reactions:0" id="a1"/>',
    );
  }
});
