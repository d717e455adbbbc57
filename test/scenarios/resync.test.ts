/** What both sides did while the stream was down is known to both soon after it is up again. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { onEachServer } from "#test/harness/bridge.ts";
import { presence } from "#test/harness/stanzas.ts";
import { bareOf, type XmppUser } from "#test/harness/xmpp.ts";

const alice = "alice@localhost";
const bob = "bob@localhost";
const carol = "carol@localhost";
const nina = "nina@im.localhost";
const noah = "noah@im.localhost";
const settleS = 3;

onEachServer(
  "a gap in the stream",
  (scenario) => {
    /** Alice comes and Bob goes while the stream is down; Carol stays. */
    let clients: { bob: XmppUser; carol: XmppUser };
    const emit = (type: string, data: object, user = "nina") =>
      scenario.native.emit({ type, data: { user, ...data } });
    const seenBy = async (client: XmppUser, type?: string) => {
      const stanza = await client.next(
        ({ name, attrs }) => name === "presence" && bareOf(attrs["from"]) === nina && attrs["type"] === type,
        `presence of type ${type} from nina`,
      );
      return stanza.getChildText("status");
    };
    const shownBy = async (contact: string) => {
      const { data } = await scenario.native.next(
        (event) => event.type === "presence.changed" && event.data["contact"] === contact,
        `presence.changed of ${contact}`,
      );
      return data["show"];
    };
    const befriend = async (client: XmppUser) => {
      await emit("contact.requested", { contact: client.bare });
      await seenBy(client, "subscribe");
      await client.send(presence({ type: "subscribed", to: nina }));
      await client.send(presence({ type: "subscribe", to: nina }));
      await seenBy(client, "subscribed");
      await seenBy(client);
      assert.equal(await shownBy(client.bare), "online");
    };
    const bridgeEvent = async (type: string) =>
      (await scenario.native.next((event) => event.type === type, type)).data;

    before(async () => {
      await emit("presence.changed", { show: "online", status: "before" });
      clients = { bob: await scenario.login("bob"), carol: await scenario.login("carol") };
      const first = await scenario.login("alice");
      for (const client of [first, clients.bob, clients.carol]) await befriend(client);
      await first.stop();
      assert.equal(await shownBy(alice), "offline");
      // A request whose answer the gap swallows.
      await emit("contact.requested", { contact: carol }, "noah");
      await clients.carol.next(({ attrs }) => attrs["from"] === noah, "noah's request");
    });

    test("who came, went, stayed and asked is told to both sides after it, by itself", async () => {
      const since = (await bridgeEvent("bridge.connected"))["since"];
      assert.ok(Date.parse(String(since)) <= Date.now());
      const resume = await scenario.bridge.holdConnector();
      const down = await bridgeEvent("bridge.disconnected");
      assert.equal(down["domain"], "im.localhost");
      // The probe of her server finds nobody, and bounces.
      const client = await scenario.login("alice");
      await clients.bob.stop();
      await clients.carol.send(presence({ type: "subscribed", to: noah }));
      await emit("presence.changed", { show: "away", status: "during" });
      scenario.native.inbox.drain();
      clients.carol.inbox.drain();
      await resume();
      const up = await bridgeEvent("bridge.connected");
      assert.ok(String(up["since"]) > String(since));
      assert.equal(await shownBy(alice), "online");
      assert.equal(await seenBy(client), "during");
      assert.equal(await seenBy(clients.carol), "during");
      // Nothing was heard of Bob: that he is gone shows when all had time to answer.
      assert.equal(await shownBy(bob), "offline");
      await scenario.native.emit({ type: "roster.requested", data: { user: "nina" } });
      const { contacts } = (await scenario.native.nextOf("roster.listed", "nina")).data;
      const shows = (contacts as { contact: string; show: string }[]).map((entry) => [
        entry.contact,
        entry.show,
      ]);
      assert.deepEqual(shows.toSorted(), [
        [alice, "online"],
        [bob, "offline"],
        [carol, "online"],
      ]);
      // Carol was there all the time.
      const told = scenario.native.inbox.items.filter(
        ({ data }) => data["contact"] === carol && data["user"] === "nina",
      );
      assert.deepEqual(told, []);
    });

    test("a request whose answer was lost is made again, and answered again", async () => {
      const { data } = await scenario.native.nextOf("contact.accepted", "noah");
      assert.deepEqual([data["contact"], data["subscription"]], [carol, "to"]);
      // Her server may send no presence after this, so it is asked.
      const shown = await scenario.native.nextOf("presence.changed", "noah");
      assert.deepEqual([shown.data["contact"], shown.data["show"]], [carol, "online"]);
    });
  },
  {
    accounts: ["alice", "bob", "carol"].map((name) => ({ name, password: name })),
    resync: { pairsPerS: 250, settleS },
  },
);
