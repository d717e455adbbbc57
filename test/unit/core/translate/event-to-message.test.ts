import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Element } from "ltx";
import { allCapabilities } from "#core/capabilities.ts";
import { limits } from "#core/limits.ts";
import { idOfPiece, readStanzaId } from "#core/stanza-id.ts";
import { eventToMessage } from "#core/translate/event-to-message.ts";
import type { Known } from "#core/translate/known.ts";
import { childOf, ns } from "#core/xmpp/stanza.ts";
import {
  contact,
  fromNative,
  ghost,
  knowing,
  makeContext,
  makeKnown,
  must,
  nativeEvent,
  stanzasOf,
} from "./support.ts";

const ctx = makeContext({ cause: fromNative });

function sent(data: Record<string, unknown>, known: Known = makeKnown()): Element[] {
  return stanzasOf(must(eventToMessage(ctx, nativeEvent("message.sent", data), known)));
}

function edited(data: Record<string, unknown>, known: Known = makeKnown()): Element[] {
  return stanzasOf(must(eventToMessage(ctx, nativeEvent("message.edited", data), known)));
}

const idsOf = (stanzas: readonly Element[]) => stanzas.map((stanza) => stanza.attrs["id"]);
const hintsOf = (stanza: Element | undefined) =>
  (stanza?.getChildElements() ?? []).filter((child) => child.getNS() === ns.hints).map((child) => child.name);
const has = (stanza: Element | undefined, name: string, xmlns: string) =>
  stanza !== undefined && childOf(stanza, name, xmlns) !== undefined;

describe("a message", () => {
  test("of a text leaves as one chat message that asks for receipt, marker and chat states", () => {
    const event = nativeEvent("message.sent", { id: "m1", body: "a <b>" });
    assert.deepEqual(must(eventToMessage(ctx, event, makeKnown())), [
      {
        kind: "stanza",
        id: "urn:chat e-1/0",
        xml:
          `<message from="${ghost}" to="${contact}" type="chat" id="m1"><body>a &lt;b&gt;</body>` +
          '<origin-id xmlns="urn:xmpp:sid:0" id="m1"/><request xmlns="urn:xmpp:receipts"/>' +
          '<markable xmlns="urn:xmpp:chat-markers:0"/>' +
          '<active xmlns="http://jabber.org/protocol/chatstates"/></message>',
        written: "2026-11-02T09:29:59Z",
      },
    ]);
  });

  test("carries subject, thread with its parent, and hints, each once", () => {
    const hints = ["store", "store", "no-copy", "no-store", "no-permanent-store"];
    const [stanza] = sent({ id: "m1", body: "hi", subject: "S", thread: "t", threadParent: "p", hints });
    assert.equal(stanza?.getChildText("subject"), "S");
    assert.equal(stanza?.getChildText("thread"), "t");
    assert.equal(stanza?.getChild("thread")?.attrs["parent"], "p");
    assert.deepEqual(hintsOf(stanza), ["store", "no-copy", "no-store", "no-permanent-store"]);
  });

  test("of kind normal is no chat, and has no chat state", () => {
    const [stanza] = sent({ id: "m1", body: "hi", kind: "normal" });
    assert.equal(stanza?.attrs["type"], "normal");
    assert.ok(has(stanza, "request", ns.receipts) && has(stanza, "markable", ns.chatMarkers));
    assert.ok(!has(stanza, "active", ns.chatStates));
  });

  test("of kind headline asks for nothing", () => {
    const [stanza] = sent({ id: "m1", body: "hi", kind: "headline" });
    assert.equal(stanza?.attrs["type"], "headline");
    assert.deepEqual(
      stanza?.getChildElements().map((child) => child.name),
      ["body", "origin-id"],
    );
  });

  test("asks for no more than the native system can be told", () => {
    const capabilities = { ...allCapabilities, markers: false, typing: false };
    const [stanza] = sent({ id: "m1", body: "hi" }, makeKnown({ capabilities }));
    assert.ok(has(stanza, "request", ns.receipts));
    assert.ok(!has(stanza, "markable", ns.chatMarkers) && !has(stanza, "active", ns.chatStates));
  });

  test("that is plain says so, by its own word or by what is declared of all", () => {
    const declared = makeKnown({ capabilities: { ...allCapabilities, styling: false } });
    const isUnstyled = (style?: string, known?: Known) =>
      has(sent({ id: "m1", body: "*hi*", ...(style && { style }) }, known)[0], "unstyled", ns.styling);
    assert.deepEqual([isUnstyled(), isUnstyled("plain"), isUnstyled("xep0393")], [false, true, false]);
    assert.deepEqual(
      [isUnstyled(undefined, declared), isUnstyled("plain", declared), isUnstyled("xep0393", declared)],
      [true, true, false],
    );
  });

  test("that grows too large by its escapes is refused, an attachment's place named", () => {
    const refused = (data: Record<string, unknown>) => {
      const result = eventToMessage(ctx, nativeEvent("message.sent", { id: "m1", ...data }), makeKnown());
      assert.ok(!result.ok);
      assert.equal(result.error.reason, "too-large");
      assert.match(result.error.expected ?? "", new RegExp(String(limits.stanzaOutBytesMax)));
      return result.error.path;
    };
    assert.equal(refused({ body: "&".repeat(120_000) }), "/data/body");
    const quote = "\n".repeat(100_000);
    assert.equal(
      refused({ body: "&".repeat(60_000), replyTo: { id: "m0", author: "user", quote } }),
      "/data/body",
    );
    assert.equal(sent({ id: "m1", body: "x".repeat(120_000) }).length, 1);
  });
});

describe("a reply", () => {
  const replyTo = { id: "a <1>", originId: "o", author: "contact", quote: "Where?\nHere 👩‍👩‍👧‍👦" };

  test("names the message and its author, and quotes it for clients that cannot", () => {
    const [stanza] = sent({ id: "m1", body: "There", replyTo });
    assert.ok(stanza);
    assert.equal(stanza.getChildText("body"), "> Where?\n> Here 👩‍👩‍👧‍👦\nThere");
    const reply = childOf(stanza, "reply", ns.replies);
    assert.deepEqual([reply?.attrs["to"], reply?.attrs["id"]], [contact, "a <1>"]);
    const range = '<body start="0" end="24"/>';
    const expected = `<fallback xmlns="urn:xmpp:fallback:0" for="urn:xmpp:reply:0">${range}</fallback>`;
    assert.equal(String(childOf(stanza, "fallback", ns.fallback)), expected);
  });

  test("is not quoted where all clients of the contact know replies", () => {
    const [stanza] = sent({ id: "m1", body: "There", replyTo }, knowing(ns.replies));
    assert.ok(stanza);
    assert.equal(stanza.getChildText("body"), "There");
    assert.equal(childOf(stanza, "reply", ns.replies)?.attrs["id"], "a <1>");
    assert.ok(!has(stanza, "fallback", ns.fallback));
  });

  test("to a message of the user itself is to the ghost; without a quote nothing is quoted", () => {
    const [stanza] = sent({ id: "m1", body: "There", replyTo: { id: "m0", author: "user" } });
    assert.ok(stanza);
    assert.equal(childOf(stanza, "reply", ns.replies)?.attrs["to"], ghost);
    assert.equal(stanza.getChildText("body"), "There");
    assert.ok(!has(stanza, "fallback", ns.fallback));
  });

  test("to a piece of a long message answers the whole, which is what the contact knows", () => {
    const [stanza] = sent({ id: "m1", body: "b", replyTo: { id: idOfPiece("a:1", 2), author: "contact" } });
    assert.equal(stanza && childOf(stanza, "reply", ns.replies)?.attrs["id"], "a:1");
  });

  test("with attachments is one on its first stanza alone, and never spoils a URL", () => {
    const attachments = [{ url: "https://f.example.com/a" }, { url: "https://f.example.com/b" }];
    const isReply = (stanza: Element) => has(stanza, "reply", ns.replies);
    assert.deepEqual(sent({ id: "m1", body: "b", replyTo, attachments }).map(isReply), [true, false, false]);
    const silent = sent({ id: "m1", replyTo, attachments });
    assert.deepEqual(silent.map(isReply), [true, false]);
    assert.equal(silent[0]?.getChildText("body"), "https://f.example.com/a");
  });
});

describe("a correction", () => {
  const attachments = [{ url: "https://f.example.com/a" }, { url: "https://f.example.com/b" }];
  const replaced = (stanza: Element) => childOf(stanza, "replace", ns.correction)?.attrs["id"];

  test("is a message of its own that names the first id, keeps what a message has, and is stored", () => {
    const replyTo = { id: "a1", author: "contact" };
    const [stanza] = edited({ id: "m2", replaces: "m1", body: "new", thread: "t", replyTo });
    assert.ok(stanza);
    assert.equal(stanza.attrs["id"], "m2");
    assert.equal(replaced(stanza), "m1");
    assert.equal(stanza.getChildText("body"), "new");
    assert.equal(stanza.getChildText("thread"), "t");
    assert.equal(childOf(stanza, "reply", ns.replies)?.attrs["id"], "a1");
    assert.equal(childOf(stanza, "origin-id", ns.originId)?.attrs["id"], "m2");
    assert.ok(has(stanza, "request", ns.receipts));
    assert.deepEqual(hintsOf(stanza), ["store"]);
  });

  test("is not stored where the user does not want it stored", () => {
    const hintsWith = (...hints: string[]) =>
      hintsOf(edited({ id: "m2", replaces: "m1", body: "new", hints })[0]);
    assert.deepEqual(hintsWith("no-store"), ["no-store"]);
    assert.deepEqual(hintsWith("no-permanent-store"), ["no-permanent-store"]);
    assert.deepEqual(hintsWith("no-copy", "store"), ["no-copy", "store"]);
  });

  test("of attachments takes each one's place", () => {
    const all = edited({ id: "m2", replaces: "m1", body: "new", attachments });
    assert.deepEqual(idsOf(all), ["m2", "m2/1", "m2/2"]);
    assert.deepEqual(all.map(replaced), ["m1", "m1/1", "m1/2"]);
    assert.deepEqual(readStanzaId("m2/2"), { id: "m2", part: 2 });
  });

  test("without text puts the first attachment in the message's own place", () => {
    const all = edited({ id: "m2", replaces: "m1", attachments });
    assert.deepEqual(idsOf(all), ["m2", "m2/2"]);
    assert.deepEqual(all.map(replaced), ["m1", "m1/2"]);
  });

  test("is marked for a contact that is known to see one more message", () => {
    const replyTo = { id: "a1", author: "contact", quote: "é?" };
    const [stanza] = edited({ id: "m2", replaces: "m1", body: "new", replyTo }, knowing(ns.receipts));
    assert.equal(stanza?.getChildText("body"), "> é?\n* new");
    assert.deepEqual(
      stanza?.getChildren("fallback").map((it) => [it.attrs["for"], it.getChild("body")?.attrs]),
      [
        [ns.replies, { start: "0", end: "5" }],
        [ns.correction, { start: "5", end: "7" }],
      ],
    );
    const [understood] = edited({ id: "m2", replaces: "m1", body: "new" }, knowing(ns.correction));
    assert.equal(understood?.getChildText("body"), "new");
  });
});
