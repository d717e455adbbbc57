import assert from "node:assert/strict";
import { test } from "node:test";
import { contact, deliveriesOf, ghost, received, refusalOf, stanzasOf } from "./support.ts";

const direct = '<x xmlns="jabber:x:conference" jid="cave@rooms.example.org" reason="Come!"/>';
const mediated = (from: string) =>
  `<x xmlns="http://jabber.org/protocol/muc#user"><invite from="${from}"><reason>Come!</reason></invite></x>`;

test("a direct invitation comes back", () => {
  assert.deepEqual(refusalOf(received('id="i1"', direct)), [
    "feature-not-implemented",
    "This user cannot enter rooms.",
  ]);
});

test("one by a room is declined to who asked the room", () => {
  const effects = received("", mediated("Crone1@example.org/desktop") + direct);
  assert.deepEqual(deliveriesOf(effects), []);
  const [stanza, ...more] = stanzasOf(effects);
  assert.deepEqual(more, []);
  assert.deepEqual(
    [stanza?.attrs["from"], stanza?.attrs["to"], stanza?.attrs["type"]],
    [ghost, contact, undefined],
  );
  const decline = stanza?.getChild("x", "http://jabber.org/protocol/muc#user")?.getChild("decline");
  assert.equal(decline?.attrs["to"], "crone1@example.org/desktop");
});

test("nobody's invitation, and what else a room may tell, is nothing", () => {
  assert.deepEqual(received("", mediated("")), []);
  assert.deepEqual(
    received("", '<x xmlns="http://jabber.org/protocol/muc#user"><status code="104"/></x>'),
    [],
  );
});

test("its text is for clients that know no invitations, and is no message", () => {
  const text = "<body>Come to the cave!</body>";
  assert.equal(refusalOf(received('id="i1"', text + direct))?.[0], "feature-not-implemented");
  const effects = received("", text + mediated("crone1@example.org") + direct);
  assert.deepEqual(deliveriesOf(effects), []);
  assert.equal(stanzasOf(effects).length, 1);
});
