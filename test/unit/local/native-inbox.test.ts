import assert from "node:assert/strict";
import { test } from "node:test";
import { deliveryTypes } from "#core/contract/delivery-events.ts";
import { asciiJson } from "#core/contract/envelope.ts";
import { deliveryExample } from "#local/docs/examples.ts";
import { handlingOf } from "#local/native/inbox.ts";
import { nameOf, readDelivery } from "#local/native/read-delivery.ts";
import { showDelivery } from "#local/native/show.ts";

const nobody = new Set<string>();

function messageWith(event: unknown, receives = 1) {
  return { body: asciiJson(event), receives };
}

function shown(event: unknown, textOf: (id: string) => string | undefined = () => undefined): string {
  const read = readDelivery(asciiJson(event));
  assert.ok(read.ok);
  return showDelivery(read.value, textOf).slice("00:00:00 ".length);
}

test("an event for the user is shown", () => {
  const event = deliveryExample("message.sent");
  const handling = handlingOf(messageWith(event), { user: "nina" }, nobody);
  assert.ok(handling.kind === "show");
  assert.equal(handling.event.type, "message.sent");
});

test("an event for another user is handed back, for longer each time", () => {
  const event = deliveryExample("message.sent");
  const hidden = [1, 2, 3, 6, 7, 500].map((receives) => {
    const handling = handlingOf(messageWith(event, receives), { user: "noah" }, nobody);
    return handling.kind === "handBack" ? handling.visibilityS : undefined;
  });
  assert.deepEqual(hidden, [1, 2, 4, 32, 60, 60]);
});

test("another user's event is handed back also when it cannot be read", () => {
  const unknown = { ...deliveryExample("message.sent"), type: "message.shredded" };
  assert.equal(handlingOf(messageWith(unknown), { user: "noah" }, nobody).kind, "handBack");
  assert.equal(handlingOf(messageWith(unknown), { user: "nina" }, nobody).kind, "warn");
});

test("where several domains are served, the user of another domain is another user", () => {
  const event = deliveryExample("message.sent");
  const inB = { ...event, data: { ...event.data, domain: "im.b.example" } };
  const kindFor = (domain: string, sent: unknown) =>
    handlingOf(messageWith(sent), { user: "nina", domain }, nobody).kind;
  assert.equal(kindFor("im.b.example", inB), "show");
  assert.equal(kindFor("im.a.example", inB), "handBack");
  const unknown = { ...inB, type: "message.shredded" };
  assert.equal(kindFor("im.b.example", unknown), "warn");
  assert.equal(kindFor("im.a.example", unknown), "handBack");
});

test("an event for nobody is shown by whoever reads it", () => {
  const unnamed = deliveryExample("event.rejected");
  for (const event of [
    deliveryExample("bridge.connected"),
    { ...unnamed, data: { reason: "not-json", text: "no" } },
  ]) {
    assert.equal(handlingOf(messageWith(event), { user: "noah" }, nobody).kind, "show");
  }
});

test("an event that was shown is dropped when it comes again", () => {
  const event = deliveryExample("message.sent");
  assert.equal(handlingOf(messageWith(event), { user: "nina" }, new Set([nameOf(event)])).kind, "repeat");
  const other = { ...event, source: "xmpp:other.example" };
  assert.equal(handlingOf(messageWith(other), { user: "nina" }, new Set([nameOf(event)])).kind, "show");
});

test("what is no event is warned about", () => {
  for (const body of ["", "[]", "nonsense", '{"data":{}}']) {
    assert.equal(handlingOf({ body, receives: 1 }, { user: "nina" }, nobody).kind, "warn");
  }
});

for (const type of deliveryTypes) {
  test(`${type} is shown in one line or more`, () => {
    const line = shown(deliveryExample(type));
    assert.ok(line.length > 10);
    assert.ok(!line.includes("undefined"), line);
    assert.ok(!line.includes("[object"), line);
  });
}

test("a message is shown with its sender", () => {
  assert.equal(
    shown(deliveryExample("message.sent")),
    'alice@example.org answers "It is done.": Where is the report?',
  );
  assert.equal(
    shown(deliveryExample("message.edited")),
    "alice@example.org corrects: Where is the quarterly report?",
  );
});

test("what is said about a message names it by its words, and its attachment by its number", () => {
  const shownAs = (type: "message.reacted" | "message.displayed" | "message.delivered") =>
    shown(deliveryExample(type), () => "hello");
  assert.equal(shownAs("message.reacted"), 'alice@example.org reacts with ❤️ to attachment 1 of "hello"');
  assert.equal(shownAs("message.delivered"), 'delivered to alice@example.org: "hello"');
  assert.equal(shownAs("message.displayed"), 'displayed to alice@example.org: "hello"');
});

test("a request is shown with its note and how to answer", () => {
  assert.equal(
    shown(deliveryExample("contact.requested")),
    "alice@example.org asks to see when you are there (Hello from Alice): /accept alice@example.org or /decline alice@example.org",
  );
});

test("presence is shown with status and devices", () => {
  assert.equal(
    shown(deliveryExample("presence.changed")),
    "alice@example.org is dnd (in a meeting), 2 devices",
  );
});

test("a failure names the message by its words where they are known", () => {
  const line = shown(deliveryExample("message.failed"), () => "hello");
  assert.match(
    line,
    /"hello": The server does not deliver to this address\. \(service-unavailable, for good\)$/,
  );
});

test("a rejection is shown with path, expectation and text", () => {
  assert.equal(
    shown(deliveryExample("event.rejected")),
    "! message.sent was rejected (invalid at /data/id, expected text): The field /data/id is missing.",
  );
});

test("what contacts write cannot control the terminal", () => {
  const event = deliveryExample("message.edited");
  const line = shown({ ...event, data: { ...event.data, body: "a\u009b2Jb\u007fc\nd\re" } });
  assert.equal(line, "alice@example.org corrects: a\ufffd2Jb\ufffdc\n         d\ufffde");
});
