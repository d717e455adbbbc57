import assert from "node:assert/strict";
import { test } from "node:test";
import { limits } from "#core/limits.ts";
import { idOfPiece, wholeOfPiece } from "#core/stanza-id.ts";
import { deliveriesOf, eventOf, received, refusalOf } from "./support.ts";

const split = { body: { charsMax: 16, tooLong: "split" } } as const;
const chat = (children: string, capabilities = {}) =>
  received('type="chat" id="m:1"', children, capabilities);

test("a text that fits is whole, counted as people count", () => {
  const families = "👩‍👩‍👧‍👦".repeat(16);
  assert.deepEqual(eventOf(`<body>${families}</body>`, split)[1], { id: "m1", body: families });
});

test("a longer one arrives in pieces, the first under the message's id, the last with what is asked", () => {
  const more =
    "<subject>s</subject><thread>t</thread><request xmlns='urn:xmpp:receipts'/>" +
    '<reply xmlns="urn:xmpp:reply:0" id="n1"/><x xmlns="jabber:x:oob"><url>https://files.example.org/a</url></x>';
  assert.deepEqual(deliveriesOf(chat(`<body>${"0123456789abcdef".repeat(2)}🇩🇪</body>${more}`, split)), [
    [
      "message.sent",
      {
        id: "m:1",
        body: "0123456789abcdef",
        thread: "t",
        subject: "s",
        replyTo: { id: "n1", author: "user" },
      },
    ],
    ["message.sent", { id: "cw:m%3A1:2", body: "0123456789abcdef", thread: "t" }],
    [
      "message.sent",
      {
        id: "cw:m%3A1:3",
        body: "🇩🇪",
        thread: "t",
        attachments: [{ url: "https://files.example.org/a" }],
        asks: ["delivered"],
      },
    ],
  ]);
});

test("a piece leads back to its message, whatever id that has", () => {
  for (const id of ["m1", "m:1", "cw:x:2", "ü <&> %", "%"]) assert.equal(wholeOfPiece(idOfPiece(id, 2)), id);
  for (const id of ["m1", "cw:m1", "cw:%:2", "cw:a:b", "cw:a:0", "xcw:a:2"])
    assert.equal(wholeOfPiece(id), id);
});

test("one that is to be refused, or would make too many pieces, comes back", () => {
  const refuse = { body: { charsMax: 16, tooLong: "refuse" } };
  assert.equal(refusalOf(chat(`<body>${"x".repeat(17)}</body>`, refuse))[0], "not-acceptable");
  assert.equal(
    deliveriesOf(chat(`<body>${"x".repeat(16 * limits.piecesMax)}</body>`, split)).length,
    limits.piecesMax,
  );
  assert.equal(
    refusalOf(chat(`<body>${"x".repeat(16 * limits.piecesMax + 1)}</body>`, split))[0],
    "not-acceptable",
  );
  // One grapheme, and yet larger than an event.
  const tower = `a${"\u0301".repeat(limits.eventBytesMax / 2)}`;
  assert.equal(refusalOf(chat(`<body>${"x".repeat(16)}${tower}</body>`, split))[0], "policy-violation");
});

test("every event of a message has its own id", () => {
  const nick = '<nick xmlns="http://jabber.org/protocol/nick">Alice</nick>';
  const effects = chat(`<body>${"x".repeat(33)}</body>${nick}`, split);
  const ids = effects.map((effect) => (effect.kind === "deliver" ? effect.event.id : ""));
  assert.deepEqual(ids, ["7.42", "7.42.1", "7.42.2", "7.42.3"]);
});
