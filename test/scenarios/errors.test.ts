/** What cannot be delivered comes back, in each direction. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import type { Element } from "ltx";
import { ns } from "#core/xmpp/stanza.ts";
import { onEachServer, type Scenario } from "#test/harness/bridge.ts";
import { chat, presence } from "#test/harness/stanzas.ts";
import type { XmppUser } from "#test/harness/xmpp.ts";

const nina = "nina@im.localhost";
const nobody = "nobody@im.localhost";

/** The condition of a stanza error (RFC 6120 §8.3.3), with its type. */
function conditionOf(stanza: Element): string {
  const error = stanza.getChild("error");
  const condition = error
    ?.getChildElements()
    .find((child) => child.getNS() === ns.stanzas && child.name !== "text");
  return `${error?.attrs["type"]} ${condition?.name}`;
}

const tests = (scenario: Scenario) => {
  let alice: XmppUser;
  before(async () => {
    alice = await scenario.login("alice");
  });
  const nextError = (id: string) =>
    alice.next(({ attrs }) => attrs["type"] === "error" && attrs["id"] === id, `error for ${id}`);

  test("a message to a user that does not exist comes back with its id", async () => {
    await alice.send(chat(nobody, "to <nobody>", "Hello?"));
    const error = await nextError("to <nobody>");
    assert.equal(error.attrs["from"], nobody);
    assert.equal(conditionOf(error), "cancel service-unavailable");
  });

  test("so does one to the domain itself, and a groupchat message to a user", async () => {
    await alice.send(chat("im.localhost", "to-domain", "Hello?"));
    assert.equal(conditionOf(await nextError("to-domain")), "cancel service-unavailable");
    const groupchat = chat(nina, "groupchat", "Hello, room!");
    groupchat.attrs["type"] = "groupchat";
    await alice.send(groupchat);
    assert.equal(conditionOf(await nextError("groupchat")), "cancel service-unavailable");
  });

  test("a message that makes no event comes back, and the next one goes through", async () => {
    // In JSON every quotation mark takes two bytes.
    await alice.send(chat(nina, "too-large", '"'.repeat(150 * 1024)));
    await alice.send(chat(nina, "behind", "behind the large one"));
    assert.equal(conditionOf(await nextError("too-large")), "modify policy-violation");
    const event = await scenario.native.nextOf("message.sent", "nina");
    assert.equal(event.data["id"], "behind");
  });

  test("a headline, a presence and a request to a user that does not exist get no answer", async () => {
    const headline = chat(nobody, "headline", "News");
    headline.attrs["type"] = "headline";
    await alice.send(headline);
    await alice.send(presence({ to: nobody, id: "directed" }));
    await alice.send(presence({ to: nobody, id: "request", type: "subscribe" }));
    // Messages are handled in order, and so are presences: with these all is done.
    await alice.send(chat(nobody, "last", "Hello?"));
    await alice.send(presence({ to: nina, type: "subscribe" }));
    await scenario.native.nextOf("contact.requested", "nina");
    const data = { user: "nina", contact: alice.bare, mutual: false };
    await scenario.native.emit({ type: "contact.accepted", data });
    await alice.next(({ attrs }) => attrs["type"] === "subscribed", "acceptance of nina");
    await nextError("last");
    const answers = alice.inbox.items.filter(({ attrs }) => attrs["from"] === nobody);
    assert.deepEqual(answers, []);
  });

  for (const [what, contact, conditions] of [
    ["an account that does not exist", "nobody@localhost", ["service-unavailable", "item-not-found"]],
    [
      "a domain that cannot be reached",
      "someone@unreachable.example",
      ["remote-server-not-found", "not-allowed", "forbidden"],
    ],
  ] as const) {
    test(`a message to ${what} fails with its id and condition, and the next one goes through`, async () => {
      const id = `to ${contact}`;
      const send = (to: string) =>
        scenario.native.emit({
          type: "message.sent",
          data: { user: "nina", contact: to, id, body: "Hello?" },
        });
      await send(contact);
      await send(alice.bare);
      const { data } = await scenario.native.nextOf("message.failed", "nina");
      assert.equal(data["contact"], contact);
      assert.equal(data["id"], id);
      assert.ok(conditions.includes(data["condition"] as never), `condition ${data["condition"]}`);
      assert.equal(data["permanent"], true);
      assert.equal((await alice.nextMessage(nina)).attrs["id"], id);
    });
  }

  test("a request to a domain that cannot be reached fails and stays pending", async () => {
    const data = { user: "nina", contact: "someone@unreachable.example" };
    await scenario.native.emit({ type: "contact.requested", data });
    const failed = await scenario.native.nextOf("contact.failed", "nina");
    assert.equal(failed.data["contact"], data.contact);
    assert.deepEqual([failed.data["subscription"], failed.data["pending"]], ["none", "out"]);
  });
};

// One lane, so that presences to several users are handled in order as well.
onEachServer("errors", tests, { lanes: 1 });
