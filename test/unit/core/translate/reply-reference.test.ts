import assert from "node:assert/strict";
import { test } from "node:test";
import { limits } from "#core/limits.ts";
import { idAbout, idOfPart } from "#core/stanza-id.ts";
import { contact, eventOf, ghost } from "./support.ts";

const reply = (id: string, to?: string) =>
  `<reply xmlns="urn:xmpp:reply:0" id="${id}" ${to === undefined ? "" : `to="${to}"`}/>`;
const fallback = (end: number) =>
  `<fallback xmlns="urn:xmpp:fallback:0" for="urn:xmpp:reply:0"><body start="0" end="${end}"/></fallback>`;
const replyTo = (children: string) => eventOf(`<body>yes</body>${children}`)[1]["replyTo"];

test("the author is who is named, and the user where neither of the two is", () => {
  for (const to of [ghost, `${ghost}/causeway`, "NINA@im.example.com", undefined, "eve@example.net", "@"]) {
    assert.deepEqual(replyTo(reply("n1", to)), { id: "n1", author: "user" }, to);
  }
  for (const to of [contact, `${contact}/phone`]) {
    assert.deepEqual(replyTo(reply("m0", to)), { id: "m0", author: "contact" });
  }
});

test("the answer to an attachment names it; one to what was said of a message answers the message", () => {
  assert.deepEqual(replyTo(reply(idOfPart("n1", 2), ghost)), { id: "n1", part: 2, author: "user" });
  assert.deepEqual(replyTo(reply(idAbout("n1", "e1"), ghost)), { id: "n1", author: "user" });
  assert.deepEqual(replyTo(reply("m0/2", contact)), { id: "m0/2", author: "contact" });
});

test("what no event could name is not answered", () => {
  for (const id of ["", "x".repeat(limits.referredIdCharsMax + 1), "a&#9;b"]) {
    assert.equal(replyTo(reply(id, contact)), undefined);
  }
});

test("the quotation moves from the text to the reference", () => {
  const body = "&gt; 👍🏽 one\n&gt;two\n&gt; &gt; three\nyes";
  assert.deepEqual(eventOf(`<body>${body}</body>${reply("n1", ghost)}${fallback(24)}`)[1], {
    id: "m1",
    body: "yes",
    replyTo: { id: "n1", author: "user", quote: "👍🏽 one\ntwo\n> three" },
  });
  // Some count without the line break behind it.
  assert.equal(eventOf(`<body>${body}</body>${reply("n1")}${fallback(23)}`)[1]["body"], "yes");
});

test("the text stays as it is where nothing else would be left, or the fallback is no part of it", () => {
  for (const end of [6, 60]) {
    const [, data] = eventOf(`<body>&gt; one\n</body>${reply("n1")}${fallback(end)}`);
    assert.deepEqual(data, { id: "m1", body: "> one\n", replyTo: { id: "n1", author: "user" } });
  }
});

test("a native system without replies reads the quotation", () => {
  const body = "&gt; one\nyes";
  const [, data] = eventOf(`<body>${body}</body>${reply("n1")}${fallback(6)}`, { replies: false });
  assert.deepEqual(data, { id: "m1", body: "> one\nyes" });
});
