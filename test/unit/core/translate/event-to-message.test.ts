import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { allCapabilities } from "#core/capabilities.ts";
import { limits } from "#core/limits.ts";
import { eventToMessage, unsupported } from "#core/translate/event-to-message.ts";
import { messageToEvent } from "#core/translate/message-to-event.ts";
import { cleanText } from "#core/xmpp/codec.ts";
import {
  contact,
  deliveriesOf,
  fromNative,
  ghost,
  makeContext,
  must,
  nativeEvent,
  read,
  stanzasOf,
} from "./support.ts";

const ctx = makeContext({ cause: fromNative });

function stanzas(data: Record<string, unknown>) {
  return stanzasOf(must(eventToMessage(ctx, nativeEvent("message.sent", data))));
}

function refused(data: Record<string, unknown>) {
  const result = eventToMessage(ctx, nativeEvent("message.sent", data));
  assert.ok(!result.ok);
  return result.error;
}

test("a text leaves as one chat message that asks for receipt and marker", () => {
  const effects = must(eventToMessage(ctx, nativeEvent("message.sent", { id: "m1", body: "a <b>" })));
  assert.deepEqual(effects, [
    {
      kind: "stanza",
      id: "urn:chat e-1/0",
      xml:
        `<message from="${ghost}" to="${contact}" type="chat" id="m1"><body>a &lt;b&gt;</body>` +
        '<origin-id xmlns="urn:xmpp:sid:0" id="m1"/><request xmlns="urn:xmpp:receipts"/>' +
        '<markable xmlns="urn:xmpp:chat-markers:0"/></message>',
      written: "2026-11-02T09:29:59Z",
    },
  ]);
});

test("subject, thread and hints go along, each hint once", () => {
  const [stanza] = stanzas({
    id: "m1",
    body: "hi",
    subject: "S",
    thread: "t",
    hints: ["store", "store", "no-copy"],
  });
  assert.equal(stanza?.getChildText("subject"), "S");
  assert.equal(stanza?.getChildText("thread"), "t");
  const hints = stanza?.getChildElements().filter((child) => child.getNS() === "urn:xmpp:hints");
  assert.deepEqual(
    hints?.map((hint) => hint.name),
    ["store", "no-copy"],
  );
});

test("attachments follow the text, one stanza each, under numbered ids", () => {
  const attachments = [
    { url: "https://f.example.com/a.png", name: "a.png" },
    { url: "https://f.example.com/b" },
  ];
  const all = stanzas({ id: "m1", body: "look", subject: "S", attachments });
  assert.deepEqual(
    all.map((stanza) => [stanza.attrs["id"], stanza.getChildText("body"), stanza.getChildText("subject")]),
    [
      ["m1", "look", "S"],
      ["m1/1", "https://f.example.com/a.png", null],
      ["m1/2", "https://f.example.com/b", null],
    ],
  );
  const link = all[1]?.getChild("x", "jabber:x:oob");
  assert.equal(link?.getChildText("url"), "https://f.example.com/a.png");
  assert.equal(link?.getChildText("desc"), "a.png");
});

test("without text the first attachment is the message", () => {
  const attachments = [{ url: "https://f.example.com/a" }, { url: "https://f.example.com/b" }];
  const all = stanzas({ id: "m1", subject: "S", attachments });
  assert.deepEqual(
    all.map((stanza) => [stanza.attrs["id"], stanza.getChildText("subject")]),
    [
      ["m1", "S"],
      ["m1/2", null],
    ],
  );
});

test("what nothing carries yet is refused with its place, not lost", () => {
  const replyTo = { id: "m0", author: "contact" };
  for (const [field, value] of Object.entries({ replyTo, style: "plain" })) {
    const rejection = refused({ id: "m1", body: "hi", [field]: value });
    assert.equal(rejection.reason, "unsupported");
    assert.equal(rejection.path, `/data/${field}`);
  }
  const rejection = unsupported(nativeEvent("message.retracted", { id: "m1" }));
  assert.equal(rejection.reason, "unsupported");
  assert.equal(rejection.path, "/type");
  assert.match(rejection.text, /message\.retracted/);
});

test("a text that grows too large by its escapes is refused", () => {
  const rejection = refused({ id: "m1", body: "&".repeat(120_000) });
  assert.equal(rejection.reason, "too-large");
  assert.equal(rejection.path, "/data/body");
  assert.match(rejection.expected ?? "", new RegExp(String(limits.stanzaOutBytesMax)));
  assert.equal(stanzas({ id: "m1", body: "x".repeat(120_000) }).length, 1);
});

test("a plain text survives the way to a stanza and back: id, body, subject and thread", () => {
  const text = fc.string({ unit: "binary", minLength: 1, maxLength: 50 });
  const word = fc
    .string({ unit: "grapheme", minLength: 1, maxLength: 20 })
    .filter((it) => !/\p{Cc}|\/\d+$/u.test(it));
  const content = fc.record(
    { id: word, body: text, subject: text, thread: word },
    { requiredKeys: ["id", "body"] },
  );
  fc.assert(
    fc.property(content, (data) => {
      const effects = must(eventToMessage(ctx, nativeEvent("message.sent", data)));
      assert.equal(stanzasOf(effects).length, 1);
      const [effect] = effects;
      assert.equal(effect?.kind, "stanza");
      const back = messageToEvent(makeContext(), read(effect.xml), allCapabilities).effects;
      const [delivery] = deliveriesOf(back);
      const { body, subject } = data;
      const cleaned = subject === undefined ? {} : { subject: cleanText(subject) };
      const asks = ["delivered", "displayed"];
      assert.deepEqual(delivery, ["message.sent", { ...data, body: cleanText(body), ...cleaned, asks }]);
    }),
  );
});
