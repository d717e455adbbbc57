/** A user shows itself to one contact alone, and to nobody else (RFC 6121 §4.6). */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { onEachServer } from "#test/harness/bridge.ts";
import { presence } from "#test/harness/stanzas.ts";
import { bareOf, type XmppUser } from "#test/harness/xmpp.ts";

const alice = "alice@localhost";
const bob = "bob@localhost";
const nina = "nina@im.localhost";
const noah = "noah@im.localhost";
const ghost = `${nina}/causeway`;

// What a server makes of a refused probe is its own affair.
const isAvailability = (type: string | undefined) => type === undefined || type === "unavailable";

onEachServer("directed presence", (scenario) => {
  /** Bob is subscribed to nina, Alice is a stranger. */
  let clients: { alice: XmppUser; bob: XmppUser };
  const emit = (type: string, data: object) =>
    scenario.native.emit({ type, data: { user: "nina", ...data } });
  const shows = (show: string, more: { contact?: string; status?: string } = {}) =>
    emit("presence.changed", { show, ...more });
  const seenBy = async (client: XmppUser, what: string, from = nina) => {
    const { attrs, ...stanza } = await client
      .next(
        ({ name, attrs }) =>
          name === "presence" && bareOf(attrs["from"]) === from && isAvailability(attrs["type"]),
        what,
      )
      .then((one) => ({
        attrs: one.attrs,
        show: one.getChildText("show"),
        status: one.getChildText("status"),
      }));
    return [attrs["from"], attrs["type"], stanza.show, stanza.status];
  };
  /** All that came from nina and that nobody has looked at. */
  const unseen = (client: XmppUser) =>
    client.inbox.items.filter(({ attrs }) => bareOf(attrs["from"]) === nina).map(String);

  before(async () => {
    clients = { alice: await scenario.login("alice"), bob: await scenario.login("bob") };
    await emit("contact.accepted", { contact: bob, preApprove: true, mutual: false });
    await clients.bob.send(presence({ type: "subscribe", to: nina }));
    await clients.bob.next(({ attrs }) => attrs["type"] === "subscribed", "acceptance of nina");
    await seenBy(clients.bob, "offline at first");
  });

  test("a stranger is shown it, and told once that the user is gone; nobody else sees either", async () => {
    await shows("dnd", { contact: alice, status: "just you" });
    assert.deepEqual(await seenBy(clients.alice, "directed"), [ghost, undefined, "dnd", "just you"]);
    await shows("away");
    assert.deepEqual(await seenBy(clients.bob, "broadcast"), [ghost, undefined, "away", null]);
    await shows("offline", { status: "Bye" });
    assert.deepEqual(await seenBy(clients.alice, "end"), [ghost, "unavailable", null, "Bye"]);
    assert.deepEqual(await seenBy(clients.bob, "end"), [ghost, "unavailable", null, "Bye"]);
    await shows("xa");
    assert.deepEqual(await seenBy(clients.bob, "next"), [ghost, undefined, "xa", null]);
    await shows("offline");
    assert.deepEqual(await seenBy(clients.bob, "next end"), [ghost, "unavailable", null, null]);
    // Last of all, so that anything else would have come before.
    await shows("chat", { contact: alice });
    assert.deepEqual(await seenBy(clients.alice, "again"), [ghost, undefined, "chat", null]);
    await shows("offline", { contact: alice });
    assert.deepEqual(await seenBy(clients.alice, "taken back"), [ghost, "unavailable", null, null]);
    assert.deepEqual([unseen(clients.alice), unseen(clients.bob)], [[], []]);
  });

  test("a subscriber sees it in its place among the broadcasts", async () => {
    for (const [show, directed] of [
      ["online", "dnd"],
      ["chat", "xa"],
    ] as const) {
      await shows(show);
      await shows(directed, { contact: bob });
    }
    await shows("offline");
    const seen = [];
    for (let n = 0; n < 5; n++) seen.push((await seenBy(clients.bob, `presence ${n}`)).slice(1, 3));
    assert.deepEqual(seen, [
      [undefined, null],
      [undefined, "dnd"],
      [undefined, "chat"],
      [undefined, "xa"],
      ["unavailable", null],
    ]);
  });

  test("who was shown the user may ask for it, until that is over", async () => {
    const noahShows = (show: string) =>
      scenario.native.emit({ type: "presence.changed", data: { user: "noah", contact: alice, show } });
    const seen = async (what: string) => (await seenBy(clients.alice, what, noah)).slice(1, 3);
    const probe = () => clients.alice.send(presence({ type: "probe", to: `${noah}/causeway`, id: "p" }));
    await noahShows("dnd");
    assert.deepEqual(await seen("directed"), [undefined, "dnd"]);
    await probe();
    assert.deepEqual(await seen("answer"), [undefined, "dnd"]);
    await noahShows("offline");
    assert.deepEqual(await seen("taken back"), ["unavailable", null]);
    await probe();
    // Of the same pair and kind, so that the probe was taken in before this is.
    await clients.alice.send(presence({ type: "subscribe", to: noah }));
    await scenario.native.nextOf("contact.requested", "noah");
    await noahShows("chat");
    assert.deepEqual(await seen("shown anew"), [undefined, "chat"]);
  });

  test("after a gap in the stream it is shown again", async () => {
    await shows("xa", { contact: alice });
    await seenBy(clients.alice, "directed");
    const resume = await scenario.bridge.holdConnector();
    await resume();
    assert.deepEqual(await seenBy(clients.alice, "shown again"), [ghost, undefined, "xa", null]);
  });

  test("a contact that goes itself is not told any more, one that is blocked is, and refused then", async () => {
    await clients.alice.send(presence({ type: "unavailable", to: nina }));
    // Of the same pair and kind, so that it was taken in before this is.
    await clients.alice.send(presence({ type: "subscribe", to: nina }));
    await scenario.native.next(
      ({ type, data }) => type === "contact.requested" && data["contact"] === alice,
      "request of alice",
    );
    await shows("offline");
    await shows("online", { contact: alice });
    assert.deepEqual(await seenBy(clients.alice, "once more"), [ghost, undefined, null, null]);
    await emit("contact.blocked", { contact: alice });
    assert.deepEqual((await seenBy(clients.alice, "blocked")).slice(0, 2), [ghost, "unavailable"]);
    await shows("online", { contact: alice });
    const { data } = await scenario.native.nextOf("event.rejected", "nina");
    assert.deepEqual([data["reason"], data["contact"]], ["blocked", alice]);
    assert.deepEqual(unseen(clients.alice), []);
  });
});
