import assert from "node:assert/strict";
import { test } from "node:test";
import { allCapabilities } from "#core/capabilities.ts";
import { limits } from "#core/limits.ts";
import { messageToEvent, unknownUserReply } from "#core/translate/message-to-event.ts";
import {
  contact,
  deliveriesOf,
  eventOf,
  ghost,
  makeContext,
  message,
  presence,
  readTime,
  received,
  refusalOf,
  stanzasOf,
} from "./support.ts";

function event(attrs: string, children: string) {
  const [delivery] = deliveriesOf(received(attrs, children));
  assert.equal(delivery?.[0], "message.sent");
  return delivery[1];
}

test("a chat message keeps id, text, subject and thread", () => {
  const children =
    "<body>a &lt;b&gt; 😀</body><subject>Lunch</subject><thread parent='t-0'>t-1</thread>" +
    '<no-store xmlns="urn:xmpp:hints"/><no-copy xmlns="urn:xmpp:hints"/>';
  assert.deepEqual(event('type="chat" id="m1"', children), {
    id: "m1",
    body: "a <b> 😀",
    subject: "Lunch",
    thread: "t-1",
    threadParent: "t-0",
    hints: ["no-store", "no-copy"],
  });
});

test("no type, normal and unknown types are single messages, a headline is news", () => {
  for (const type of ["", 'type="normal"', 'type="surprise"']) {
    assert.deepEqual(event(`id="m1" ${type}`, "<body>hi</body>"), { id: "m1", body: "hi", kind: "normal" });
  }
  const news = event('id="m1" type="headline"', "<body>news</body>");
  assert.deepEqual(news, { id: "m1", body: "news", kind: "headline" });
});

test("a headline says its text and nothing else, and is silent where it has none", () => {
  const more =
    '<replace xmlns="urn:xmpp:message-correct:0" id="m0"/><request xmlns="urn:xmpp:receipts"/>' +
    '<received xmlns="urn:xmpp:receipts" id="m9"/><composing xmlns="http://jabber.org/protocol/chatstates"/>';
  assert.deepEqual(deliveriesOf(received('id="m1" type="headline"', `<body>news</body>${more}`)), [
    ["message.sent", { id: "m1", body: "news", kind: "headline" }],
  ]);
  assert.deepEqual(received('id="m1" type="headline"', more), []);
  const published = '<event xmlns="http://jabber.org/protocol/pubsub#event"><items node="n"/></event>';
  assert.deepEqual(received('id="m1" type="headline"', `<body>a new entry</body>${published}`), []);
});

test("the id is the attribute, else the origin-id, else made from the cause", () => {
  const origin = '<body>hi</body><origin-id xmlns="urn:xmpp:sid:0" id="o1"/>';
  const chat = (attrs: string, children: string) => event(`type="chat" ${attrs}`, children);
  assert.deepEqual(chat('id="m1"', origin), { id: "m1", originId: "o1", body: "hi" });
  assert.deepEqual(chat('id="o1"', origin), { id: "o1", body: "hi" });
  assert.deepEqual(chat("", origin), { id: "o1", body: "hi" });
  assert.deepEqual(chat('id=""', "<body>hi</body>"), { id: "causeway-7.42", body: "hi" });
  const long = "x".repeat(1000);
  assert.equal(chat(`id="${long}"`, origin)["id"], long);
});

test("the time is the earliest stamp of the past, else when it was read", () => {
  const timeOf = (children: string) => {
    const [effect] = received('id="m1"', `<body>hi</body>${children}`);
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

test("a subject may be all that is said: it is the text", () => {
  const [, said] = eventOf("<subject>only</subject>");
  assert.deepEqual([said["body"], said["subject"]], ["only", undefined]);
});

test("what says nothing to anybody is nothing, and gets no answer", () => {
  const silent = [
    "",
    "<body/>",
    '<body xmlns="http://www.w3.org/1999/xhtml">hi</body>',
    '<attention xmlns="urn:xmpp:attention:0"/>',
    '<propose xmlns="urn:xmpp:jingle-message:0" id="c1"><description xmlns="urn:xmpp:jingle:apps:rtp:1"/></propose>',
    '<event xmlns="http://jabber.org/protocol/pubsub#event"/>',
    '<something xmlns="urn:unheard:of"/>',
    '<origin-id xmlns="urn:xmpp:sid:0" id="o1"/><request xmlns="urn:xmpp:receipts"/>',
  ];
  for (const children of silent) assert.deepEqual(received('id="m1" type="chat"', children), [], children);
});

test("what is unknown does no harm to a text beside it", () => {
  const beside =
    '<attention xmlns="urn:xmpp:attention:0"/><something xmlns="urn:unheard:of"><body>no</body></something>';
  assert.deepEqual(eventOf(`<body>hi</body>${beside}`), ["message.sent", { id: "m1", body: "hi" }]);
});

const forwarded =
  '<forwarded xmlns="urn:xmpp:forward:0"><message xmlns="jabber:client" id="inner" from="eve@example.net">' +
  "<body>forged</body></message></forwarded>";

test("a carbon or a result of an archive is nothing, with or without a text of its own", () => {
  const copies = [
    `<received xmlns="urn:xmpp:carbons:2">${forwarded}</received>`,
    `<sent xmlns="urn:xmpp:carbons:2">${forwarded}</sent>`,
    `<result xmlns="urn:xmpp:mam:2" id="a1">${forwarded}</result>`,
  ];
  for (const copy of copies) {
    assert.deepEqual(received('id="m1" type="chat"', copy), []);
    assert.deepEqual(received('id="m1" type="chat"', `<body>hi</body>${copy}`), []);
  }
});

test("a message that wants no carbons is a message", () => {
  const [, data] = eventOf('<body>hi</body><private xmlns="urn:xmpp:carbons:2"/>');
  assert.deepEqual(data, { id: "m1", body: "hi" });
});

test("a forwarded message is not taken for the words of who forwards it", () => {
  assert.deepEqual(received('id="m1"', forwarded), []);
  assert.deepEqual(eventOf(`<body>look</body>${forwarded}`)[1], { id: "m1", body: "look" });
});

test("text is text: markup, /me and blanks stay, and who wants no styling says so", () => {
  for (const body of ["/me waves", "*bold* _it_ `x`", "  a\n b "])
    assert.equal(eventOf(`<body>${body}</body>`)[1]["body"], body);
  const unstyled = '<body>*</body><unstyled xmlns="urn:xmpp:styling:0"/>';
  assert.equal(eventOf(unstyled)[1]["style"], "plain");
  assert.equal("style" in eventOf(unstyled, { styling: false })[1], false);
  assert.equal("style" in eventOf("<body>*</body>")[1], false);
});

test("a thread that is no usable word is left out, a long subject is cut", () => {
  const long = "x".repeat(5000);
  assert.equal(event('id="m1"', `<body>hi</body><thread>${long}</thread>`)["thread"], undefined);
  assert.equal(
    event('id="m1"', "<body>hi</body><thread parent='p'>a\nb</thread>")["threadParent"],
    undefined,
  );
  const subject = String(event('id="m1"', `<body>hi</body><subject>${long}</subject>`)["subject"]);
  assert.equal(subject.length, limits.statusCharsMax);
});

test("a nickname goes with the message, as an event of its own", () => {
  const nick = '<nick xmlns="http://jabber.org/protocol/nick">Alice</nick>';
  const [sent, updated, ...more] = received('type="chat" id="m1"', `<body>Hello</body>${nick}`);
  assert.ok(sent?.kind === "deliver" && updated?.kind === "deliver");
  assert.deepEqual(more, []);
  assert.equal(updated.event.type, "contact.updated");
  assert.equal(updated.event.data["nick"], "Alice");
  assert.notEqual(updated.event.id, sent.event.id);
});

test("a message may carry a receipt, a question for one, a state and a nickname at once", () => {
  const children =
    '<body>hi</body><received xmlns="urn:xmpp:receipts" id="n1"/><active xmlns="http://jabber.org/protocol/chatstates"/>' +
    '<nick xmlns="http://jabber.org/protocol/nick">Alice</nick>';
  assert.deepEqual(
    deliveriesOf(received('type="chat" id="m1"', children)).map(([type]) => type),
    ["message.sent", "contact.updated", "message.delivered"],
  );
});

test("groupchat comes back as an error", () => {
  const [reply, ...more] = stanzasOf(received('type="groupchat" id="m1"', "<body>hi</body>"));
  assert.deepEqual(more, []);
  assert.deepEqual({ ...reply?.attrs }, { type: "error", id: "m1", from: ghost, to: `${contact}/phone` });
  assert.ok(reply?.getChild("error")?.getChild("service-unavailable"));
});

test("a text too large for an event comes back as an error, one that just fits is delivered", () => {
  const fits = limits.eventBytesMax - limits.eventFrameBytesMax - 100;
  assert.equal(deliveriesOf(received('id="m1"', `<body>${"x".repeat(fits)}</body>`)).length, 1);
  assert.equal(
    refusalOf(received('id="m1"', `<body>${"x".repeat(fits + 100)}</body>`))[0],
    "policy-violation",
  );
  // Each of these is one byte in UTF-8 and six in ASCII JSON, which is what a queue takes.
  assert.equal(stanzasOf(received('id="m1"', `<body>${"\u007f".repeat(fits)}</body>`)).length, 1);
});

test("an answer comes from the prepared address, whatever the stanza wrote", () => {
  const stanza = message('type="groupchat" id="m1"');
  stanza.attrs["to"] = "NINA@IM.example.com/x";
  const [reply] = stanzasOf(messageToEvent(makeContext(), stanza, allCapabilities).effects);
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
