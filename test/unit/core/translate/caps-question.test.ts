import assert from "node:assert/strict";
import { test } from "node:test";
import { answeredInfo, answeredQuestion, capsQuestion } from "#core/translate/caps-question.ts";
import { checkOutbound, serializeStanza } from "#core/xmpp/codec.ts";
import { caps, contact, domain, ghost, must, read } from "./support.ts";

const question = capsQuestion(`${ghost}/causeway`, `${contact}/phone`, caps, "t-_1");
const reply = (attrs: string, child = "") => read(`<iq ${attrs}>${child}</iq>`);

test("a question asks for what the hash stands for, and may leave", () => {
  must(checkOutbound(serializeStanza(question), [domain]));
  const { type, from, to } = question.attrs;
  assert.deepEqual([type, from, to], ["get", `${ghost}/causeway`, `${contact}/phone`]);
  const query = question.getChild("query", "http://jabber.org/protocol/disco#info");
  assert.equal(query?.attrs["node"], `urn:causeway#${caps.ver}`);
});

test("an answer says by its id what it answers", () => {
  for (const type of ["result", "error"]) {
    const answered = answeredQuestion(reply(`type="${type}" id="${question.attrs["id"]}"`));
    assert.deepEqual(answered, { hash: caps.hash, ver: caps.ver, token: "t-_1" });
  }
  assert.equal(answeredQuestion(question), undefined);
});

test("other ids are those of other questions", () => {
  const ids = [
    "",
    "q1",
    "caps/",
    `caps/md5/t/${caps.ver}`,
    `caps/sha-256/t/${caps.ver}`,
    `caps/sha-1//${caps.ver}`,
  ];
  for (const id of [...ids, "caps/sha-1/t/", `caps/sha-1/t/${caps.ver}=`, `x/sha-1/t/${caps.ver}`]) {
    assert.equal(answeredQuestion(reply(`type="result" id="${id}"`)), undefined, id);
  }
});

test("only a result with what was asked for says anything", () => {
  const query = '<query xmlns="http://jabber.org/protocol/disco#info"><feature var="a"/></query>';
  assert.deepEqual(answeredInfo(reply('type="result"', query))?.features, ["a"]);
  assert.equal(answeredInfo(reply('type="error"', query)), undefined);
  assert.equal(answeredInfo(reply('type="result"')), undefined);
  const items = '<query xmlns="http://jabber.org/protocol/disco#items"><feature var="a"/></query>';
  assert.equal(answeredInfo(reply('type="result"', items)), undefined);
});
