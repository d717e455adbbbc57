/** Requests to the domain and to users: each gets an answer. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import type { Element } from "ltx";
import { element, ns } from "#core/xmpp/stanza.ts";
import { onEachServer } from "#test/harness/bridge.ts";
import { iq, presence } from "#test/harness/stanzas.ts";
import type { XmppUser } from "#test/harness/xmpp.ts";

const domain = "im.localhost";
const nina = "nina@im.localhost";
const discoInfo = () => element("query", { xmlns: ns.discoInfo });
const ping = () => element("ping", { xmlns: ns.ping });

const featuresOf = (answer: Element) =>
  answer
    .getChild("query", ns.discoInfo)
    ?.getChildren("feature")
    .map(({ attrs }) => attrs["var"]);
const identityOf = (answer: Element) => {
  const { category, type } = answer.getChild("query", ns.discoInfo)?.getChild("identity")?.attrs ?? {};
  return `${category}/${type}`;
};

onEachServer("requests", (scenario) => {
  let alice: XmppUser;
  /** Nobody has accepted this one. */
  let bob: XmppUser;
  const asks = (user: XmppUser, to: string, request: Element, type: "get" | "set" = "get") =>
    user.request(iq(type, to, request));
  const isUnavailable = (answer: Promise<Element>) =>
    assert.rejects(answer, { condition: "service-unavailable", type: "cancel" });

  before(async () => {
    alice = await scenario.login("alice");
    bob = await scenario.login("bob");
    await alice.send(presence({ type: "subscribe", to: nina }));
    await scenario.native.nextOf("contact.requested", "nina");
    const data = { user: "nina", contact: alice.bare, mutual: false };
    await scenario.native.emit({ type: "contact.accepted", data });
    await alice.next(({ attrs }) => attrs["type"] === "subscribed", "acceptance of nina");
  });

  test("the domain says what it is", async () => {
    const answer = await asks(alice, domain, discoInfo());
    assert.equal(answer.attrs["from"], domain);
    assert.equal(identityOf(answer), "gateway/causeway");
    assert.deepEqual(featuresOf(answer), [ns.discoInfo, ns.discoItems, ns.ping]);
  });

  test("the domain lists nobody", async () => {
    const answer = await asks(alice, domain, element("query", { xmlns: ns.discoItems }));
    assert.deepEqual(answer.getChild("query", ns.discoItems)?.getChildElements(), []);
  });

  test("a user says what it is to who may see it", async () => {
    const answer = await asks(alice, nina, discoInfo());
    assert.equal(answer.attrs["from"], nina);
    assert.equal(identityOf(answer), "account/registered");
  });

  test("a request to a device of the user is answered from that device", async () => {
    const answer = await asks(alice, `${nina}/causeway`, discoInfo());
    assert.equal(answer.attrs["from"], `${nina}/causeway`);
  });

  test("the domain and a user answer pings", async () => {
    for (const to of [domain, nina]) {
      const answer = await asks(alice, to, ping());
      assert.deepEqual([answer.attrs["type"], answer.attrs["from"]], ["result", to]);
    }
  });

  for (const [name, request] of [
    ["disco#info", discoInfo],
    ["a ping", ping],
  ] as const) {
    test(`${name} of a stranger gets the answer that a user who does not exist gives`, async () => {
      await isUnavailable(asks(bob, nina, request()));
      await isUnavailable(asks(bob, `nobody@${domain}`, request()));
    });
  }

  for (const to of [domain, nina]) {
    test(`what ${to} does not know is unavailable, as get and as set`, async () => {
      await isUnavailable(asks(alice, to, element("query", { xmlns: "jabber:iq:version" })));
      await isUnavailable(asks(alice, to, element("vCard", { xmlns: "vcard-temp" })));
      await isUnavailable(asks(alice, to, element("query", { xmlns: "jabber:iq:register" }), "set"));
      await isUnavailable(asks(alice, to, element("anything", { xmlns: "urn:example:x" }), "set"));
    });
  }

  test("disco#info of a node finds none", async () => {
    const request = element("query", { xmlns: ns.discoInfo, node: "nowhere" });
    await assert.rejects(asks(alice, domain, request), { condition: "item-not-found" });
  });

  test("many requests at once are all answered", async () => {
    const answers = await Promise.all(Array.from({ length: 100 }, () => asks(alice, domain, ping())));
    assert.ok(answers.every(({ attrs }) => attrs["type"] === "result"));
  });
});
