/** Subscriptions and requests that one side ends: in each direction, from each side. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { element } from "#core/xmpp/stanza.ts";
import { befriend, jidOf, makePair, type Pair } from "#test/harness/account-pair.ts";
import { onEachServer } from "#test/harness/bridge.ts";
import { presence } from "#test/harness/stanzas.ts";
import { bareOf, type XmppUser } from "#test/harness/xmpp.ts";

/** One native user for each test, so that no test knows what another has left. */
const users = [
  "is-asked-in-vain",
  "asks-in-vain",
  "removes",
  "looks-away",
  "hides",
  "is-removed",
  "is-shut-out",
  "is-deleted",
] as const;
type User = (typeof users)[number];

onEachServer(
  "ends of subscriptions",
  (scenario) => {
    let alice: XmppUser;
    before(async () => {
      alice = await scenario.login("alice");
    });
    const pairTest = (user: User, name: string, play: (pair: Pair) => Promise<void>) =>
      test(name, async () => await play(makePair(scenario, alice, user)));

    pairTest("is-asked-in-vain", "the contact asks and takes it back", async (pair) => {
      await pair.says("subscribe");
      await pair.hears("contact.requested");
      await pair.says("unsubscribe");
      const removed = { direction: "from", subscription: "none", pending: "none" };
      assert.deepEqual(await pair.hears("contact.removed"), removed);
    });

    pairTest("asks-in-vain", "the user asks and takes it back", async (pair) => {
      await pair.emit("contact.requested", { mutual: false });
      await pair.sees("subscribe");
      await pair.emit("contact.removed", { direction: "to" });
      await pair.emit("message.sent", { id: "behind", body: "behind" });
      await alice.nextMessage(jidOf("asks-in-vain"));
      // ejabberd keeps it to itself.
      if (scenario.server === "prosody") await pair.sees("unsubscribe");
      // It is too late for an answer, which is nobody's news.
      await pair.says("subscribed");
      await pair.says("subscribe");
      const asked = { subscription: "none", pending: "in" };
      assert.deepEqual(await pair.hears("contact.requested"), asked);
      const heard = scenario.native.inbox.items.filter(({ data }) => data["user"] === "asks-in-vain");
      assert.deepEqual(heard, []);
    });

    pairTest("removes", "the user ends both subscriptions and goes out of sight", async (pair) => {
      await befriend(pair);
      await pair.emit("contact.removed");
      const goodbye = await pair.sees("unavailable");
      assert.equal(goodbye.attrs["from"], `${jidOf("removes")}/causeway`);
      await pair.sees("unsubscribe");
      await pair.sees("unsubscribed");
      assert.equal(await pair.inRoster(), "none");
    });

    pairTest("looks-away", "the user no longer sees the contact, which still sees the user", async (pair) => {
      await befriend(pair);
      await pair.emit("contact.removed", { direction: "to" });
      assert.equal((await pair.sees("unsubscribe")).attrs["from"], jidOf("looks-away"));
      assert.equal(await pair.inRoster(), "to");
      await pair.emit("presence.changed", { show: "dnd" });
      assert.equal((await pair.sees(undefined)).getChildText("show"), "dnd");
    });

    pairTest("hides", "the contact no longer sees the user, which still sees the contact", async (pair) => {
      await befriend(pair);
      await pair.hears("presence.changed");
      await pair.emit("contact.removed", { direction: "from" });
      assert.equal((await pair.sees("unavailable")).attrs["from"], `${jidOf("hides")}/causeway`);
      await pair.sees("unsubscribed");
      assert.equal(await pair.inRoster(), "from");
      await pair.emit("presence.changed", { show: "dnd" });
      // Of the same user, so behind whatever the presence has made.
      await pair.emit("message.sent", { id: "later", body: "later" });
      await alice.nextMessage(jidOf("hides"));
      const shown = alice.inbox.items.filter(
        ({ name, attrs }) => name === "presence" && bareOf(attrs["from"]) === jidOf("hides"),
      );
      assert.deepEqual(shown.map(String), []);
      await alice.send(presence({}, element("show", {}, "xa")));
      assert.equal((await pair.hears("presence.changed"))["show"], "xa");
      await alice.send(presence());
    });

    pairTest("is-removed", "the contact ends both subscriptions, one after the other", async (pair) => {
      await befriend(pair);
      await pair.says("unsubscribe");
      const from = { direction: "from", subscription: "to", pending: "none" };
      assert.deepEqual(await pair.hears("contact.removed"), from);
      await pair.sees("unavailable");
      await pair.says("unsubscribed");
      const to = { direction: "to", subscription: "none", pending: "none" };
      assert.deepEqual(await pair.hears("contact.removed"), to);
      assert.equal(await pair.inRoster(), "none");
    });

    pairTest("is-shut-out", "the contact lets itself be seen no longer, and sees the user", async (pair) => {
      await befriend(pair);
      await pair.hears("presence.changed");
      await pair.says("unsubscribed");
      // Its server says first that it goes (RFC 6121 §3.2.2).
      assert.equal((await pair.hears("presence.changed"))["show"], "offline");
      const to = { direction: "to", subscription: "from", pending: "none" };
      assert.deepEqual(await pair.hears("contact.removed"), to);
      assert.equal(await pair.inRoster(), "to");
      await pair.emit("presence.changed", { show: "dnd" });
      assert.equal((await pair.sees(undefined)).getChildText("show"), "dnd");
    });

    pairTest("is-deleted", "the contact takes the user off its roster", async (pair) => {
      await befriend(pair);
      const item = element("item", { jid: jidOf("is-deleted"), subscription: "remove" });
      const query = element("query", { xmlns: "jabber:iq:roster" }, item);
      await alice.request(element("iq", { type: "set" }, query));
      const ends = [await pair.hears("contact.removed"), await pair.hears("contact.removed")];
      assert.deepEqual(ends.map(({ direction }) => direction).toSorted(), ["from", "to"]);
      const { subscription, pending } = ends[1] ?? {};
      assert.deepEqual([subscription, pending], ["none", "none"]);
      assert.equal(await pair.inRoster(), undefined);
    });
  },
  { users },
);
