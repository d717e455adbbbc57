import assert from "node:assert/strict";
import { test } from "node:test";
import { readNativeEvent } from "#core/contract/read-native-event.ts";
import { limits } from "#core/limits.ts";
import { nativeExample } from "#local/docs/examples.ts";
import { bodyOf, domains, refusal, refusalOf } from "./events.ts";

function accepted(body: string) {
  const read = readNativeEvent(body, domains);
  assert.ok(read.ok, read.ok ? "" : read.error.text);
  return read.value;
}

test("a body that is no JSON is refused and goes to the dead letters", () => {
  for (const body of ["", "hello", "{", "<message/>", '{"a":1}x']) {
    const { reason, notJsonObject, expected } = refusal(body);
    assert.deepEqual(
      { reason, notJsonObject, expected },
      { reason: "not-json", notJsonObject: true, expected: "a CloudEvent as a JSON object" },
    );
  }
});

test("JSON that is no object is no CloudEvent and goes to the dead letters", () => {
  for (const body of ["[]", "null", "1", '"text"', "true"]) {
    const { reason, notJsonObject } = refusal(body);
    assert.deepEqual({ reason, notJsonObject }, { reason: "not-cloudevent", notJsonObject: true });
  }
});

test("each required attribute of a CloudEvent is demanded, by its path", () => {
  for (const attribute of ["specversion", "id", "source", "type", "time"]) {
    const missing = refusalOf("message.sent", {}, { [attribute]: undefined });
    assert.equal(missing.reason, "not-cloudevent");
    assert.equal(missing.path, `/${attribute}`);
    assert.equal(missing.text, `The field /${attribute} is missing.`);
    assert.equal(missing.notJsonObject, undefined);
    const wrong = refusalOf("message.sent", {}, { [attribute]: 7 });
    assert.equal(wrong.reason, "not-cloudevent");
    assert.equal(wrong.path, `/${attribute}`);
    assert.ok(wrong.expected);
  }
});

test("another version of CloudEvents is refused", () => {
  const { reason, path, expected } = refusalOf("message.sent", {}, { specversion: "0.3" });
  assert.deepEqual(
    { reason, path, expected },
    { reason: "not-cloudevent", path: "/specversion", expected: '"1.0"' },
  );
});

test("a source must be a URI without spaces", () => {
  const { reason, path } = refusalOf("message.sent", {}, { source: "my chat" });
  assert.deepEqual({ reason, path }, { reason: "not-cloudevent", path: "/source" });
});

test("time must be RFC 3339 with its offset", () => {
  const wrong = [
    "yesterday",
    "2026-11-02",
    "2026-11-02T09:30:00",
    "2026-11-02 09:30:00Z",
    "2026-02-30T09:30:00Z",
    "2026-13-01T09:30:00Z",
    "2026-11-02T24:00:00Z",
    "2026-11-02T09:30:00+0100",
    "1762075800",
  ];
  for (const time of wrong) {
    const { reason, path, expected } = refusalOf("message.sent", {}, { time });
    assert.deepEqual({ time, reason, path }, { time, reason: "not-cloudevent", path: "/time" });
    assert.match(expected ?? "", /RFC 3339/);
  }
});

test("time is spelled so that every date parser takes it", () => {
  const spelled = {
    "2026-11-02T09:30:00Z": "2026-11-02T09:30:00Z",
    "2026-11-02T09:30:00.123456+05:30": "2026-11-02T09:30:00.123456+05:30",
    "2026-11-02t09:30:00z": "2026-11-02T09:30:00Z",
    "2016-12-31T23:59:60Z": "2016-12-31T23:59:59Z",
    "2024-02-29T00:00:00-00:00": "2024-02-29T00:00:00-00:00",
  };
  for (const [time, expected] of Object.entries(spelled)) {
    const event = accepted(bodyOf("message.sent", {}, { time }));
    assert.equal(event.time, expected);
    assert.ok(!Number.isNaN(Date.parse(event.time)));
  }
});

test("a type that is not in the contract is refused with the types that are", () => {
  for (const type of [
    "message.failed",
    "bridge.connected",
    "constructor",
    "__proto__",
    "internal.probed",
    "x",
  ]) {
    const { reason, path, expected } = refusalOf("message.sent", {}, { type });
    assert.deepEqual({ type, reason, path }, { type, reason: "unknown-type", path: "/type" });
    assert.match(expected ?? "", /^one of message\.sent, /);
  }
});

test("an event of ours is read when it comes from ourselves", () => {
  const probe = { domain: "im.example.net", user: "nina", contact: "alice@example.org", id: "p1" };
  const event = accepted(
    bodyOf("contact.declined", probe, { type: "internal.probed", source: "causeway:im.example.net" }),
  );
  assert.equal(event.type, "internal.probed");
  assert.deepEqual(event.data, probe);
});

test("data that is missing or no object is refused", () => {
  for (const data of [undefined, null, "text", [1]]) {
    const body = JSON.stringify({ ...nativeExample("message.sent"), data });
    const { reason, path, expected } = refusal(body);
    assert.deepEqual({ reason, path, expected }, { reason: "invalid", path: "/data", expected: "an object" });
  }
});

test("data of another media type than JSON is refused", () => {
  const { reason, path, expected } = refusalOf("message.sent", {}, { datacontenttype: "text/xml" });
  assert.deepEqual(
    { reason, path, expected },
    { reason: "invalid", path: "/datacontenttype", expected: "application/json" },
  );
  accepted(bodyOf("message.sent", {}, { datacontenttype: "application/json; charset=utf-8" }));
});

test("a contact that is no bare JID is refused as such", () => {
  for (const contact of [
    "",
    "@",
    "alice@",
    "alice@exa mple.org",
    "alice@example.org/phone",
    "a\u0000@b",
    7,
  ]) {
    for (const type of ["message.sent", "presence.changed"] as const) {
      const { reason, path, expected } = refusalOf(type, { contact });
      assert.deepEqual(
        { reason, path, expected: contact === 7 ? "text" : expected },
        {
          reason: "invalid-contact",
          path: "/data/contact",
          expected: contact === 7 ? "text" : "a bare JID, like alice@example.com",
        },
      );
    }
  }
});

test("a contact on any domain of ours is refused, however it is spelled", () => {
  for (const contact of ["noah@im.example.com", "noah@IM.Example.NET", "im.example.com"]) {
    for (const type of ["message.sent", "presence.changed"] as const) {
      const { reason, path } = refusalOf(type, { contact });
      assert.deepEqual({ reason, path }, { reason: "own-domain", path: "/data/contact" });
    }
  }
});

test("an event over the limit is refused, and still named", () => {
  const small = bodyOf("message.sent", { body: "" });
  const room = limits.eventBytesMax - small.length;
  accepted(bodyOf("message.sent", { body: "x".repeat(room) }));
  const { reason, expected, id, user } = refusalOf("message.sent", { body: "x".repeat(room + 1) });
  assert.deepEqual(
    { reason, expected, id, user },
    { reason: "too-large", expected: "at most 262144 bytes of JSON", id: "evt-1", user: "nina" },
  );
  assert.equal(refusalOf("message.sent", { body: "€".repeat(limits.eventBytesMax / 3) }).reason, "too-large");
});

test("a refusal names the event as far as it could be read", () => {
  const body = JSON.stringify({
    id: "e1",
    source: 5,
    type: "nonsense",
    data: { user: "nina", contact: "alice" },
  });
  const { id, source, type, user, contact } = refusal(body);
  assert.deepEqual(
    { id, source, type, user, contact },
    { id: "e1", source: undefined, type: "nonsense", user: "nina", contact: "alice" },
  );
});

test("a refusal repeats neither huge nor forbidden text as an identity", () => {
  const rejection = refusalOf("message.sent", { user: "ni\u0000na" }, { id: "x".repeat(100_000) });
  assert.ok(!("user" in rejection));
  assert.ok(!("id" in rejection));
  assert.equal(rejection.source, "https://chat.example.com");
});

test("a refusal holds no text of the message", () => {
  const rejection = refusalOf("message.sent", { body: "a secret", style: "a secret", hints: ["a secret"] });
  assert.ok(!JSON.stringify(rejection).includes("secret"));
});

test("unknown extra fields are ignored", () => {
  const event = accepted(bodyOf("message.displayed", { extra: { deep: [1] } }, { extension: "x" }));
  assert.deepEqual(Object.keys(event.data).sort(), ["contact", "domain", "id", "user"]);
});

test("the first domain is meant where none is named, and a named one is prepared", () => {
  assert.equal(accepted(bodyOf("user.removed")).data.domain, "im.example.com");
  assert.equal(accepted(bodyOf("user.removed", { domain: "IM.example.net" })).data.domain, "im.example.net");
});

test("contacts and localparts come prepared", () => {
  const sent = accepted(bodyOf("message.sent", { contact: "Alice@EXAMPLE.org" }));
  assert.ok(sent.type === "message.sent");
  assert.equal(sent.data.contact, "alice@example.org");
  const updated = accepted(bodyOf("user.updated", { localpart: "Nina.Berg" }));
  assert.ok(updated.type === "user.updated");
  assert.equal(updated.data.localpart, "nina.berg");
});

test("text that XML forbids is made safe in bodies and statuses", () => {
  const sent = accepted(bodyOf("message.sent", { body: "a\u000bb\fc\u0000d\ud800e\tf\ng😀" }));
  assert.ok(sent.type === "message.sent");
  assert.equal(sent.data.body, "a\nb\nc\ufffdd\ufffde\tf\ng😀");
  const presence = accepted(bodyOf("presence.changed", { status: "\u0001away" }));
  assert.ok(presence.type === "presence.changed");
  assert.equal(presence.data.status, "\ufffdaway");
});

test("a body may be absent where there are attachments", () => {
  const sent = accepted(bodyOf("message.sent", { body: undefined }));
  assert.ok(sent.type === "message.sent");
  assert.equal(sent.data.body, undefined);
});

test("an id of the contact's may end in a slash and digits", () => {
  for (const type of ["message.delivered", "message.displayed", "message.reacted"] as const) {
    accepted(bodyOf(type, { id: "a/1" }));
  }
});

test("defaults are filled in", () => {
  const requested = accepted(bodyOf("contact.requested"));
  assert.ok(requested.type === "contact.requested" && requested.data.mutual === true);
  const acceptedOne = accepted(bodyOf("contact.accepted"));
  assert.ok(acceptedOne.type === "contact.accepted" && acceptedOne.data.mutual === true);
  const removed = accepted(bodyOf("contact.removed", { direction: undefined }));
  assert.ok(removed.type === "contact.removed" && removed.data.direction === "both");
});

test("a trace context is kept when it is one, and never refuses an event", () => {
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  assert.equal(accepted(bodyOf("user.removed", {}, { traceparent })).traceparent, traceparent);
  assert.ok(!("traceparent" in accepted(bodyOf("user.removed", {}, { traceparent: "nonsense" }))));
});
