import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { idAbout, idAboutNothing, idOfPart, readStanzaId } from "#core/stanza-id.ts";

const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 1000 });

test("what a stanza id says of a message and an event is read back, whatever they are", () => {
  fc.assert(
    fc.property(text, text, (message, event) => {
      const bare = /^cw:|\/[1-9]\d{0,8}$/.test(message) ? `x${message}x` : message;
      assert.deepEqual(readStanzaId(idAbout(bare, event)), { id: bare, event });
    }),
  );
});

test("an attachment is told by its number, also within an event about it", () => {
  assert.deepEqual(readStanzaId("m-1"), { id: "m-1" });
  assert.deepEqual(readStanzaId(idOfPart("m-1", 2)), { id: "m-1", part: 2 });
  assert.deepEqual(readStanzaId(idAbout(idOfPart("m 1", 3), "e:1")), { id: "m 1", part: 3, event: "e:1" });
});

test("the id of an event about no message says nothing, whatever the event's own", () => {
  fc.assert(
    fc.property(text, (event) => {
      assert.match(idAboutNothing(event), /^cw:[!-~]+$/);
      assert.equal(readStanzaId(idAboutNothing(event)), undefined);
    }),
  );
  assert.notEqual(idAboutNothing("e:1"), idAboutNothing("e 1"));
});

test("ids that we never make say nothing", () => {
  for (const id of [
    "",
    "cw:",
    "cw:a",
    "cw:%:b",
    "cw::e",
    "cw:a:b:c",
    "x".repeat(20_000),
    `cw:${"x".repeat(300_000)}:e`,
  ]) {
    assert.equal(readStanzaId(id), undefined, id.slice(0, 20));
  }
});
