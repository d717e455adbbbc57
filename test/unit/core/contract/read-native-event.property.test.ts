import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { asciiJson } from "#core/contract/envelope.ts";
import { type NativeEventType, nativeEventTypes } from "#core/contract/events.ts";
import { readNativeEvent } from "#core/contract/read-native-event.ts";
import { rejectReasons } from "#core/contract/rejection.ts";
import { nativeExample } from "#local/docs/examples.ts";
import { domains } from "./events.ts";

/** Text that XML can carry, with what tends to break: emoji, marks, right-to-left, markup. */
const text = fc
  .string({
    unit: fc.oneof(
      fc.constantFrom(..."<&>\"'\t\n😀é\u0301שع]]>"),
      fc.string({ unit: "grapheme", minLength: 1, maxLength: 1 }),
    ),
    minLength: 1,
    maxLength: 60,
  })
  .filter(
    (sample) => sample.isWellFormed() && !/[^\t\n\r -\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u.test(sample),
  );
const id = fc
  .string({ unit: "binary", minLength: 1, maxLength: 40 })
  .filter((sample) => !/[\p{Cc}\p{Cs}\ufffe\uffff]|\/[0-9]+$/u.test(sample));
const user = fc.oneof(
  fc.constantFrom("nina", "Noah B.", "名前", "a@b"),
  id.filter((sample) => sample.length < 20),
);
const contact = fc.constantFrom("alice@example.org", "bob@bücher.example", "example.org");
const url = fc.webUrl();
const optional = { requiredKeys: [] };
const pair = { user, contact, domain: fc.constantFrom(...domains) };
const alone = { user, domain: fc.constantFrom(...domains) };
const time = fc
  .date({ min: new Date(0), max: new Date("9999-12-31T23:59:59Z"), noInvalidDate: true })
  .map((date) => date.toISOString());

const content = {
  subject: text,
  thread: id,
  replyTo: fc.record(
    { id, originId: id, author: fc.constantFrom("user", "contact"), quote: text },
    { requiredKeys: ["id", "author"] },
  ),
  attachments: fc.array(
    fc.record(
      { url, name: text, mediaType: fc.constant("image/png"), size: fc.nat(), width: fc.nat() },
      { requiredKeys: ["url"] },
    ),
    { minLength: 1, maxLength: 5 },
  ),
  style: fc.constantFrom("plain", "xep0393"),
  hints: fc.uniqueArray(fc.constantFrom("store", "no-store", "no-copy")),
};

/** Data that is valid and prepared already, so that reading must not change it. */
const dataOf: Record<NativeEventType, fc.Arbitrary<Record<string, unknown>>> = {
  "message.sent": fc.record(
    { ...pair, id, body: text, ...content },
    { requiredKeys: ["user", "contact", "domain", "id", "body"] },
  ),
  "message.edited": fc.record(
    { ...pair, id, replaces: id, body: text, ...content },
    { requiredKeys: ["user", "contact", "domain", "id", "replaces", "body"] },
  ),
  "message.retracted": fc.record({ ...pair, id, parts: fc.nat({ max: 32 }) }),
  "message.reacted": fc.record({
    ...pair,
    id,
    part: fc.nat().map((part) => part + 1),
    emojis: fc.uniqueArray(fc.constantFrom("👍", "❤️", "🎉", "👩‍👩‍👧‍👦")),
  }),
  "message.delivered": fc.record({ ...pair, id }),
  "message.displayed": fc.record({ ...pair, id }),
  "typing.changed": fc.record({ ...pair, state: fc.constantFrom("active", "composing", "paused", "gone") }),
  "presence.changed": fc.record(
    { ...pair, show: fc.constantFrom("online", "away", "offline"), status: text, idleSince: time },
    { requiredKeys: ["user", "domain", "show", "status", "idleSince"] },
  ),
  "contact.requested": fc.record({ ...pair, note: text, mutual: fc.boolean() }),
  "contact.accepted": fc.record({ ...pair, mutual: fc.boolean(), preApprove: fc.boolean() }),
  "contact.declined": fc.record(pair),
  "contact.removed": fc.record({ ...pair, direction: fc.constantFrom("to", "from", "both") }),
  "contact.blocked": fc.record(pair),
  "contact.unblocked": fc.record(pair),
  "roster.requested": fc.record({ ...alone, cursor: id }),
  "user.updated": fc.record({
    ...alone,
    name: text,
    nick: text,
    localpart: fc.constantFrom("nina.berg", "名前"),
    vcard: fc.record({ fullName: text, url }, optional),
  }),
  "user.removed": fc.record(alone),
};

for (const type of nativeEventTypes) {
  test(`every valid ${type} is read as it was sent`, () => {
    fc.assert(
      fc.property(dataOf[type], time, (data, at) => {
        const read = readNativeEvent(asciiJson({ ...nativeExample(type), time: at, data }), domains);
        assert.ok(read.ok, read.ok ? "" : read.error.text);
        assert.deepEqual(read.value.data, JSON.parse(JSON.stringify(data)));
        assert.equal(read.value.time, at);
      }),
      { numRuns: 50 },
    );
  });
}

/** What a refusal must be, whatever it refuses. */
function assertSound(body: string): void {
  const read = readNativeEvent(body, domains);
  if (read.ok) return;
  assert.ok(rejectReasons.includes(read.error.reason));
  assert.ok(read.error.text.length > 0);
  assert.ok(asciiJson(read.error).length < 100_000);
}

test("no text makes the reader throw", () => {
  fc.assert(fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.json()), assertSound));
});

test("no JSON in place of any field makes the reader throw", () => {
  const damage = fc.record({
    type: fc.constantFrom(...nativeEventTypes),
    part: fc.constantFrom("attribute", "data"),
    key: fc.oneof(fc.string(), fc.nat().map(String)),
    which: fc.nat(),
    value: fc.jsonValue(),
  });
  fc.assert(
    fc.property(damage, ({ type, part, key, which, value }) => {
      const example = nativeExample(type);
      const target: Record<string, unknown> = part === "data" ? { ...example.data } : { ...example };
      const keys = [...Object.keys(target), key];
      target[keys[which % keys.length] ?? key] = value;
      assertSound(JSON.stringify(part === "data" ? { ...example, data: target } : target));
    }),
    { numRuns: 500 },
  );
});

test("deep nesting does not make the reader throw", () => {
  assertSound(`${"[".repeat(100_000)}${"]".repeat(100_000)}`);
  assertSound(`${'{"data":'.repeat(20_000)}1${"}".repeat(20_000)}`);
});
