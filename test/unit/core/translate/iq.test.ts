import assert from "node:assert/strict";
import { test } from "node:test";
import { allCapabilities } from "#core/capabilities.ts";
import { deviceInfo } from "#core/disco.ts";
import { answerIq, type IqAddressee } from "#core/translate/iq.ts";
import { readInfo } from "#core/xmpp/caps.ts";
import { checkOutbound, serializeStanza } from "#core/xmpp/codec.ts";
import { caps, contact, domain, ghost, must, read } from "./support.ts";

const toDomain: IqAddressee = { to: "domain", userExists: false, mayLook: false };
const friend: IqAddressee = { to: "user", userExists: true, mayLook: true };
const friendsDevice: IqAddressee = { ...friend, to: "device" };
const stranger: IqAddressee = { to: "user", userExists: true, mayLook: false };
const nobody: IqAddressee = { to: "user", userExists: false, mayLook: false };

const abilities = { capabilities: allCapabilities, caps };
const ping = '<ping xmlns="urn:xmpp:ping"/>';
const info = '<query xmlns="http://jabber.org/protocol/disco#info"/>';
const items = '<query xmlns="http://jabber.org/protocol/disco#items"/>';

function ask(addressee: IqAddressee, children: string, attrs = 'type="get" id="q1"') {
  const to = { domain, user: ghost, device: `${ghost}/causeway` }[addressee.to];
  const answer = answerIq(
    read(`<iq from="${contact}/phone" to="${to}" ${attrs}>${children}</iq>`),
    addressee,
    abilities,
  );
  return answer && must(checkOutbound(serializeStanza(answer), [domain]));
}

function conditionOf(addressee: IqAddressee, children: string, attrs?: string): string | undefined {
  const answer = ask(addressee, children, attrs);
  assert.equal(answer?.attrs["type"], "error");
  return answer.getChild("error")?.getChildElements()[0]?.name;
}

test("a ping is answered by the domain and by ghosts to those who may look", () => {
  for (const [addressee, from] of [
    [toDomain, domain],
    [friend, ghost],
  ] as const) {
    const answer = ask(addressee, ping);
    assert.deepEqual({ ...answer?.attrs }, { type: "result", from, to: `${contact}/phone`, id: "q1" });
    assert.deepEqual(answer?.children, []);
  }
});

test("the domain says that it is a gateway, a user an account, its device a client, all what they can", () => {
  for (const [addressee, category] of [
    [toDomain, "gateway"],
    [friend, "account"],
    [friendsDevice, "client"],
  ] as const) {
    const query = ask(addressee, info)?.getChild("query", "http://jabber.org/protocol/disco#info");
    assert.equal(query?.getChild("identity")?.attrs["category"], category);
    const features = query.getChildren("feature").map((feature) => feature.attrs["var"]);
    assert.ok(features.includes("http://jabber.org/protocol/disco#info"));
    assert.ok(features.includes("urn:xmpp:ping"));
  }
});

test("items are an empty list: nobody learns who exists", () => {
  for (const addressee of [toDomain, friend]) {
    const query = ask(addressee, items)?.getChild("query", "http://jabber.org/protocol/disco#items");
    assert.deepEqual(query?.children, []);
  }
});

const infoAt = (node: string) => `<query xmlns="http://jabber.org/protocol/disco#info" node="${node}"/>`;

test("the node of what presence bears is answered for what it stands for, under its name", () => {
  for (const addressee of [friend, friendsDevice]) {
    const node = `urn:causeway#${caps.ver}`;
    const query = ask(addressee, infoAt(node))?.getChild("query", "http://jabber.org/protocol/disco#info");
    assert.equal(query?.attrs["node"], node);
    assert.deepEqual(readInfo(query), deviceInfo(allCapabilities));
  }
});

test("there are no other nodes", () => {
  const old = `urn:causeway#${"B".repeat(27)}=`;
  for (const node of ["x", "", "urn:causeway", "urn:causeway#", old]) {
    for (const addressee of [toDomain, friend, friendsDevice]) {
      assert.equal(conditionOf(addressee, infoAt(node)), "item-not-found");
    }
  }
  assert.equal(conditionOf(toDomain, infoAt(`urn:causeway#${caps.ver}`)), "item-not-found");
  assert.equal(conditionOf(stranger, infoAt(`urn:causeway#${caps.ver}`)), "service-unavailable");
  const items = `<query xmlns="http://jabber.org/protocol/disco#items" node="urn:causeway#${caps.ver}"/>`;
  assert.equal(conditionOf(friend, items), "item-not-found");
});

test("everything else is not available", () => {
  const roster = '<query xmlns="jabber:iq:roster"/>';
  for (const addressee of [toDomain, friend]) {
    assert.equal(conditionOf(addressee, roster), "service-unavailable");
    assert.equal(conditionOf(addressee, ping, 'type="set" id="q1"'), "service-unavailable");
  }
});

test("a stranger and one who asks for nobody get the same answer to whatever they ask", () => {
  const questions = [ping, info, items, '<vCard xmlns="vcard-temp"/>', "", ping + ping];
  for (const question of questions) {
    for (const attrs of ['type="get" id="q1"', 'type="set" id="q1"', 'type="get"', 'type="odd" id="q1"']) {
      const answers = [stranger, nobody].map((addressee) => ask(addressee, question, attrs)?.toString());
      assert.equal(answers[0], answers[1]);
      assert.match(answers[0] ?? "", /service-unavailable|bad-request/);
    }
  }
  assert.equal(conditionOf(stranger, info), "service-unavailable");
});

test("a request without id, of no known type, or without exactly one child is malformed", () => {
  assert.equal(conditionOf(toDomain, ping, 'type="get"'), "bad-request");
  assert.equal(conditionOf(toDomain, ping, 'type="get" id=""'), "bad-request");
  assert.equal(conditionOf(toDomain, ping, 'id="q1"'), "bad-request");
  assert.equal(conditionOf(toDomain, ping, 'type="odd" id="q1"'), "bad-request");
  assert.equal(conditionOf(toDomain, ""), "bad-request");
  assert.equal(conditionOf(toDomain, ping + info), "bad-request");
});

test("results and errors are never answered", () => {
  assert.equal(ask(toDomain, ping, 'type="result" id="q1"'), undefined);
  assert.equal(ask(friend, "", 'type="error" id="q1"'), undefined);
  assert.equal(ask(nobody, "", 'type="result"'), undefined);
});
