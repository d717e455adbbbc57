import assert from "node:assert/strict";
import { test } from "node:test";
import { deliveriesOf, eventOf, received, refusalOf } from "./support.ts";

const fallback =
  "<body>This person tried to take a message back.</body>" +
  '<fallback xmlns="urn:xmpp:fallback:0" for="urn:xmpp:message-retract:1"/><store xmlns="urn:xmpp:hints"/>';
const retract = '<retract xmlns="urn:xmpp:message-retract:1" id="m0"/>';
const fastened =
  '<apply-to xmlns="urn:xmpp:fasten:0" id="m0"><retract xmlns="urn:xmpp:message-retract:0"/></apply-to>';

test("both forms of a retraction name the message, with or without a text for others", () => {
  for (const children of [
    retract,
    fastened,
    retract + fallback,
    fastened + fallback,
    `<body>gone</body>${retract}`,
  ]) {
    assert.deepEqual(eventOf(children), ["message.retracted", { id: "m0" }], children);
  }
});

test("a native system that cannot take messages back reads a line of ours, never the sender's", () => {
  const [type, data] = eventOf(retract + fallback, { retractions: false });
  assert.equal(type, "message.sent");
  assert.deepEqual(data, { id: "m1", body: "(I have taken a message back.)" });
});

test("one that names no message is none; its text for others is nobody's words", () => {
  const nameless = '<retract xmlns="urn:xmpp:message-retract:1"/>';
  assert.deepEqual(deliveriesOf(received('type="chat" id="m1"', nameless + fallback)), []);
  assert.equal(eventOf(`<body>hi</body>${nameless}`)[1]["body"], "hi");
  const other = '<apply-to xmlns="urn:xmpp:fasten:0" id="m0"><external name="body"/></apply-to>';
  assert.deepEqual(received('type="chat" id="m1"', other), []);
});

test("any id is passed on as it is, one that fits no event is refused", () => {
  const id = "é/1 ".repeat(500);
  assert.deepEqual(eventOf(retract.replace("m0", id))[1], { id });
  const huge = received('type="chat" id="m1"', retract.replace("m0", "x".repeat(300_000)));
  assert.equal(refusalOf(huge)[0], "policy-violation");
});
