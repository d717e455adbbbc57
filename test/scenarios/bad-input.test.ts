/** Whatever is put on `native-events` gets a clear answer, and what comes behind it goes through. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { before, test } from "node:test";
import { asciiJson } from "#core/contract/envelope.ts";
import { limits } from "#core/limits.ts";
import { hasForbiddenCharacters } from "#core/xmpp/codec.ts";
import { onEachServer } from "#test/harness/bridge.ts";
import { eventOf } from "#test/harness/native.ts";
import type { XmppUser } from "#test/harness/xmpp.ts";

const contact = "alice@localhost";
const nina = "nina@im.localhost";

/** A good message of nina's, with parts of it replaced; `undefined` leaves one out. */
function message(data: object, rest: object = {}): string {
  const good = { user: "nina", contact, id: randomUUID(), body: "Hello" };
  const whole = { ...eventOf({ type: "message.sent", data: { ...good, ...data } }), ...rest };
  return asciiJson(whole);
}
const event = (type: string, data: object) => message({}, { type, data });

interface Refusal {
  readonly reason: string;
  readonly path?: string;
  readonly expected?: string | RegExp;
}
const invalid = (path: string, expected?: string | RegExp): Refusal => ({
  reason: "invalid",
  path,
  ...(expected !== undefined && { expected }),
});
const plain = "text without control characters or lone surrogates";

const refusals: Record<string, readonly [body: string, refusal: Refusal]> = {
  "an object that is no CloudEvent": [
    '{"hello":"world"}',
    { reason: "not-cloudevent", path: "/specversion" },
  ],
  "another version of CloudEvents": [
    message({}, { specversion: "0.3" }),
    { reason: "not-cloudevent", path: "/specversion", expected: /1\.0/ },
  ],
  "no event id": [
    message({}, { id: undefined }),
    { reason: "not-cloudevent", path: "/id", expected: "text" },
  ],
  "an event id with a control character": [
    message({}, { id: "a\u0001b" }),
    { reason: "not-cloudevent", path: "/id", expected: plain },
  ],
  "no time": [message({}, { time: undefined }), { reason: "not-cloudevent", path: "/time" }],
  "a time that is none": [
    message({}, { time: "yesterday" }),
    { reason: "not-cloudevent", path: "/time", expected: /RFC 3339/ },
  ],
  "data that is a list": [message({}, { data: [] }), invalid("/data", "an object")],
  "an unknown type": [
    event("message.sung", { user: "nina" }),
    { reason: "unknown-type", path: "/type", expected: /message\.sent/ },
  ],
  "a field that nothing carries across yet": [
    event("user.updated", { user: "nina", vcard: { title: "Engineer" } }),
    { reason: "unsupported", path: "/data/vcard" },
  ],
  "no user": [message({ user: undefined }), invalid("/data/user", "text")],
  "no contact": [message({ contact: undefined }), invalid("/data/contact", /bare JID|text/)],
  "no message id": [message({ id: undefined }), invalid("/data/id", "text")],
  "no body and no attachments": [message({ body: undefined }), invalid("/data/body", /attachments/)],
  "a body that is a number": [message({ body: 42 }), invalid("/data/body", "text")],
  "an empty body": [message({ body: "" }), invalid("/data/body", "text that is not empty")],
  "an unknown show": [
    event("presence.changed", { user: "nina", show: "busy" }),
    invalid("/data/show", "one of online, chat, away, xa, dnd, offline"),
  ],
  "an event in a group that is not its user's": [
    message({ user: "noah" }),
    { reason: "wrong-group", expected: /^noah$/ },
  ],
  "an unknown user": [message({ user: "nobody" }), { reason: "unknown-user", path: "/data/user" }],
  "a contact that is no JID": [
    message({ contact: "alice@@localhost" }),
    { reason: "invalid-contact", path: "/data/contact", expected: /bare JID/ },
  ],
  "a contact with a resource": [
    message({ contact: `${contact}/phone` }),
    { reason: "invalid-contact", path: "/data/contact", expected: /bare JID/ },
  ],
  "a contact with a control character": [
    message({ contact: "al\u0000ice@localhost" }),
    { reason: "invalid-contact", path: "/data/contact" },
  ],
  "a contact of our own domain": [
    message({ contact: "noah@im.localhost" }),
    { reason: "own-domain", path: "/data/contact" },
  ],
  "a domain that is not served": [
    message({ domain: "other.example" }),
    invalid("/data/domain", /im\.localhost/),
  ],
  "a control character in the message id": [message({ id: "a\u0007b" }), invalid("/data/id", plain)],
  "half a character in the message id": [message({ id: "a\ud83d" }), invalid("/data/id", plain)],
  "a message id that names an attachment": [message({ id: "a/1" }), invalid("/data/id", /slash/)],
  "a message id that is too long": [
    message({ id: "x".repeat(limits.idCharsMax + 1) }),
    invalid("/data/id", `at most ${limits.idCharsMax} characters`),
  ],
  "a control character in the thread": [message({ thread: "a\u001b" }), invalid("/data/thread", plain)],
  "a control character in the user": [message({ user: "ni\u0000na" }), invalid("/data/user")],
  "a body over the limit": [
    message({ body: "x".repeat(limits.eventBytesMax) }),
    { reason: "too-large", expected: /262144 bytes/ },
  ],
  "a body that no XMPP server would take once it is escaped": [
    message({ body: "<".repeat(150 * 1024) }),
    { reason: "too-large", path: "/data/body", expected: /stanza/ },
  ],
  "an acceptance that nobody has asked for": [
    event("contact.accepted", { user: "nina", contact }),
    { reason: "no-request" },
  ],
};

/** A rejection names the event as far as that can be said in XML, else the queue's message. */
function assertNames(data: Record<string, unknown>, event: ReturnType<typeof eventOf>): void {
  const { id, source, type } = event;
  const { user, contact } = event.data ?? {};
  for (const [name, value] of Object.entries({ id, source, type, user, contact })) {
    const isNamed = typeof value === "string" && !hasForbiddenCharacters(value);
    assert.equal(data[name], isNamed ? value : undefined, name);
  }
  const isIdentified = data["id"] !== undefined && data["source"] !== undefined;
  assert.equal(typeof data["messageId"], isIdentified ? "undefined" : "string", "messageId");
}

/** These also go to the dead letters: their sender cannot be told apart. */
const noObjects: Record<string, readonly [body: string, reason: string]> = {
  "no JSON": ['{"specversion": "1.0", ', "not-json"],
  "no text to speak of": [" ", "not-json"],
  XML: ["<message/>", "not-json"],
  "a JSON list": ["[]", "not-cloudevent"],
  "JSON null": ["null", "not-cloudevent"],
};

onEachServer("bad input on native-events", (scenario) => {
  let alice: XmppUser;
  before(async () => {
    alice = await scenario.login("alice");
  });

  /** Emits a body with good messages around it, in its own group and another, and takes the rejection. */
  async function refused(body: string): Promise<Record<string, unknown>> {
    const id = randomUUID();
    await scenario.native.emitBatch([
      { body: message({ id: `before ${id}` }), group: "nina" },
      // What names somebody else goes in that user's group, as the contract wants it.
      { body, group: body.includes('"user":"nobody"') ? "nobody" : "nina" },
      { body: message({ id: `behind ${id}` }), group: "nina" },
      { body: message({ id: `beside ${id}`, user: "noah" }), group: "noah" },
    ]);
    const rejected = await scenario.native.next(({ type }) => type === "event.rejected", "event.rejected");
    assert.equal((await alice.nextMessage(nina)).attrs["id"], `before ${id}`);
    assert.equal((await alice.nextMessage(nina)).attrs["id"], `behind ${id}`);
    assert.equal((await alice.nextMessage("noah@im.localhost")).attrs["id"], `beside ${id}`);
    return rejected.data;
  }

  for (const [name, [body, { reason, path, expected }]] of Object.entries(refusals)) {
    test(`${name}: ${reason}, and the next one goes through`, async () => {
      const data = await refused(body);
      assert.equal(data["reason"], reason);
      assert.equal(data["path"], path);
      if (expected instanceof RegExp) assert.match(String(data["expected"]), expected);
      else if (expected !== undefined) assert.equal(data["expected"], expected);
      assert.match(String(data["text"]), /\w+ \w+/);
      assertNames(data, JSON.parse(body));
    });
  }

  for (const [name, [body, reason]] of Object.entries(noObjects)) {
    test(`${name}: ${reason} and a dead letter, and the next one goes through`, async () => {
      const data = await refused(body);
      assert.equal(data["reason"], reason);
      const letters = scenario.operator.deadLetters("nativeEvents");
      const letter = await letters.next(({ cause }) => cause === data["messageId"], "dead letter");
      assert.equal(letter.reason, reason);
      assert.equal(letter.body, body);
    });
  }

  test("what is an object makes no dead letters", async () => {
    await refused(Object.values(refusals)[0]?.[0] ?? "");
    await refused("[1]");
    const letters = scenario.operator.deadLetters("nativeEvents");
    await letters.next(({ body }) => body === "[1]", "dead letter of the list");
    assert.deepEqual(letters.items, []);
  });
});
