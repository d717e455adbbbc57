/** Every message that the contract lets through, on its way to a stanza. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { allCapabilities } from "#core/capabilities.ts";
import { eventToMessage } from "#core/translate/event-to-message.ts";
import { messageToEvent } from "#core/translate/message-to-event.ts";
import { cleanText } from "#core/xmpp/codec.ts";
import { ns } from "#core/xmpp/stanza.ts";
import {
  deliveriesOf,
  fromNative,
  knowing,
  makeContext,
  makeKnown,
  must,
  nativeEvent,
  read,
  stanzasOf,
} from "./support.ts";

const ctx = makeContext({ cause: fromNative });
const text = fc.string({ unit: "binary", minLength: 1, maxLength: 50 });
const word = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 20 })
  .filter((it) => !/\p{Cc}|\/\d+$|^cw:/u.test(it));

test("a plain text survives the way to a stanza and back: id, body, subject and thread", () => {
  const content = fc.record(
    { id: word, body: text, subject: text, thread: word },
    { requiredKeys: ["id", "body"] },
  );
  fc.assert(
    fc.property(content, (data) => {
      const effects = must(eventToMessage(ctx, nativeEvent("message.sent", data), makeKnown()));
      assert.equal(stanzasOf(effects).length, 1);
      const [effect] = effects;
      assert.equal(effect?.kind, "stanza");
      const back = messageToEvent(makeContext(), read(effect.xml), allCapabilities).effects;
      const said = deliveriesOf(back).find(([type]) => type === "message.sent")?.[1];
      const { body, subject } = data;
      const cleaned = subject === undefined ? {} : { subject: cleanText(subject) };
      assert.partialDeepStrictEqual(said, { ...data, body: cleanText(body), ...cleaned });
    }),
  );
});

test("what is left of a text without its fallbacks is the text, whatever is quoted", () => {
  const emoji = fc.constantFrom("👩‍👩‍👧‍👦", "🇹🇼", "e\u0301", "𝔘", "\r", "\r\n", "\n", "> ", "\ud83d");
  const lines = fc.array(fc.oneof(emoji, text), { minLength: 1, maxLength: 8 }).map((all) => all.join(""));
  fc.assert(
    fc.property(lines, lines, fc.boolean(), (body, quote, isKnown) => {
      const data = { id: "m2", replaces: "m1", body, replyTo: { id: "a", author: "contact", quote } };
      const known = isKnown ? knowing() : makeKnown();
      const [stanza] = stanzasOf(must(eventToMessage(ctx, nativeEvent("message.edited", data), known)));
      const ranges = (stanza?.getChildren("fallback", ns.fallback) ?? []).map((it) => {
        const { start, end } = it.getChild("body")?.attrs ?? {};
        return [Number(start), Number(end)] as const;
      });
      assert.equal(ranges.length, isKnown ? 2 : 1);
      // XEP-0426: code points, from the last range to the first so that positions hold.
      const points = [...(stanza?.getChildText("body") ?? "")];
      const quoted = points.slice(0, ranges[0]?.[1]).join("");
      for (const [start, end] of ranges.toReversed()) points.splice(start, end - start);
      assert.equal(points.join(""), cleanText(body));
      const said = cleanText(quote).split(/\r\n|\r|\n/);
      assert.equal(quoted, said.map((line) => `> ${line}\n`).join(""));
    }),
  );
});
