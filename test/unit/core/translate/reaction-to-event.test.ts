import assert from "node:assert/strict";
import { test } from "node:test";
import { limits } from "#core/limits.ts";
import { idAbout, idOfPart } from "#core/stanza-id.ts";
import { deliveriesOf, eventOf, received, refusalOf } from "./support.ts";

const reactions = (id: string, ...emojis: string[]) => {
  const all = emojis.map((emoji) => `<reaction>${emoji}</reaction>`).join("");
  return `<reactions xmlns="urn:xmpp:reactions:0" id="${id}">${all}</reactions><store xmlns="urn:xmpp:hints"/>`;
};
const refused = (children: string, restrictions: { allowed?: string[]; max: number }) =>
  refusalOf(received('type="chat" id="m1"', children, { reactions: restrictions }));

test("reactions are the whole set, each once, and an empty set takes them back", () => {
  assert.deepEqual(eventOf(reactions("n1", "👍", " ❤️ ", "👍")), [
    "message.reacted",
    { id: "n1", emojis: ["👍", "❤️"] },
  ]);
  assert.deepEqual(eventOf(reactions("n1")), ["message.reacted", { id: "n1", emojis: [] }]);
});

test("they are about the user's message or attachment, or about one of the contact's own", () => {
  assert.deepEqual(eventOf(reactions(idOfPart("n1", 2), "👍"))[1], { id: "n1", part: 2, emojis: ["👍"] });
  assert.deepEqual(eventOf(reactions(idAbout("n1", "e1"), "👍"))[1], { id: "n1", emojis: ["👍"] });
  const own = "x".repeat(3000);
  assert.deepEqual(eventOf(reactions(own, "👍"))[1], { id: own, emojis: ["👍"] });
});

test("a text for others beside them is no message", () => {
  const fallback = '<body>👍</body><fallback xmlns="urn:xmpp:fallback:0" for="urn:xmpp:reactions:0"/>';
  assert.equal(eventOf(reactions("n1", "👍") + fallback)[0], "message.reacted");
  assert.equal(eventOf(`<body>👍</body>${reactions("n1", "👍")}`)[0], "message.reacted");
});

test("what is no emoji is ignored, but never taken for having none left", () => {
  const tooLong = "x".repeat(limits.emojiCharsMax + 1);
  assert.deepEqual(eventOf(reactions("n1", "", tooLong, "a\nb", "👍"))[1]["emojis"], ["👍"]);
  const [condition] = refusalOf(received('type="chat" id="m1"', reactions("n1", tooLong)));
  assert.equal(condition, "not-acceptable");
});

test("what is not allowed, or too many, comes back with the rules and changes nothing", () => {
  const hearts = { allowed: ["❤️", "💜"], max: 1 };
  const [condition, text] = refused(reactions("n1", "👍"), hearts);
  assert.equal(condition, "not-acceptable");
  assert.match(text, /at most 1 .*❤️ 💜/);
  assert.equal(refused(reactions("n1", "❤️", "💜"), hearts)[0], "not-acceptable");
  assert.equal(refused(reactions("n1", "👍", "😀"), { max: 1 })[0], "not-acceptable");
  // Some clients leave out that the emoji is to be shown in colour.
  assert.deepEqual(eventOf(reactions("n1", "\u2764"), { reactions: hearts })[1]["emojis"], ["❤️"]);
});

test("a native system without reactions reads the emojis, and nothing when they are taken back", () => {
  const without = { reactions: false } as const;
  assert.deepEqual(eventOf(reactions("n1", "👍", "❤️"), without), [
    "message.sent",
    { id: "m1", body: "👍 ❤️" },
  ]);
  assert.deepEqual(received('type="chat" id="m1"', reactions("n1"), without), []);
});

test("reactions to nothing are nothing", () => {
  const nameless = '<reactions xmlns="urn:xmpp:reactions:0"><reaction>👍</reaction></reactions>';
  assert.deepEqual(received('type="chat" id="m1"', nameless), []);
  assert.deepEqual(deliveriesOf(received('type="headline" id="m1"', reactions("n1", "👍"))), []);
});
