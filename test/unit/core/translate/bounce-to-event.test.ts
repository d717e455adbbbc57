import assert from "node:assert/strict";
import { test } from "node:test";
import { idAbout, idAboutNothing, idOfPart } from "#core/stanza-id.ts";
import { deliveriesOf, received } from "./support.ts";

const error =
  '<error type="wait"><recipient-unavailable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/>' +
  '<text xmlns="urn:ietf:params:xml:ns:xmpp-stanzas">not now</text></error>';
const failure = { condition: "recipient-unavailable", text: "not now", permanent: false };
const bounce = (id: string, children = error) => deliveriesOf(received(`type="error" id="${id}"`, children));

test("a bounce fails the message, the attachment, or the event that it is about", () => {
  assert.deepEqual(bounce("m1"), [["message.failed", { id: "m1", ...failure }]]);
  assert.deepEqual(bounce("m1/2"), [["message.failed", { id: "m1", part: 2, ...failure }]]);
  assert.deepEqual(bounce(idAbout(idOfPart("m1", 2), "e:1")), [
    ["message.failed", { id: "m1", part: 2, event: "e:1", ...failure }],
  ]);
});

test("it does so whatever the server has left of the stanza, and whatever it added", () => {
  const all = `<body>hi</body><received xmlns="urn:xmpp:receipts" id="m9"/><reactions xmlns="urn:xmpp:reactions:0" id="m9"/>${error}`;
  assert.deepEqual(bounce("m1", all), [["message.failed", { id: "m1", ...failure }]]);
  const [[type, data] = []] = bounce("m1", "");
  assert.equal(type, "message.failed");
  assert.equal(data?.["condition"], "undefined-condition");
});

test("a bounce that names nothing of the native user's is nothing, and no bounce is answered", () => {
  assert.deepEqual(received('type="error"', error), []);
  for (const id of ["", "x".repeat(50_000), idAboutNothing("7.42")]) {
    assert.deepEqual(received(`type="error" id="${id}"`, error), []);
  }
});
