/** Dead letters as an operator sees them, and as they go back. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type DeadLetter, letterBody } from "#aws/dead-letter.ts";
import type { Queues, ReceivedMessage } from "#aws/queues.ts";
import { encodeItem, writePack } from "#core/contract/envelope.ts";
import type { QueueRef } from "#core/contract/queues.ts";
import { publicOf } from "#local/ops/dead-letters.ts";
import { openLetterBox } from "#local/ops/letter-box.ts";
import { type Letter, matches, readLetter, replayOf } from "#local/ops/letters.ts";

const at = "2026-11-02T09:30:00.000Z";
const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const xml =
  '<message from="alice@example.org/phone" to="nina@im.example.com" id="m1"><body>private</body></message>';

const body = writePack([encodeItem({ fence: 5, seq: 3, time: at, trace, xml })]);

function received(text: string, more: Partial<ReceivedMessage> = {}): ReceivedMessage {
  const common = { id: "id-1", receipt: "r", group: "g", sequence: "1", receives: 1, sentAt: 5 };
  return { ...common, body: text, ...more };
}

const letterOf = (queue: QueueRef, letter: Partial<DeadLetter>): Letter =>
  readLetter(
    queue,
    received(
      letterBody({ reason: "fault", text: "TypeError", cause: "5.3", at, trace, group: "lane-1", ...letter }),
    ),
    "im.example.com",
  );

describe("a letter says whom it is about", () => {
  const event = { id: "e1", data: { user: "nina", contact: "alice@example.org", body: "private" } };
  const outbound = {
    id: "x",
    time: at,
    trace,
    hops: 1,
    xml: xml
      .replace("alice@example.org/phone", "nina@im.example.com")
      .replace('to="nina@im.example.com"', 'to="bob@example.org"'),
  };
  for (const [name, queue, item, about] of [
    ["a stanza", "messageStanzas", body, ["nina@im.example.com", "alice@example.org", "m1"]],
    [
      "an outbound pack",
      "outboundStanzas",
      writePack([encodeItem(outbound)]),
      ["nina@im.example.com", "bob@example.org", "m1"],
    ],
    ["an event", "nativeEvents", JSON.stringify(event), ["nina", "alice@example.org", "e1"]],
    ["nonsense", "nativeEvents", "{", ["", "", ""]],
    ["no item", "walks", undefined, ["", "", ""]],
  ] as const) {
    test(name, () => {
      const { user, contact, about: id } = letterOf(queue, item === undefined ? {} : { body: item });
      assert.deepEqual([user, contact, id], about);
    });
  }

  test("what SQS itself has moved there is a letter, too", () => {
    const letter = readLetter("nativeEvents", received(JSON.stringify(event)), "im.example.com");
    assert.equal(letter.reason, "received-too-often");
    assert.deepEqual([letter.user, letter.at, letter.group], ["nina", 5, "g"]);
    assert.deepEqual(replayOf(letter).ok, true);
  });
});

test("a letter says which domain it is about: its item's, else its queue's", () => {
  const own = (queue: QueueRef, item?: string) =>
    letterOf(queue, item === undefined ? {} : { body: item }).domain;
  const eventOf = (data: object) => JSON.stringify({ id: "e1", data: { user: "nina", ...data } });
  assert.equal(own("messageStanzas", body), "im.example.com");
  const second = writePack([
    encodeItem({ fence: 5, seq: 3, time: at, trace, xml: xml.replace("im.", "chat.") }),
  ]);
  assert.equal(own("messageStanzas", second), "chat.example.com");
  assert.equal(own("nativeEvents", eventOf({})), "im.example.com");
  assert.equal(own("nativeEvents", eventOf({ domain: "Chat.example.net" })), "chat.example.net");
  assert.equal(own("nativeDeliveries", eventOf({ domain: "chat.example.net" })), "chat.example.net");
  assert.equal(own("walks", JSON.stringify({ items: [{ domain: "chat.example.net" }] })), "chat.example.net");
  assert.equal(own("outboundStanzas/chat.example.net"), "chat.example.net");
  for (const nonsense of ["{", "{}", "[]"]) assert.equal(own("nativeEvents", nonsense), "", nonsense);
});

describe("an item goes back onto its queue", () => {
  test("as it was, in its group", () => {
    const message = replayOf(letterOf("messageStanzas", { body }));
    assert.ok(message.ok);
    assert.deepEqual([message.value.body, message.value.group], [body, "lane-1"]);
  });

  test("on a standard queue without group", () => {
    assert.deepEqual(replayOf(letterOf("iqStanzas", { body })), { ok: true, value: { body } });
  });

  test("twice as one message, and two letters as two, whatever their group", () => {
    const [one, again] = [1, 2].map(() => replayOf(letterOf("messageStanzas", { body, group: "" })));
    const other = replayOf({ ...letterOf("messageStanzas", { body, group: "" }), id: "id-2" });
    assert.ok(one?.ok && again?.ok && other.ok);
    assert.equal(one.value.dedup, again.value.dedup);
    assert.notEqual(one.value.dedup, other.value.dedup);
    assert.ok(one.value.group);
  });

  for (const [why, letter] of [
    ["holds no item", {}],
    ["only the beginning", { body, cut: true }],
  ] as const) {
    test(`not one that ${why}`, () => {
      const message = replayOf(letterOf("messageStanzas", letter));
      assert.ok(!message.ok);
      assert.match(message.error, new RegExp(why));
    });
  }
});

test("what is told of a letter is nothing that people have written", () => {
  const told = JSON.stringify(publicOf(letterOf("messageStanzas", { body })));
  assert.ok(!told.includes("private"));
  assert.match(told, /"replayable":true/);
});

test("letters are told apart by reason, id, user and contact", () => {
  const letter = letterOf("messageStanzas", { body });
  for (const [filter, is] of [
    [{}, true],
    [{ reason: "fault" }, true],
    [{ reason: "crash" }, false],
    [{ id: "id" }, true],
    [{ id: "d-1" }, false],
    [{ users: ["nina", "nina@im.example.com"] }, true],
    [{ users: ["noah"] }, false],
    [{ contact: "alice@example.org" }, true],
    [{ contact: "bob@example.org", reason: "fault" }, false],
    [{ domain: "im.example.com" }, true],
    [{ domain: "chat.example.net", users: ["nina@im.example.com"] }, false],
  ] as const) {
    assert.equal(matches(letter, filter), is, JSON.stringify(filter));
  }
});

test("a letter that SQS could not delete stays in hand, and is given back", async () => {
  const message = received(letterBody({ reason: "fault", text: "x", cause: "5.3", at, trace, group: "g" }));
  const givenBack: string[] = [];
  const deadLetters: Queues = {
    send: async () => [],
    setAside: async () => {},
    receive: async () => [message],
    remove: async (_queue, messages) => [...messages],
    extend: async (_queue, messages) => {
      givenBack.push(...messages.map(({ receipt }) => receipt));
      return [];
    },
  };
  const box = openLetterBox({ deadLetters, domains: ["im.example.com"] }, new AbortController().signal);
  const [held] = await box.read(["walks"], 1);
  assert.ok(held);
  assert.equal(await box.remove(held), false);
  await box.close();
  assert.deepEqual(givenBack, ["r"]);
});
