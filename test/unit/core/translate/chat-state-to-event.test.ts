import assert from "node:assert/strict";
import { test } from "node:test";
import { allCapabilities } from "#core/capabilities.ts";
import { messageToEvent } from "#core/translate/message-to-event.ts";
import { deliveriesOf, eventOf, makeContext, message, received } from "./support.ts";

const state = (name: string) => `<${name} xmlns="http://jabber.org/protocol/chatstates"/>`;

test("each state that stands alone is told", () => {
  for (const name of ["active", "composing", "paused", "inactive", "gone"]) {
    assert.deepEqual(eventOf(state(name)), ["typing.changed", { state: name }]);
  }
  assert.deepEqual(received('type="chat"', state("dancing")), []);
});

test("beside anything that is said it goes without saying", () => {
  const said = [
    "<body>hi</body>",
    '<retract xmlns="urn:xmpp:message-retract:1" id="m0"/>',
    '<reactions xmlns="urn:xmpp:reactions:0" id="m0"/>',
  ];
  for (const children of said) {
    for (const name of ["active", "composing"])
      assert.notEqual(eventOf(children + state(name))[0], "typing.changed");
  }
});

test("beside a receipt it is told as well", () => {
  const types = deliveriesOf(
    received('type="chat"', `${state("active")}<received xmlns="urn:xmpp:receipts" id="n1"/>`),
  );
  assert.deepEqual(
    types.map(([type]) => type),
    ["message.delivered", "typing.changed"],
  );
});

test("it is no news after 30 seconds on its way or in a queue, nor for who does not want to know", () => {
  const stamped = (stamp: string) => `${state("composing")}<delay xmlns="urn:xmpp:delay" stamp="${stamp}"/>`;
  assert.equal(eventOf(stamped("2026-11-02T09:29:31Z"))[0], "typing.changed");
  assert.deepEqual(received('type="chat"', stamped("2026-11-02T09:29:29Z")), []);
  assert.deepEqual(received('type="chat"', state("composing"), { typing: false }), []);
  const at = (now: string) =>
    messageToEvent(makeContext(), message('type="chat"', state("composing")), allCapabilities, now).effects
      .length;
  assert.equal(at("2026-11-02T09:30:29.000Z"), 1);
  assert.equal(at("2026-11-02T09:30:31.000Z"), 0);
});
