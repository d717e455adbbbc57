/** A user that is removed takes leave of its contacts, and is nobody afterwards. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { element } from "#core/xmpp/stanza.ts";
import { onEachServer } from "#test/harness/bridge.ts";
import { chat, presence } from "#test/harness/stanzas.ts";
import { bareOf, type XmppUser } from "#test/harness/xmpp.ts";

const nina = "nina@im.localhost";
/** Functions may take a user for known for ten seconds; its contacts are told only then. */
const farewellMs = 20_000;

onEachServer("removal", (scenario) => {
  const emit = (type: string, data: object = {}) =>
    scenario.native.emit({ type, data: { user: "nina", ...data } });
  const seenBy = (client: XmppUser, type: string | undefined, timeoutMs?: number) =>
    client.next(
      ({ name, attrs }) => name === "presence" && attrs["type"] === type && bareOf(attrs["from"]) === nina,
      `presence of type ${type} from nina`,
      timeoutMs,
    );
  const befriend = async (client: XmppUser) => {
    await emit("contact.requested", { contact: client.bare });
    await seenBy(client, "subscribe");
    await client.send(presence({ type: "subscribed", to: nina }));
    await client.send(presence({ type: "subscribe", to: nina }));
    await seenBy(client, "subscribed");
    await seenBy(client, undefined);
  };
  const subscriptionOf = async (client: XmppUser) => {
    const query = element("query", { xmlns: "jabber:iq:roster" });
    const roster = await client.request(element("iq", { type: "get" }, query));
    const items = roster.getChild("query")?.getChildren("item") ?? [];
    return items.find(({ attrs }) => attrs["jid"] === nina)?.attrs["subscription"];
  };

  test("a removed user ends every subscription, is nobody, and may come again as a new one", async () => {
    const clients = [await scenario.login("alice"), await scenario.login("bob")] as const;
    await emit("presence.changed", { show: "online" });
    for (const client of clients) await befriend(client);
    await emit("user.removed");
    for (const client of clients) {
      await seenBy(client, "unavailable", farewellMs);
      await seenBy(client, "unsubscribe");
      await seenBy(client, "unsubscribed");
      assert.equal(await subscriptionOf(client), "none");
    }
    const [alice] = clients;
    await alice.send(chat(nina, "nobody", "Are you there?"));
    const bounced = await alice.next(({ attrs }) => attrs["id"] === "nobody", "bounce");
    assert.equal(bounced.attrs["type"], "error");
    await emit("message.sent", { contact: alice.bare, id: "nobody", body: "I was Nina" });
    assert.equal((await scenario.native.nextOf("event.rejected", "nina")).data["reason"], "unknown-user");
    await emit("user.updated");
    await emit("contact.requested", { contact: alice.bare });
    await seenBy(alice, "subscribe");
  });
});
