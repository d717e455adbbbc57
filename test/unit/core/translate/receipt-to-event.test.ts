import assert from "node:assert/strict";
import { test } from "node:test";
import { limits } from "#core/limits.ts";
import { idAbout, idAboutNothing, readStanzaId } from "#core/stanza-id.ts";
import { contact, deliveriesOf, eventOf, ghost, received, stanzasOf } from "./support.ts";

const receipt = (id: string) => `<received xmlns="urn:xmpp:receipts" id="${id}"/>`;
const marker = (name: string, id: string) => `<${name} xmlns="urn:xmpp:chat-markers:0" id="${id}"/>`;
const request = '<request xmlns="urn:xmpp:receipts"/>';
const markable = '<markable xmlns="urn:xmpp:chat-markers:0"/>';
const chat = (children: string) => deliveriesOf(received('type="chat" id="m1"', children));

test("a receipt or marker says what became of the user's message or attachment", () => {
  assert.deepEqual(eventOf(receipt("n1")), ["message.delivered", { id: "n1" }]);
  assert.deepEqual(eventOf(receipt("n1/2")), ["message.delivered", { id: "n1", part: 2 }]);
  assert.deepEqual(eventOf(marker("received", "n1")), ["message.delivered", { id: "n1" }]);
  assert.deepEqual(eventOf(marker("displayed", "n1")), ["message.displayed", { id: "n1" }]);
  assert.deepEqual(eventOf(marker("acknowledged", "n1")), ["message.displayed", { id: "n1" }]);
});

test("a receipt and a marker of the same are told once, the lesser first", () => {
  assert.deepEqual(chat(receipt("n1") + marker("received", "n1")), [["message.delivered", { id: "n1" }]]);
  assert.deepEqual(chat(marker("displayed", "n1") + receipt("n1")), [
    ["message.delivered", { id: "n1" }],
    ["message.displayed", { id: "n1" }],
  ]);
});

test("what is displayed has at least arrived, where nobody wants to know more", () => {
  assert.deepEqual(eventOf(marker("displayed", "n1"), { markers: false }), [
    "message.delivered",
    { id: "n1" },
  ]);
});

test("receipts for nothing, for what is no message, and in headlines are nothing", () => {
  const nothing = ['<received xmlns="urn:xmpp:receipts"/>', receipt(""), receipt("x".repeat(20_000))];
  for (const children of [...nothing, receipt(idAbout("n1", "e1")), receipt(idAboutNothing("7.1"))]) {
    assert.deepEqual(chat(children), [], children.slice(0, 60));
  }
  assert.deepEqual(received('type="headline" id="m1"', receipt("n1")), []);
});

test("a message says what its sender would like to be told, where the native system can tell it", () => {
  const asks = (children: string, capabilities = {}) =>
    eventOf(`<body>hi</body>${children}`, capabilities)[1]["asks"];
  assert.deepEqual(asks(request + markable), ["delivered", "displayed"]);
  assert.deepEqual(asks(request), ["delivered"]);
  assert.deepEqual(asks(markable), ["displayed"]);
  assert.equal(asks(""), undefined);
  assert.deepEqual(asks(request + markable, { receipts: "off" }), ["displayed"]);
  assert.deepEqual(asks(request + markable, { markers: false }), ["delivered"]);
});

test("nothing is asked where no answer could name the message, or none is called for", () => {
  const asks = (attrs: string, children: string) => {
    const [[, data] = []] = deliveriesOf(received(attrs, `<body>hi</body>${children}`));
    return data?.["asks"];
  };
  const origin = '<origin-id xmlns="urn:xmpp:sid:0" id="o1"/>';
  assert.equal(asks('type="chat"', request + markable + origin), undefined);
  assert.equal(asks(`id="${"x".repeat(limits.referredIdCharsMax + 1)}"`, request), undefined);
  assert.equal(asks('id="m1" type="headline"', request + markable), undefined);
  assert.equal(asks('id="m1"', request + receipt("n1")), undefined);
});

const handover = { receipts: "handover" } as const;
const late = (attrs: string, children: string, capabilities = {}) =>
  received(attrs, children, { ...handover, ...capabilities }).filter((effect) => effect.kind === "stanza");

test("a receipt at hand-over follows the event, once the contact is known to see the user", () => {
  const effects = received('type="chat" id="m &lt;1&gt;"', `<body>hi</body>${request}${markable}`, handover);
  assert.deepEqual(deliveriesOf(effects), [
    ["message.sent", { id: "m <1>", body: "hi", asks: ["displayed"] }],
  ]);
  const [effect] = effects.filter(({ kind }) => kind === "stanza");
  assert.ok(effect?.kind === "stanza" && effect.afterwards === "seen-by-contact");
  const [stanza] = stanzasOf(effects);
  const { id = "", ...attrs } = stanza?.attrs ?? {};
  assert.deepEqual(attrs, { from: ghost, to: contact, type: "chat" });
  assert.equal(readStanzaId(id), undefined, "its bounce is nobody's");
  assert.equal(stanza?.getChild("received", "urn:xmpp:receipts")?.attrs["id"], "m <1>");
});

test("strangers get one only where the deployment says so", () => {
  const [effect] = late('type="chat" id="m1"', `<body>hi</body>${request}`, { tellStrangers: true });
  assert.ok(effect?.kind === "stanza" && effect.afterwards === "always");
});

test("none is sent unasked, for what was kept somewhere, for what says nothing, and for what was refused", () => {
  const body = "<body>hi</body>";
  const delay = '<delay xmlns="urn:xmpp:delay" stamp="2026-11-02T09:29:59Z"/>';
  assert.deepEqual(late('type="chat" id="m1"', body), []);
  assert.deepEqual(late('type="chat" id="m1"', body + request + delay), []);
  assert.deepEqual(late('type="chat" id="m1"', request), []);
  assert.deepEqual(late('type="chat"', body + request), []);
  assert.deepEqual(late('type="headline" id="m1"', body + request), []);
  const [refused, ...more] = stanzasOf(
    late('type="chat" id="m1"', `<body>${"x".repeat(300_000)}</body>${request}`),
  );
  assert.equal(refused?.attrs["type"], "error");
  assert.deepEqual(more, []);
});
