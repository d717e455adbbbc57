import assert from "node:assert/strict";
import { test } from "node:test";
import { limits } from "#core/limits.ts";
import { messageToEvent, unknownUserReply } from "#core/translate/message-to-event.ts";
import {
  contact,
  deliveriesOf,
  ghost,
  makeContext,
  message,
  presence,
  readTime,
  stanzasOf,
} from "./support.ts";

const ctx = makeContext();

function decide(attrs: string, children = "") {
  return messageToEvent(ctx, message(attrs, children)).effects;
}

function event(attrs: string, children: string) {
  const [delivery] = deliveriesOf(decide(attrs, children));
  assert.equal(delivery?.[0], "message.sent");
  return delivery[1];
}

test("a chat message keeps id, text, subject and thread", () => {
  const children = "<body>a &lt;b&gt; 😀</body><subject>Lunch</subject><thread>t-1</thread>";
  assert.deepEqual(event('type="chat" id="m1"', children), {
    id: "m1",
    body: "a <b> 😀",
    subject: "Lunch",
    thread: "t-1",
  });
});

test("no type, normal and unknown types are messages too", () => {
  for (const type of ["", 'type="normal"', 'type="surprise"']) {
    assert.equal(event(`id="m1" ${type}`, "<body>hi</body>")["body"], "hi");
  }
});

test("the id is the attribute, else the origin-id, else made from the cause", () => {
  const origin = '<body>hi</body><origin-id xmlns="urn:xmpp:sid:0" id="o1"/>';
  assert.deepEqual(event('id="m1"', origin), { id: "m1", originId: "o1", body: "hi" });
  assert.deepEqual(event('id="o1"', origin), { id: "o1", body: "hi" });
  assert.deepEqual(event("", origin), { id: "o1", body: "hi" });
  assert.deepEqual(event('id=""', "<body>hi</body>"), { id: "causeway-7.42", body: "hi" });
});

test("the time is the earliest stamp of the past, else when it was read", () => {
  const timeOf = (children: string) => {
    const [effect] = decide('id="m1"', `<body>hi</body>${children}`);
    assert.equal(effect?.kind, "deliver");
    return effect.event.time;
  };
  const stamp = (time: string) => `<delay xmlns="urn:xmpp:delay" stamp="${time}"/>`;
  assert.equal(timeOf(""), readTime);
  assert.equal(timeOf(stamp("2026-11-02T10:00:00+01:00")), "2026-11-02T09:00:00.000Z");
  assert.equal(
    timeOf(stamp("2026-11-02T09:10:00Z") + stamp("2026-11-02T09:05:00Z")),
    "2026-11-02T09:05:00.000Z",
  );
  assert.equal(timeOf(stamp("2036-11-02T09:00:00Z")), readTime);
  assert.equal(timeOf(stamp("soon")), readTime);
});

test("what has no text is no message: chat states, receipts, subjects alone, empty bodies", () => {
  const silent = [
    "",
    "<body/>",
    "<subject>only</subject>",
    '<composing xmlns="http://jabber.org/protocol/chatstates"/>',
    '<body xmlns="http://www.w3.org/1999/xhtml">hi</body>',
  ];
  for (const children of silent) assert.deepEqual(decide('id="m1" type="chat"', children), [], children);
});

const forwarded =
  '<forwarded xmlns="urn:xmpp:forward:0"><message xmlns="jabber:client" id="inner" from="eve@example.net">' +
  "<body>forged</body></message></forwarded>";

test("a carbon is nothing, with or without a text of its own", () => {
  for (const kind of ["received", "sent"]) {
    const carbon = `<${kind} xmlns="urn:xmpp:carbons:2">${forwarded}</${kind}>`;
    assert.deepEqual(decide('id="m1" type="chat"', carbon), []);
    assert.deepEqual(decide('id="m1" type="chat"', `<body>hi</body>${carbon}`), []);
  }
});

test("a forwarded message is not taken for the words of who forwards it", () => {
  assert.deepEqual(decide('id="m1"', forwarded), []);
  assert.deepEqual(event('id="m1"', `<body>look</body>${forwarded}`), { id: "m1", body: "look" });
});

test("a thread that is no usable word is left out, a long subject is cut", () => {
  const long = "x".repeat(5000);
  assert.equal(event('id="m1"', `<body>hi</body><thread>${long}</thread>`)["thread"], undefined);
  assert.equal(event('id="m1"', "<body>hi</body><thread>a\nb</thread>")["thread"], undefined);
  const subject = String(event('id="m1"', `<body>hi</body><subject>${long}</subject>`)["subject"]);
  assert.equal(subject.length, limits.statusCharsMax);
});

test("a nickname goes with the message, as an event of its own", () => {
  const nick = '<nick xmlns="http://jabber.org/protocol/nick">Alice</nick>';
  const [sent, updated, ...more] = decide('type="chat" id="m1"', `<body>Hello</body>${nick}`);
  assert.ok(sent?.kind === "deliver" && updated?.kind === "deliver");
  assert.deepEqual(more, []);
  assert.equal(updated.event.type, "contact.updated");
  assert.equal(updated.event.data["nick"], "Alice");
  assert.notEqual(updated.event.id, sent.event.id);
});

test("a bounce fails the message, or the attachment, that it is about", () => {
  const error =
    '<body>hi</body><error type="wait"><recipient-unavailable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/>' +
    '<text xmlns="urn:ietf:params:xml:ns:xmpp-stanzas">not now</text></error>';
  const failure = { condition: "recipient-unavailable", text: "not now", permanent: false };
  assert.deepEqual(deliveriesOf(decide('type="error" id="m1"', error)), [
    ["message.failed", { id: "m1", ...failure }],
  ]);
  assert.deepEqual(deliveriesOf(decide('type="error" id="m1/2"', error)), [
    ["message.failed", { id: "m1", part: 2, ...failure }],
  ]);
});

test("a bounce that names nothing of ours is nothing", () => {
  assert.deepEqual(decide('type="error"'), []);
  assert.deepEqual(decide('type="error" id=""'), []);
  assert.deepEqual(decide(`type="error" id="${"x".repeat(5000)}"`), []);
});

test("groupchat comes back as an error, a headline is ignored", () => {
  const [reply, ...more] = stanzasOf(decide('type="groupchat" id="m1"', "<body>hi</body>"));
  assert.deepEqual(more, []);
  assert.deepEqual({ ...reply?.attrs }, { type: "error", id: "m1", from: ghost, to: `${contact}/phone` });
  assert.ok(reply?.getChild("error")?.getChild("service-unavailable"));
  assert.deepEqual(decide('type="headline"', "<body>news</body>"), []);
});

test("a text too large for an event comes back as an error, one that just fits is delivered", () => {
  const fits = limits.eventBytesMax - limits.eventFrameBytesMax - 100;
  assert.equal(deliveriesOf(decide('id="m1"', `<body>${"x".repeat(fits)}</body>`)).length, 1);
  const [reply] = stanzasOf(decide('id="m1"', `<body>${"x".repeat(fits + 100)}</body>`));
  assert.ok(reply?.getChild("error")?.getChild("policy-violation"));
  // Each of these is one byte in UTF-8 and six in ASCII JSON, which is what a queue takes.
  assert.equal(stanzasOf(decide('id="m1"', `<body>${"\u007f".repeat(fits)}</body>`)).length, 1);
});

test("an answer comes from the prepared address, whatever the stanza wrote", () => {
  const stanza = message('type="groupchat" id="m1"');
  stanza.attrs["to"] = "NINA@IM.example.com/x";
  const [reply] = stanzasOf(messageToEvent(ctx, stanza).effects);
  assert.equal(reply?.attrs["from"], `${ghost}/x`);
});

test("a message to nobody comes back, a headline and a bounce do not", () => {
  for (const type of ["chat", "normal", "groupchat"]) {
    const reply = unknownUserReply(message(`type="${type}" id="m1"`, "<body>hi</body>"));
    assert.ok(reply?.getChild("error")?.getChild("service-unavailable"), type);
  }
  for (const type of ["headline", "error"]) {
    assert.equal(unknownUserReply(message(`type="${type}" id="m1"`)), undefined);
  }
});

test("presence to nobody meets silence, a probe what a stranger gets", () => {
  const silent = ["", "unavailable", "subscribe", "subscribed", "unsubscribe", "unsubscribed", "error"];
  for (const type of silent) assert.equal(unknownUserReply(presence(`type="${type}"`)), undefined, type);
  const reply = unknownUserReply(presence('type="probe" id="p1"'));
  assert.deepEqual({ ...reply?.attrs }, { from: ghost, to: contact, id: "p1", type: "unsubscribed" });
});
