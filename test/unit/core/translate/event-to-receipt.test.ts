import assert from "node:assert/strict";
import { test } from "node:test";
import { allCapabilities } from "#core/capabilities.ts";
import { idOfPiece, readStanzaId } from "#core/stanza-id.ts";
import { eventToReceipt } from "#core/translate/event-to-receipt.ts";
import { fromNative, makeContext, makeKnown, nativeEvent, stanzasOf } from "./support.ts";

const ctx = makeContext({ cause: fromNative });
const strange = `a'"<&> 😀/3 `.repeat(80);

for (const [type, child] of [
  ["message.delivered", "received xmlns='urn:xmpp:receipts'"],
  ["message.displayed", "displayed xmlns='urn:xmpp:chat-markers:0'"],
] as const) {
  test(`${type} is one stored stanza about that id, whatever the id`, () => {
    for (const id of ["a1", strange]) {
      const effects = eventToReceipt(ctx, nativeEvent(type, { id }), makeKnown());
      assert.partialDeepStrictEqual(effects, [{ id: "urn:chat e-1/0", written: "2026-11-02T09:29:59Z" }]);
      const [stanza] = stanzasOf(effects);
      const [said, hint, ...more] = stanza?.getChildElements() ?? [];
      assert.deepEqual(more, []);
      assert.equal(`${said?.name} xmlns='${said?.getNS()}'`, child);
      assert.equal(said?.attrs["id"], id);
      assert.equal(String(hint), '<store xmlns="urn:xmpp:hints"/>');
      assert.equal(stanza?.attrs["type"], "chat");
      assert.equal(readStanzaId(stanza?.attrs["id"] ?? "")?.event, "e-1");
    }
  });
}

test("a receipt leaves only where delivery is told by the native system; a marker always", () => {
  for (const receipts of ["handover", "off"] as const) {
    const known = makeKnown({ capabilities: { ...allCapabilities, receipts } });
    assert.deepEqual(eventToReceipt(ctx, nativeEvent("message.delivered", { id: "a1" }), known), []);
    assert.equal(eventToReceipt(ctx, nativeEvent("message.displayed", { id: "a1" }), known).length, 1);
  }
});

test("what became of a piece of a long message is told of the whole, which is what the contact knows", () => {
  const [stanza] = stanzasOf(
    eventToReceipt(ctx, nativeEvent("message.displayed", { id: idOfPiece(strange, 3) }), makeKnown()),
  );
  assert.equal(stanza?.getChild("displayed")?.attrs["id"], strange);
});
