/** Presence between native users and XMPP users who see each other. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { element } from "#core/xmpp/stanza.ts";
import { onEachServer } from "#test/harness/bridge.ts";
import { presence } from "#test/harness/stanzas.ts";
import { bareOf, type XmppUser } from "#test/harness/xmpp.ts";

const contact = "alice@localhost";
const nina = "nina@im.localhost";
const ghost = `${nina}/causeway`;

onEachServer("presence", (scenario) => {
  /** The client that stays; others come and go. */
  let bob: XmppUser;
  const emit = (type: string, data: object) =>
    scenario.native.emit({ type, data: { user: "nina", ...data } });
  const shows = (show: string, status?: string) =>
    emit("presence.changed", { show, ...(status !== undefined && { status }) });
  const presenceOf = async (name: string) => {
    const event = await scenario.native.next(
      ({ type, data }) => type === "presence.changed" && data["contact"] === name,
      `presence.changed of ${name}`,
    );
    const { user, contact: _contact, ...shown } = event.data;
    assert.equal(user, "nina");
    return shown;
  };
  const nextPresence = (user: XmppUser, what: string) =>
    user.next(
      ({ name, attrs }) => name === "presence" && bareOf(attrs["from"]) === nina,
      `presence of nina: ${what}`,
    );
  const seenBy = async (user: XmppUser, what: string) => {
    const stanza = await nextPresence(user, what);
    return [
      stanza.attrs["from"],
      stanza.attrs["type"],
      stanza.getChildText("show"),
      stanza.getChildText("status"),
    ];
  };
  const says = (user: XmppUser, show: string, more: { status?: string; priority?: string } = {}) =>
    user.send(
      presence(
        {},
        element("show", {}, show),
        ...Object.entries(more).map(([name, text]) => element(name, {}, text)),
      ),
    );
  const befriend = async (user: XmppUser) => {
    await emit("contact.requested", { contact: user.bare });
    await user.next(({ attrs }) => attrs["type"] === "subscribe", "request of nina");
    await user.send(presence({ type: "subscribed", to: nina }));
    await user.send(presence({ type: "subscribe", to: nina }));
    await user.next(({ attrs }) => attrs["type"] === "subscribed", "acceptance of nina");
  };

  before(async () => {
    bob = await scenario.login("bob");
    await befriend(bob);
    const alice = await scenario.login("alice");
    await befriend(alice);
    assert.deepEqual(await presenceOf("bob@localhost"), { show: "online", devices: 1 });
    assert.deepEqual(await presenceOf(contact), { show: "online", devices: 1 });
    await alice.stop();
    assert.deepEqual(await presenceOf(contact), { show: "offline", devices: 0 });
    // Nina has said nothing yet: she is offline.
    await nextPresence(bob, "offline at first");
  });

  test("the user's presence reaches whoever may see it, and equal ones are sent once", async () => {
    await shows("away", "Lunch & <tea>");
    assert.deepEqual(await seenBy(bob, "away"), [ghost, undefined, "away", "Lunch & <tea>"]);
    await shows("away", "Lunch & <tea>");
    await shows("online");
    assert.deepEqual(await seenBy(bob, "online again"), [ghost, undefined, null, null]);
    await shows("offline", "Bye");
    assert.deepEqual(await seenBy(bob, "offline"), [ghost, "unavailable", null, "Bye"]);
  });

  for (const show of ["chat", "xa", "dnd"]) {
    test(`${show} goes both ways`, async () => {
      await shows(show);
      assert.deepEqual(await seenBy(bob, show), [ghost, undefined, show, null]);
      await says(bob, show, { status: `${show} & <status>` });
      const expected = { show, status: `${show} & <status>`, devices: 1 };
      assert.deepEqual(await presenceOf("bob@localhost"), expected);
    });
  }

  test("a contact that logs in sees the user, and is seen until it logs out", async () => {
    await shows("away", "in a meeting");
    await nextPresence(bob, "away before the login");
    const alice = await scenario.login("alice");
    assert.deepEqual(await seenBy(alice, "at login"), [ghost, undefined, "away", "in a meeting"]);
    assert.deepEqual(await presenceOf(contact), { show: "online", devices: 1 });
    await alice.stop();
    assert.deepEqual(await presenceOf(contact), { show: "offline", devices: 0 });
  });

  test("a contact that logs in learns that the user is offline", async () => {
    await shows("offline");
    await nextPresence(bob, "offline before the login");
    const alice = await scenario.login("alice");
    assert.deepEqual(await seenBy(alice, "at login"), [nina, "unavailable", null, null]);
    await alice.stop();
    await presenceOf(contact);
    await presenceOf(contact);
  });

  test("several devices are one presence: the most available counts, one in the background never", async () => {
    const phone = await scenario.login("alice", "phone");
    assert.deepEqual(await presenceOf(contact), { show: "online", devices: 1 });
    await says(phone, "xa");
    assert.deepEqual(await presenceOf(contact), { show: "xa", devices: 1 });
    const desk = await scenario.login("alice", "desk");
    assert.deepEqual(await presenceOf(contact), { show: "online", devices: 2 });
    await says(desk, "away");
    assert.deepEqual(await presenceOf(contact), { show: "away", devices: 2 });
    await says(desk, "chat", { priority: "-1" });
    assert.deepEqual(await presenceOf(contact), { show: "xa", devices: 1 });
    await desk.stop();
    await phone.stop();
    assert.deepEqual(await presenceOf(contact), { show: "offline", devices: 0 });
  });

  test("a client that is killed is gone, as one that logs out", async () => {
    const alice = await scenario.login("alice");
    assert.deepEqual(await presenceOf(contact), { show: "online", devices: 1 });
    alice.kill();
    assert.deepEqual(await presenceOf(contact), { show: "offline", devices: 0 });
  });

  test("of two devices the one that is left counts when the other is killed, if it counts at all", async () => {
    const desk = await scenario.login("alice", "desk");
    assert.deepEqual(await presenceOf(contact), { show: "online", devices: 1 });
    await says(desk, "chat", { priority: "10" });
    assert.deepEqual(await presenceOf(contact), { show: "chat", devices: 1 });
    const phone = await scenario.login("alice", "phone");
    await says(phone, "xa", { status: "on the move", priority: "1" });
    // What is not the leader's shows nowhere, but the server sends it to the device itself, too.
    const echoed = (show: string) =>
      phone.next(
        (stanza) => stanza.attrs["from"] === phone.full && stanza.getChildText("show") === show,
        `the phone's own ${show}`,
      );
    await echoed("xa");
    const left = () => presenceOf(contact);
    desk.kill();
    assert.deepEqual(await left(), { show: "xa", status: "on the move", devices: 1 });
    const tablet = await scenario.login("alice", "tablet");
    assert.deepEqual(await left(), { show: "online", devices: 2 });
    await says(phone, "chat", { priority: "-1" });
    await echoed("chat");
    await says(tablet, "dnd");
    assert.deepEqual(await left(), { show: "dnd", devices: 1 });
    tablet.kill();
    assert.deepEqual(await left(), { show: "offline", devices: 0 });
    await phone.stop();
  });

  test("what a contact shows to the user alone is told, and that it goes as well", async () => {
    const noah = "noah@im.localhost";
    const told = async () => {
      const { data } = await scenario.native.nextOf("presence.changed", "noah");
      return [data["contact"], data["show"], data["devices"]];
    };
    const alice = await scenario.login("alice");
    // She sees him and is not seen, so her server shows him only what she sends to him.
    await scenario.native.emit({
      type: "contact.accepted",
      data: { user: "noah", contact, preApprove: true, mutual: false },
    });
    await alice.send(presence({ type: "subscribe", to: noah }));
    await scenario.native.nextOf("contact.requested", "noah");
    await says(alice, "dnd");
    await alice.send(presence({ to: noah }, element("show", {}, "chat")));
    assert.deepEqual(await told(), [contact, "chat", 1]);
    await alice.send(presence({ to: noah, type: "unavailable" }));
    assert.deepEqual(await told(), [contact, "offline", 0]);
    await alice.send(presence({ to: noah }));
    assert.deepEqual(await told(), [contact, "online", 1]);
    // RFC 6121 §4.6.3: her server tells him as well, whether she logs out or is lost.
    await alice.stop();
    assert.deepEqual(await told(), [contact, "offline", 0]);
    const lost = await scenario.login("alice");
    await lost.send(presence({ to: noah }));
    assert.deepEqual(await told(), [contact, "online", 1]);
    lost.kill();
    assert.deepEqual(await told(), [contact, "offline", 0]);
    scenario.native.inbox.drain();
  });

  test("a contact that asks for the user's presence is shown it", async () => {
    await shows("xa");
    await nextPresence(bob, "xa");
    await bob.send(presence({ to: nina, type: "probe" }));
    assert.deepEqual(await seenBy(bob, "answer"), [ghost, undefined, "xa", null]);
  });

  test("a stranger's presence is nobody's business, also when it is directed, and it learns nothing", async () => {
    const noah = "noah@im.localhost";
    const emitOfNoah = (type: string, data: object) =>
      scenario.native.emit({ type, data: { user: "noah", ...data } });
    await emitOfNoah("presence.changed", { show: "chat" });
    await bob.send(presence({ to: noah }));
    await bob.send(presence({ to: noah, type: "probe" }));
    // Of the same pair and kind, so what the presence made would have come before it.
    await bob.send(presence({ to: noah, type: "subscribe" }));
    await scenario.native.nextOf("contact.requested", "noah");
    const told = scenario.native.inbox.items.filter(({ data }) => data["user"] === "noah");
    assert.deepEqual(told, []);
    await emitOfNoah("contact.declined", { contact: bob.bare });
    const answer = await bob.next(({ attrs }) => bareOf(attrs["from"]) === noah, "the first of noah");
    assert.deepEqual([answer.name, answer.attrs["type"]], ["presence", "unsubscribed"]);
  });
});
