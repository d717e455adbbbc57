/**
 * A contact that the user blocks sees it go and is told nothing else, until the block is lifted (XEP-0191). One
 * instance of each function: what another one remembers of a user holds for ten seconds.
 */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { element } from "#core/xmpp/stanza.ts";
import { onEachServer } from "#test/harness/bridge.ts";
import { chat, iq, presence } from "#test/harness/stanzas.ts";
import { bareOf, type XmppUser } from "#test/harness/xmpp.ts";

const contact = "alice@localhost";
const nina = "nina@im.localhost";

onEachServer(
  "blocking",
  (scenario) => {
    let alice: XmppUser;
    const emit = (type: string, data: object = { contact }) =>
      scenario.native.emit({ type, data: { user: "nina", ...data } });
    const hears = async (type: string) => (await scenario.native.nextOf(type, "nina")).data;
    const seen = (type: string | undefined) =>
      alice.next(
        ({ name, attrs }) => name === "presence" && attrs["type"] === type && bareOf(attrs["from"]) === nina,
        `presence of type ${type} from nina`,
      );

    before(async () => {
      alice = await scenario.login("alice");
      await emit("presence.changed", { show: "online" });
      await emit("contact.requested");
      await seen("subscribe");
      await alice.send(presence({ type: "subscribed", to: nina }));
      await hears("presence.changed");
      await alice.send(presence({ type: "subscribe", to: nina }));
      await seen("subscribed");
      await seen(undefined);
    });

    test("who is blocked sees the user go, and the user sees nothing of it any more", async () => {
      await emit("contact.blocked");
      assert.equal((await seen("unavailable")).attrs["from"], `${nina}/causeway`);
      assert.equal((await hears("presence.changed"))["show"], "offline");
      scenario.native.inbox.drain();
      await alice.send(presence({}, element("show", {}, "dnd")));
      await alice.send(chat(nina, "unheard", "Are you there?"));
      const bounced = await alice.next(({ attrs }) => attrs["id"] === "unheard", "bounce");
      const error = bounced.getChild("error");
      assert.equal(bounced.attrs["type"], "error");
      assert.ok(error?.getChild("service-unavailable"), String(bounced));
      const query = element("query", { xmlns: "http://jabber.org/protocol/disco#info" });
      await assert.rejects(alice.request(iq("get", nina, query)), { condition: "service-unavailable" });
      await emit("presence.changed", { show: "away" });
      // Another contact's message goes all the same way, and later.
      const bob = await scenario.login("bob");
      await bob.send(chat(nina, "heard", "Hello"));
      assert.equal((await hears("message.sent"))["id"], "heard");
      assert.deepEqual(scenario.native.inbox.items, []);
      const shown = alice.inbox.items.filter(({ attrs }) => bareOf(attrs["from"]) === nina);
      assert.deepEqual(shown.map(String), []);
    });

    test("a message to who is blocked is refused", async () => {
      await emit("message.sent", { contact, id: "refused", body: "Hello" });
      assert.equal((await hears("event.rejected"))["reason"], "blocked");
    });

    test("when the block is lifted both see each other as they are now", async () => {
      await emit("contact.unblocked");
      assert.equal((await seen(undefined)).getChildText("show"), "away");
      const { show } = await hears("presence.changed");
      assert.equal(show, "dnd");
      // An instance holds on to a block for ten seconds; a new one has never heard of it.
      await scenario.bridge.crashFunction("message");
      await alice.send(chat(nina, "again", "Here I am"));
      assert.equal((await hears("message.sent"))["id"], "again");
    });
  },
  { concurrency: 1 },
);
