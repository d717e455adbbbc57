import assert from "node:assert/strict";
import { test } from "node:test";
import { readStanzaId } from "#core/stanza-id.ts";
import { eventToRetraction } from "#core/translate/event-to-retraction.ts";
import type { Known } from "#core/translate/known.ts";
import { childOf, ns } from "#core/xmpp/stanza.ts";
import { fromNative, ghost, knowing, makeContext, makeKnown, nativeEvent, stanzasOf } from "./support.ts";

const ctx = makeContext({ cause: fromNative });

function retracted(data: Record<string, unknown>, known: Known = makeKnown()) {
  return stanzasOf(eventToRetraction(ctx, nativeEvent("message.retracted", data), known));
}

test("a message is taken back by its id, with words for clients that cannot, and stored", () => {
  const effects = eventToRetraction(ctx, nativeEvent("message.retracted", { id: "m <1>" }), makeKnown());
  assert.equal(effects.length, 1);
  assert.partialDeepStrictEqual(effects[0], { id: "urn:chat e-1/0", written: "2026-11-02T09:29:59Z" });
  const [stanza] = stanzasOf(effects);
  assert.ok(stanza);
  assert.deepEqual([stanza.attrs["type"], stanza.attrs["from"]], ["chat", ghost]);
  assert.equal(childOf(stanza, "retract", ns.retraction)?.attrs["id"], "m <1>");
  assert.match(stanza.getChildText("body") ?? "", /took an earlier message back/);
  const expected = `<fallback xmlns="urn:xmpp:fallback:0" for="${ns.retraction}"/>`;
  assert.equal(String(childOf(stanza, "fallback", ns.fallback)), expected);
  assert.ok(childOf(stanza, "store", ns.hints));
  assert.deepEqual(readStanzaId(stanza.attrs["id"] ?? ""), { id: "m <1>", event: "e-1" });
});

test("each attachment is taken back too, and the words come once", () => {
  const all = retracted({ id: "m1", parts: 2 });
  assert.deepEqual(
    all.map((stanza) => [
      childOf(stanza, "retract", ns.retraction)?.attrs["id"],
      childOf(stanza, "body") !== undefined,
      childOf(stanza, "store", ns.hints) !== undefined,
      readStanzaId(stanza.attrs["id"] ?? ""),
    ]),
    [
      ["m1", true, true, { id: "m1", event: "e-1" }],
      ["m1/1", false, true, { id: "m1", part: 1, event: "e-1" }],
      ["m1/2", false, true, { id: "m1", part: 2, event: "e-1" }],
    ],
  );
  assert.equal(new Set(all.map((stanza) => stanza.attrs["id"])).size, 3);
});

test("clients that know only the older way are told in it, too", () => {
  const olderIn = (known: Known) => {
    const [stanza] = retracted({ id: "m1" }, known);
    assert.ok(stanza && childOf(stanza, "retract", ns.retraction));
    return String(childOf(stanza, "apply-to", ns.fastening) ?? "");
  };
  assert.equal(
    olderIn(knowing(ns.retraction0)),
    '<apply-to xmlns="urn:xmpp:fasten:0" id="m1"><retract xmlns="urn:xmpp:message-retract:0"/></apply-to>',
  );
  assert.equal(olderIn(knowing(ns.retraction)), "");
  assert.equal(olderIn(makeKnown()), "");
});
