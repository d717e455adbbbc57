/** Subscriptions between native users and XMPP users: asked, accepted, declined and approved from each side. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { befriend, jidOf, makePair, type Pair } from "#test/harness/account-pair.ts";
import { onEachServer } from "#test/harness/bridge.ts";
import type { XmppUser } from "#test/harness/xmpp.ts";

const contact = "alice@localhost";

/** One native user for each test, so that no test knows what another has left. */
const users = [
  "asks",
  "asks-mutually",
  "is-declined",
  "accepts-mutually",
  "accepts",
  "declines",
  "approves-in-advance",
  "is-approved-in-advance",
  "lists",
] as const;
type User = (typeof users)[number];

onEachServer(
  "subscriptions",
  (scenario) => {
    let alice: XmppUser;
    before(async () => {
      alice = await scenario.login("alice");
    });
    const pairTest = (user: User, name: string, play: (pair: Pair) => Promise<void>) =>
      test(name, async () => await play(makePair(scenario, alice, user)));

    pairTest("asks", "the user asks, the contact accepts and is seen", async (pair) => {
      await pair.emit("contact.requested", { note: "It's me & <more>", mutual: false });
      const request = await pair.sees("subscribe");
      assert.equal(request.attrs["from"], jidOf("asks"));
      assert.equal(request.getChildText("status"), "It's me & <more>");
      assert.equal(request.getChildText("nick"), "Asks");
      await pair.says("subscribed");
      assert.deepEqual(await pair.hears("contact.accepted"), { subscription: "to", pending: "none" });
      assert.deepEqual(await pair.hears("presence.changed"), { show: "online", devices: 1 });
      assert.equal(await pair.inRoster(), "from");
    });

    pairTest("asks-mutually", "the user asks, the contact accepts and asks back", async (pair) => {
      await pair.emit("presence.changed", { show: "away", status: "here" });
      await pair.emit("contact.requested");
      await pair.sees("subscribe");
      await pair.says("subscribed");
      assert.deepEqual(await pair.hears("contact.accepted"), { subscription: "to", pending: "none" });
      await pair.says("subscribe");
      const back = await pair.hears("contact.requested");
      assert.deepEqual(back, { preApproved: true, subscription: "both", pending: "none" });
      assert.equal((await pair.sees("subscribed")).attrs["from"], jidOf("asks-mutually"));
      const shown = await pair.sees(undefined);
      assert.equal(shown.attrs["from"], `${jidOf("asks-mutually")}/causeway`);
      assert.deepEqual([shown.getChildText("show"), shown.getChildText("status")], ["away", "here"]);
      assert.equal(await pair.inRoster(), "both");
    });

    pairTest("is-declined", "the user asks and the contact declines", async (pair) => {
      await pair.emit("contact.requested");
      await pair.sees("subscribe");
      await pair.says("unsubscribed");
      assert.deepEqual(await pair.hears("contact.declined"), { subscription: "none", pending: "none" });
    });

    pairTest("accepts-mutually", "the contact asks, the user accepts and asks back", async (pair) => {
      await pair.emit("presence.changed", { show: "dnd" });
      await pair.says("subscribe", "Hello & <hi>", "Ally");
      const request = { note: "Hello & <hi>", subscription: "none", pending: "in" };
      assert.deepEqual(await pair.hears("contact.requested"), request);
      assert.deepEqual(await pair.hears("contact.updated"), { nick: "Ally" });
      await pair.emit("contact.accepted");
      await pair.sees("subscribed");
      assert.equal((await pair.sees(undefined)).getChildText("show"), "dnd");
      await pair.sees("subscribe");
      await pair.says("subscribed");
      assert.deepEqual(await pair.hears("contact.accepted"), { subscription: "both", pending: "none" });
      assert.deepEqual(await pair.hears("presence.changed"), { show: "online", devices: 1 });
      assert.equal(await pair.inRoster(), "both");
    });

    pairTest("accepts", "the contact asks, the user accepts and does not ask back", async (pair) => {
      await pair.says("subscribe");
      await pair.hears("contact.requested");
      await pair.emit("contact.accepted", { mutual: false });
      await pair.sees("subscribed");
      assert.equal(await pair.inRoster(), "to");
      // What was sent for the acceptance would have come before this.
      await pair.emit("message.sent", { id: "later", body: "later" });
      await alice.nextMessage(jidOf("accepts"));
      const asked = alice.inbox.items.filter(({ attrs }) => attrs["from"] === jidOf("accepts"));
      assert.deepEqual(asked, []);
    });

    pairTest("declines", "the contact asks and the user declines", async (pair) => {
      await pair.says("subscribe");
      await pair.hears("contact.requested");
      await pair.emit("contact.declined");
      assert.equal((await pair.sees("unsubscribed")).attrs["from"], jidOf("declines"));
      assert.equal(await pair.inRoster(), "none");
    });

    pairTest(
      "approves-in-advance",
      "a request that the user has approved is granted at once",
      async (pair) => {
        await pair.emit("contact.accepted", { preApprove: true });
        // A message behind it, since a request that comes first would have to wait for an answer.
        await pair.emit("message.sent", { id: "behind", body: "behind" });
        await alice.nextMessage(jidOf("approves-in-advance"));
        await pair.says("subscribe");
        const request = { preApproved: true, subscription: "from", pending: "none" };
        assert.deepEqual(await pair.hears("contact.requested"), request);
        await pair.sees("subscribed");
      },
    );

    if (scenario.server === "prosody") {
      // ejabberd has no such feature (RFC 6121 §3.4).
      const name = "a contact that has approved the user in advance lets it in by itself";
      pairTest("is-approved-in-advance", name, async (pair) => {
        await pair.says("subscribed");
        await pair.emit("contact.requested", { mutual: false });
        const accepted = { subscription: "to", pending: "none" };
        assert.deepEqual(await pair.hears("contact.accepted"), accepted);
        assert.deepEqual(await pair.hears("presence.changed"), { show: "online", devices: 1 });
        assert.equal(await pair.inRoster(), "from");
      });
    }

    pairTest("lists", "the user's contacts are listed with their presence", async (pair) => {
      await befriend(pair);
      await pair.hears("presence.changed");
      await scenario.native.emit({ type: "roster.requested", data: { user: "lists" } });
      const { data } = await scenario.native.nextOf("roster.listed", "lists");
      const listed = { contact, subscription: "both", pending: "none", show: "online" };
      assert.deepEqual(data["contacts"], [listed]);
    });
  },
  { users },
);
