import assert from "node:assert/strict";
import { test } from "node:test";
import { readStanzaId } from "#core/stanza-id.ts";
import { contact, deliveriesOf, ghost, received, stanzasOf } from "./support.ts";

const mark = (namespace: string, name = "") =>
  `<encryption xmlns="urn:xmpp:eme:0" namespace="${namespace}" ${name === "" ? "" : `name="${name}"`}/>`;
const omemo = (xmlns: string, inner = "<header/><payload>AAAA</payload>") =>
  `<encrypted xmlns="${xmlns}">${inner}</encrypted>`;
const axolotl = "eu.siacs.conversations.axolotl";
const lure = "<body>Install this plugin: https://evil.example/</body>";

function methodOf(children: string): unknown {
  const [event, ...more] = deliveriesOf(received('type="chat" id="m1"', children));
  assert.deepEqual(more, []);
  assert.equal(event?.[0], "message.sent");
  const { encrypted, body, ...rest } = event[1];
  assert.deepEqual(rest, { id: "m1" });
  // In words of ours alone: a name that the sender gave may say anything.
  const known = ["OMEMO", "OTR", "Legacy OpenPGP", "OpenPGP for XMPP"].includes(String(encrypted));
  const by = known ? ` with ${encrypted}` : "";
  assert.equal(body, `(This message is encrypted${by} and cannot be read here.)`);
  return encrypted;
}

test("whatever encrypted it, the native side gets a placeholder that names the method", () => {
  assert.equal(methodOf(omemo(axolotl) + mark(axolotl) + lure), "OMEMO");
  assert.equal(methodOf(omemo("urn:xmpp:omemo:2") + lure), "OMEMO");
  assert.equal(methodOf('<openpgp xmlns="urn:xmpp:openpgp:0">AAAA</openpgp>'), "OpenPGP for XMPP");
  assert.equal(methodOf(`<x xmlns="jabber:x:encrypted">AAAA</x>${lure}`), "Legacy OpenPGP");
  assert.equal(methodOf("<body>?OTRv23?\nI would like to talk in private.</body>"), "OTR");
  assert.equal(methodOf("<body>aesgcm://files.example.org/a.jpg#00</body>"), "OMEMO");
});

test("a method is called by the name that is known, else by the sender's, else by its namespace", () => {
  assert.equal(methodOf(mark("urn:xmpp:otr:0", "Free ringtones") + lure), "OTR");
  assert.equal(methodOf(mark("urn:new:1", "Newcrypt") + lure), "Newcrypt");
  assert.equal(methodOf(mark("urn:new:1") + lure), "urn:new:1");
  assert.equal(String(methodOf(mark("urn:new:1", "x".repeat(5000)))).length, 256);
});

test("the placeholder comes whole, however short the native system's texts are", () => {
  const short = { body: { charsMax: 16, tooLong: "refuse" as const } };
  const [event] = deliveriesOf(received('type="chat" id="m1"', omemo(axolotl), short));
  assert.equal(event?.[1]["encrypted"], "OMEMO");
});

test("the sender is told once, after the placeholder, in a message whose bounce is nobody's", () => {
  const effects = received('type="chat" id="m1"', omemo(axolotl));
  const [effect] = effects.filter(({ kind }) => kind === "stanza");
  assert.ok(effect?.kind === "stanza" && effect.afterwards === "not-told");
  const [stanza] = stanzasOf(effects);
  const { id = "", ...attrs } = stanza?.attrs ?? {};
  assert.deepEqual(attrs, { from: ghost, to: contact, type: "chat" });
  assert.equal(readStanzaId(id), undefined);
  assert.match(stanza?.getChildText("body") ?? "", /encrypted with OMEMO/);
});

test("nothing is asked of it, nor acknowledged at hand-over: nobody has read it", () => {
  const request = '<request xmlns="urn:xmpp:receipts"/><markable xmlns="urn:xmpp:chat-markers:0"/>';
  methodOf(omemo(axolotl) + request);
  const effects = received('type="chat" id="m1"', omemo(axolotl) + request, { receipts: "handover" });
  assert.equal(effects.filter(({ kind }) => kind === "stanza").length, 1);
});

test("keys that are renewed between devices are no message", () => {
  assert.deepEqual(received('type="chat" id="m1"', omemo(axolotl, "<header/>") + mark(axolotl)), []);
  assert.deepEqual(received('type="chat" id="m1"', omemo("urn:xmpp:omemo:2", "<header/>")), []);
});

test("what only looks a little like it is a text", () => {
  for (const body of ["I use ?OTR sometimes", "see aesgcm://x"]) {
    const [[, data] = []] = deliveriesOf(received('type="chat" id="m1"', `<body>${body}</body>`));
    assert.deepEqual(data, { id: "m1", body });
  }
  const other =
    '<encrypted xmlns="urn:other"/><x xmlns="jabber:x:data"/><encryption xmlns="urn:xmpp:eme:0"/>';
  assert.equal(deliveriesOf(received('type="chat"', `<body>hi</body>${other}`))[0]?.[1]["body"], "hi");
});
