import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import * as v from "valibot";
import { cloudEventSchema } from "#core/contract/cloud-event.ts";
import { makeDelivery, rejected } from "#core/contract/delivery.ts";
import { deliveryData, deliveryTypes } from "#core/contract/delivery-events.ts";
import { readNativeEvent } from "#core/contract/read-native-event.ts";
import { rejectEvent } from "#core/contract/rejection.ts";
import { limits } from "#core/limits.ts";
import { parseUserId } from "#core/mapping.ts";
import { parseBareJid } from "#core/xmpp/jid.ts";
import { deliveryExample } from "#local/docs/examples.ts";
import { bodyOf } from "./events.ts";

const time = "2026-11-02T09:30:00Z";
const origin = { id: "7.12", domain: "im.example.com", domains: ["im.example.com"], time };
const refusal = { ...origin, messageId: "sqs-1" };

const user = parseUserId("nina");
const contact = parseBareJid("alice@example.org");
assert.ok(user.ok && contact.ok);
const pair = { user: user.value, contact: contact.value };

test("a delivery is a CloudEvent from its domain", () => {
  const event = makeDelivery("message.displayed", origin, { ...pair, id: "msg-1" });
  assert.deepEqual(event, {
    specversion: "1.0",
    id: "7.12",
    source: "xmpp:im.example.com",
    type: "message.displayed",
    time,
    datacontenttype: "application/json",
    data: { user: "nina", contact: "alice@example.org", id: "msg-1" },
  });
});

test("a delivery names its domain where several are served, unless it is about no user", () => {
  const several = { ...origin, domains: ["im.example.com", "im.example.net"] };
  assert.equal(
    makeDelivery("message.displayed", several, { ...pair, id: "m" }).data.domain,
    "im.example.com",
  );
  const connected = makeDelivery("bridge.connected", several, { domain: "im.example.net", since: time });
  assert.equal(connected.data.domain, "im.example.net");
});

test("a delivery carries its trace context", () => {
  const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const event = makeDelivery("message.displayed", { ...origin, trace }, { ...pair, id: "m" });
  assert.equal(event.traceparent, trace);
});

for (const type of deliveryTypes) {
  test(`the example of ${type} is what its schema says`, () => {
    const example = deliveryExample(type);
    assert.deepEqual(v.parse(cloudEventSchema, example), example);
    assert.deepEqual(v.parse(deliveryData[type], example.data), example.data);
  });
}

for (const type of [
  "contact.requested",
  "contact.accepted",
  "contact.declined",
  "contact.removed",
] as const) {
  test(`${type} must say what the subscription is now`, () => {
    for (const field of ["subscription", "pending"]) {
      const { [field]: _, ...without } = deliveryExample(type).data;
      assert.ok(!v.safeParse(deliveryData[type], without).success);
    }
  });
}

test("a rejection becomes an event.rejected that its schema accepts", () => {
  const read = readNativeEvent(bodyOf("message.sent", { id: undefined }), ["im.example.com"]);
  assert.ok(!read.ok);
  const event = rejected(read.error, refusal);
  assert.equal(event.id, "rejected https://chat.example.com evt-1");
  assert.equal(event.source, "xmpp:im.example.com");
  assert.deepEqual(event.data, {
    id: "evt-1",
    source: "https://chat.example.com",
    type: "message.sent",
    user: "nina",
    contact: "alice@example.org",
    reason: "invalid",
    text: "The field /data/id is missing.",
    path: "/data/id",
    expected: "text",
  });
  assert.deepEqual(v.parse(deliveryData["event.rejected"], event.data), event.data);
});

test("an event that cannot be named is rejected under the id of its queue message", () => {
  const long = bodyOf("user.removed", {}, { id: "x".repeat(limits.idCharsMax), time: 0 });
  const blank = bodyOf("user.removed", {}, { source: "a b" });
  for (const body of ["nonsense", "[]", '{"id":"e1"}', '{"source":"x"}', long, blank]) {
    const read = readNativeEvent(body, ["im.example.com"]);
    assert.ok(!read.ok);
    const event = rejected(read.error, refusal);
    assert.equal(event.id, "rejected sqs-1");
    assert.equal(event.data.messageId, "sqs-1");
    assert.ok(!("notJsonObject" in event.data));
    assert.deepEqual(v.parse(deliveryData["event.rejected"], event.data), event.data);
  }
});

test("two events with different names are never rejected under one id", () => {
  const name = fc.string({ minLength: 1 });
  const named = (source: string, id: string) =>
    rejected({ reason: "invalid", text: "no", source, id }, refusal).id;
  fc.assert(
    fc.property(name, name, name, name, (sourceA, idA, sourceB, idB) => {
      fc.pre(sourceA !== sourceB || idA !== idB);
      fc.pre(!sourceA.includes(" ") && !sourceB.includes(" "));
      assert.notEqual(named(sourceA, idA), named(sourceB, idB));
    }),
  );
});

test("an event that was read can still be refused, by its name", () => {
  const read = readNativeEvent(bodyOf("contact.accepted"), ["im.example.com"]);
  assert.ok(read.ok && read.value.type === "contact.accepted");
  const rejection = rejectEvent(read.value, { reason: "no-request", text: "Nobody asked." });
  assert.deepEqual(rejection, {
    reason: "no-request",
    text: "Nobody asked.",
    id: "evt-10",
    source: "https://chat.example.com",
    type: "contact.accepted",
    user: "nina",
    contact: "alice@example.org",
  });
});
