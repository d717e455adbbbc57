/** Native users whatever their ids hold: the servers take their addresses, and replies find back to them. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { localpartOfUser, parseUserId } from "#core/mapping.ts";
import { onEachServer } from "#test/harness/bridge.ts";
import { chat } from "#test/harness/stanzas.ts";
import { bareOf, type XmppUser } from "#test/harness/xmpp.ts";

const users: Record<string, string> = {
  "capital letters": "Nina",
  "an e-mail address": "nina.o'neil+chat@corp.example",
  "what XEP-0106 escapes": `a b"c&d'e/f:g<h>i@j\\k`,
  "what looks like an escape": "\\20\\5c\\u41;",
  "blanks at both ends": " nina ",
  "letters that folding changes": "Straße ſK İı Σς",
  "letters of many scripts": "Ωμέγα Жанна 한글 かな 漢字 שלום नमस्ते",
  "combining marks and composed letters": "e\u0301 é \u1100\u1161",
  emoji: "👩‍👩‍👧‍👦🇹🇼",
  "a number": "42",
};

onEachServer(
  "addresses of users",
  (scenario) => {
    let alice: XmppUser;
    before(async () => {
      alice = await scenario.login("alice");
    });

    for (const [name, user] of Object.entries(users)) {
      test(`a user id with ${name} is written to and answers`, async () => {
        const parsed = parseUserId(user);
        assert.ok(parsed.ok);
        const ghost = `${localpartOfUser(parsed.value)}@im.localhost`;
        const data = { user, contact: alice.bare, id: `to ${name}`, body: name };
        await scenario.native.emit({ type: "message.sent", data });
        const stanza = await alice.nextMessage(ghost);
        assert.equal(bareOf(stanza.attrs["from"]), ghost);
        await alice.send(chat(stanza.attrs["from"] ?? "", `back ${name}`, "answer"));
        const answer = await scenario.native.nextOf("message.sent", user);
        assert.equal(answer.data["id"], `back ${name}`);
      });
    }
  },
  { users: Object.values(users) },
);
