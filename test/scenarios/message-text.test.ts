/** Text messages between an XMPP user and a native user, byte for byte. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { element, ns } from "#core/xmpp/stanza.ts";
import { onEachServer } from "#test/harness/bridge.ts";
import { chat } from "#test/harness/stanzas.ts";
import type { XmppUser } from "#test/harness/xmpp.ts";

const nina = "nina@im.localhost";
const contact = "alice@localhost";

const texts: Record<string, string> = {
  "plain text": "Hello, nina!",
  "emoji outside the basic plane, joined and flagged": "👩‍👩‍👧‍👦 🏴󠁧󠁢󠁳󠁣󠁴󠁿 🇹🇼 ❤️‍🔥 👍🏽 𝔘𝔫𝔦𝔠𝔬𝔡𝔢",
  "combining marks, as written and not composed": "e\u0301 \u00e9 n\u0303 Z\u0351\u036b \u1100\u1161",
  "right-to-left, with marks that turn the direction": "שלום עולם، \u202bمرحبا\u202c \u2067بالعالم\u2069",
  "what looks like XML": `<presence type='unavailable'/> & "quotes" &amp; &#1; </body></message>`,
  "ends of CDATA sections and streams": "]]> <![CDATA[x]]> ]]]]>> </stream:stream> <!-- --> <?xml?>",
  "white space inside and at the ends": "  two\n\nlines\tand a tab \u00a0\u2028 ",
  "what looks like JSON and its escapes": `{"v":1,"items":[]} \\u0041 \\n \\"`,
  "60 KiB of characters of several bytes": "😀é".repeat(10 * 1024),
};

onEachServer("text messages", (scenario) => {
  let alice: XmppUser;
  before(async () => {
    alice = await scenario.login("alice");
  });

  for (const [name, text] of Object.entries(texts)) {
    test(`from the contact to the user: ${name}`, async () => {
      await alice.send(chat(nina, `in ${name}`, text));
      const event = await scenario.native.nextOf("message.sent", "nina");
      assert.equal(event.data["body"], text);
      assert.equal(event.data["id"], `in ${name}`);
      assert.equal(event.data["contact"], contact);
    });

    test(`from the user to the contact: ${name}`, async () => {
      const id = `out ${name}`;
      await scenario.native.emit({ type: "message.sent", data: { user: "nina", contact, id, body: text } });
      const stanza = await alice.nextMessage(nina);
      assert.equal(stanza.getChildText("body"), text);
      assert.equal(stanza.attrs["id"], id);
      assert.equal(stanza.attrs["from"], nina);
      assert.equal(stanza.attrs["type"], "chat");
    });
  }

  test("characters that XML forbids are made safe on their way to the contact", async () => {
    const body = "a\u0000b\u0007c\u000bd\u000ce\u001bf\u007fg\ufffeh\ud800i";
    await scenario.native.emit({ type: "message.sent", data: { user: "nina", contact, id: "unsafe", body } });
    const stanza = await alice.nextMessage(nina);
    assert.equal(stanza.getChildText("body"), "a\ufffdb\ufffdc\nd\ne\ufffdf\u007fg\ufffdh\ufffdi");
    assert.equal(stanza.attrs["id"], "unsafe");
  });

  test("an id of any text is the stanza's id and origin-id, and comes with subject and thread", async () => {
    const data = { id: `ü <'&"> \u05d0/1/x`, subject: "Grüße & <mehr>", thread: "thread <&> 1", body: "b" };
    await scenario.native.emit({ type: "message.sent", data: { user: "nina", contact, ...data } });
    const stanza = await alice.nextMessage(nina);
    assert.equal(stanza.attrs["id"], data.id);
    assert.equal(stanza.getChild("origin-id", ns.originId)?.attrs["id"], data.id);
    assert.equal(stanza.getChildText("subject"), data.subject);
    assert.equal(stanza.getChildText("thread"), data.thread);
    assert.ok(stanza.getChild("request", ns.receipts), "it asks for a receipt");
    assert.ok(stanza.getChild("markable", ns.chatMarkers), "it can be marked as displayed");
  });

  test("id, origin-id, subject and thread of the contact's message are kept", async () => {
    const id = `ü <'&"> \u05d0/1`;
    const headers = [element("subject", {}, "Grüße & <mehr>"), element("thread", {}, "thread <&> 1")];
    const origin = element("origin-id", { xmlns: ns.originId, id: "origin <&>" });
    await alice.send(chat(`${nina}/any-resource`, id, "b", ...headers, origin));
    const { data } = await scenario.native.nextOf("message.sent", "nina");
    const { originId, subject, thread } = data;
    assert.deepEqual(
      { id: data["id"], originId, subject, thread },
      { id, originId: "origin <&>", subject: "Grüße & <mehr>", thread: "thread <&> 1" },
    );
  });

  test("an origin-id that repeats the id is not said twice, and stands in where there is no id", async () => {
    const origin = () => element("origin-id", { xmlns: ns.originId, id: "o1" });
    await alice.send(chat(nina, "o1", "with both", origin()));
    const both = await scenario.native.nextOf("message.sent", "nina");
    assert.equal(both.data["id"], "o1");
    assert.equal("originId" in both.data, false);
    await alice.send(chat(nina, undefined, "with one", origin()));
    const one = await scenario.native.nextOf("message.sent", "nina");
    assert.equal(one.data["body"], "with one");
    assert.equal(one.data["id"], "o1");
  });

  test("messages of one user to two contacts and back stay with their pairs", async () => {
    const bob = await scenario.login("bob");
    for (const to of [contact, bob.bare]) {
      const data = { user: "noah", contact: to, id: `to ${to}`, body: `for ${to}` };
      await scenario.native.emit({ type: "message.sent", data });
    }
    for (const user of [alice, bob]) {
      const stanza = await user.nextMessage("noah@im.localhost");
      assert.equal(stanza.getChildText("body"), `for ${user.bare}`);
      await user.send(chat("noah@im.localhost", "back", `from ${user.bare}`));
      const { data } = await scenario.native.nextOf("message.sent", "noah");
      assert.deepEqual([data["contact"], data["body"]], [user.bare, `from ${user.bare}`]);
    }
  });
});
