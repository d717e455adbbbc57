import assert from "node:assert/strict";
import { test } from "node:test";
import { eventOf, received, refusalOf } from "./support.ts";

const replace = '<replace xmlns="urn:xmpp:message-correct:0" id="m0"/>';

test("a correction says the message anew, with everything that belongs to it", () => {
  const children =
    `<body>better</body>${replace}<thread>t</thread><origin-id xmlns="urn:xmpp:sid:0" id="o1"/>` +
    '<reply xmlns="urn:xmpp:reply:0" id="n1" to="nina@im.example.com"/><request xmlns="urn:xmpp:receipts"/>' +
    '<x xmlns="jabber:x:oob"><url>https://files.example.org/a</url></x>';
  assert.deepEqual(eventOf(children), [
    "message.edited",
    {
      id: "m1",
      originId: "o1",
      replaces: "m0",
      body: "better",
      thread: "t",
      replyTo: { id: "n1", author: "user" },
      attachments: [{ url: "https://files.example.org/a" }],
      asks: ["delivered"],
    },
  ]);
});

test("whose message it is cannot be known here: a stranger's id passes as the contact's own", () => {
  const foreign = "nina's message/1";
  assert.deepEqual(eventOf(`<body>forged</body>${replace.replace("m0", foreign)}`), [
    "message.edited",
    { id: "m1", replaces: foreign, body: "forged" },
  ]);
});

test("one that names nothing is a message; one that says nothing is nothing", () => {
  assert.equal(eventOf('<body>hi</body><replace xmlns="urn:xmpp:message-correct:0"/>')[0], "message.sent");
  assert.deepEqual(received('type="chat" id="m1"', replace), []);
});

test("a native system that cannot correct reads a marked message", () => {
  const [type, data] = eventOf(`<body>better</body>${replace}`, { edits: false });
  assert.deepEqual([type, data], ["message.sent", { id: "m1", body: "✎ better" }]);
});

test("a mark before a correction, for those who see it as one more message, is not part of it", () => {
  const mark =
    '<fallback xmlns="urn:xmpp:fallback:0" for="urn:xmpp:message-correct:0"><body start="5" end="7"/></fallback>' +
    '<fallback xmlns="urn:xmpp:fallback:0" for="urn:xmpp:reply:0"><body start="0" end="5"/></fallback>';
  const children = `<body>&gt; hi\n* better</body>${mark}${replace}<reply xmlns="urn:xmpp:reply:0" id="n1"/>`;
  assert.deepEqual(eventOf(children)[1], {
    id: "m1",
    replaces: "m0",
    body: "better",
    replyTo: { id: "n1", author: "user", quote: "hi" },
  });
  assert.equal(eventOf(children, { edits: false })[1]["body"], "✎ better");
});

test("a correction that is too long comes back: there are no pieces that it could replace", () => {
  const body = { charsMax: 16, tooLong: "split" } as const;
  assert.equal(eventOf(`<body>${"x".repeat(16)}</body>${replace}`, { body })[0], "message.edited");
  const refused = received('type="chat" id="m1"', `<body>${"x".repeat(17)}</body>${replace}`, { body });
  assert.deepEqual(refusalOf(refused), [
    "not-acceptable",
    "The text is too long: at most 16 characters are accepted.",
  ]);
});
