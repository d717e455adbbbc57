import assert from "node:assert/strict";
import { test } from "node:test";
import { answerForDomain } from "#core/translate/domain-presence.ts";
import { checkOutbound, serializeStanza } from "#core/xmpp/codec.ts";
import { contact, domain, must, read } from "./support.ts";

/** What the domain answers, as [type, id]; each answer fit for the socket and from the domain to the contact. */
function answers(attrs: string, to = domain) {
  const stanza = read(`<presence from="${contact}/phone" to="${to}" ${attrs}/>`);
  return answerForDomain(stanza).map((answer) => {
    const { from, to: recipient, type, id } = must(checkOutbound(serializeStanza(answer), [domain])).attrs;
    assert.deepEqual([from, recipient], [domain, contact]);
    return [type, id];
  });
}

test("whoever subscribes to the domain is let in and shown that it is up", () => {
  assert.deepEqual(answers('type="subscribe" id="s1"'), [
    ["subscribed", "s1"],
    [undefined, undefined],
  ]);
});

test("a probe of the domain is answered under its id, whoever asks", () => {
  assert.deepEqual(answers('type="probe" id="p1"'), [[undefined, "p1"]]);
  assert.deepEqual(answers('type="probe"', `${domain.toUpperCase()}/x`), [[undefined, undefined]]);
  assert.deepEqual(answers(`type="probe" id="${"x".repeat(5000)}"`), [[undefined, undefined]]);
});

test("whoever leaves the domain is told so", () => {
  assert.deepEqual(answers('type="unsubscribe" id="u1"'), [["unsubscribed", "u1"]]);
});

test("no other presence to the domain is answered, so that two domains never talk in circles", () => {
  for (const attrs of [
    "",
    'type="unavailable"',
    'type="subscribed"',
    'type="unsubscribed"',
    'type="error"',
    'type="no-such-type"',
  ]) {
    assert.deepEqual(answers(attrs), [], attrs);
  }
});
