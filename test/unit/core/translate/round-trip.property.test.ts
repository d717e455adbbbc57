/**
 * What both sides can express survives the way there and back, over generated input.
 *
 * What cannot, and why:
 * - ids that end in a slash and digits, or begin with `cw:`: they name attachments and events of ours, so native ids
 *   never look so, and a contact's that does names a part on its way back;
 * - `originId`: what we send has its id for origin-id; a contact's own is told, but we never send it on;
 * - `asks`: ours always ask for both, whatever the contact had asked for; `encrypted`: nothing is ever encrypted here;
 * - `style: xep0393` is what XMPP means by saying nothing; only `plain` is said;
 * - a text that is nothing but a file's HTTPS address, blanks around it or not, is a file, and one that begins as OTR or an encrypted file do is
 *   taken for encrypted;
 * - the line ends of a quotation, blanks around it, and one line end in front of a text behind a quotation;
 * - a file's name and media type that nobody gave are read from its address; its description stands in for the name of
 *   clients that know no other (XEP-0066), so a name comes back as a description too; width or height alone are not
 *   said; of a retracted message with attachments each part comes back for itself;
 * - edits are stored (`store`) unless they say that they are not to be.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { allCapabilities } from "#core/capabilities.ts";
import { deliveryData } from "#core/contract/delivery-events.ts";
import { asciiJson } from "#core/contract/envelope.ts";
import { nativeData } from "#core/contract/native-events.ts";
import { readNativeEvent } from "#core/contract/read-native-event.ts";
import { idOfPart, readStanzaId } from "#core/stanza-id.ts";
import { messageToEvent } from "#core/translate/message-to-event.ts";
import { cleanText, parseStanza } from "#core/xmpp/codec.ts";
import { makeRandom } from "#test/harness/hostile/random.ts";
import { nextStanza } from "#test/harness/hostile/stanzas.ts";
import { decideSaying, heard, joined, type Saying, sayings } from "#test/harness/round-trip.ts";
import {
  contact,
  domain,
  fromNative,
  ghost,
  makeContext,
  makeKnown,
  nativeEvent,
  stanzasOf,
} from "./support.ts";

const ctx = makeContext({ cause: fromNative });
const known = makeKnown();
const hintNames = ["store", "no-store", "no-copy", "no-permanent-store"];

const text = fc
  .string({
    unit: fc.oneof(
      fc.constantFrom(..."<&>\"'\t\n\r😀é]"),
      fc.constant("👩‍👩‍👧"),
      fc.string({ unit: "binary", maxLength: 1 }),
    ),
    minLength: 1,
    maxLength: 40,
  })
  .map(cleanText)
  .filter((it) => it !== "");
const words = fc.tuple(fc.constantFrom("Hello", "> x", "/me", "*b*", "𝔘"), text).map((all) => all.join(""));
const id = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 30 })
  .filter((it) => cleanText(it) === it && !/\p{Cc}|\/\d+$|^cw:/u.test(it));
const name = fc.stringMatching(/^[\w()äß][\w ()äß.-]{0,20}[\w)]$/);
const url = fc
  .tuple(fc.webUrl({ validSchemes: ["https"] }), fc.nat())
  .map(([base, n]) => `${base.split(/[?#]/)[0]}/${n}`);
const file = fc
  .record(
    {
      url,
      name,
      mediaType: fc.constantFrom("image/png", "application/pdf"),
      size: fc.nat(),
      dimensions: fc.record({ width: fc.nat(), height: fc.nat() }),
      hash: fc.constantFrom(
        "sha-256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        "sha-1:2jmj7l5rSw0yVb/vlWAYkK/YBwk=",
      ),
      description: name,
    },
    { requiredKeys: ["url"] },
  )
  .map(({ dimensions, ...rest }) => ({ ...rest, ...dimensions }));
const files = fc.uniqueArray(file, { minLength: 1, maxLength: 4, selector: (it) => it.url });
const quote = fc
  .array(
    fc.stringMatching(/^[\wé😀&<][\w é😀>&<]{0,9}$/u).map((it) => it.trim()),
    { minLength: 1, maxLength: 3 },
  )
  .map((all) => all.join("\n"));
const content = {
  body: words,
  subject: text,
  threads: fc.record({ thread: id, threadParent: id }, { requiredKeys: ["thread"] }),
  kind: fc.constantFrom("normal", "headline"),
  replyTo: fc.record(
    { id, author: fc.constantFrom("user", "contact"), quote },
    { requiredKeys: ["id", "author"] },
  ),
  attachments: files,
  style: fc.constantFrom("plain", "xep0393"),
  hints: fc.uniqueArray(fc.constantFrom(...hintNames), { minLength: 1 }),
};
const optional = { requiredKeys: ["id", "body"] };
const flat = ({ threads, ...data }: Record<string, unknown>) => ({
  ...data,
  ...(threads as object | undefined),
});

const sent = fc
  .oneof(fc.record({ id, ...content }, optional as never), fc.record({ id, attachments: files }))
  .map((data): Saying => ({ type: "message.sent", data: flat(data) }));
const edited = fc
  .oneof(
    fc.record({ id, replaces: id, ...content }, { requiredKeys: ["id", "replaces", "body"] } as never),
    fc.record({ id, replaces: id, attachments: files }),
  )
  .map((data): Saying => ({ type: "message.edited", data: flat(data) }))
  // RFC 6121 §5.2.2: nobody corrects news.
  .filter(({ data }) => data["kind"] !== "headline");
const emojis = fc.uniqueArray(fc.constantFrom("👍", "❤️", "🎉", "👩‍👩‍👧‍👦", ":)"), { maxLength: 4 });
const small: fc.Arbitrary<Saying> = fc.oneof(
  id.map((it) => ({ type: "message.retracted", data: { id: it } })),
  fc
    .record({ id, emojis, part: fc.integer({ min: 1, max: 99 }) }, { requiredKeys: ["id", "emojis"] })
    .map((data) => ({ type: "message.reacted", data })),
  id.map((it) => ({ type: "message.delivered", data: { id: it } })),
  id.map((it) => ({ type: "message.displayed", data: { id: it } })),
  fc
    .constantFrom("active", "composing", "paused", "inactive", "gone")
    .map((state) => ({ type: "typing.changed", data: { state } })),
);

interface ReplyTo {
  readonly id: string;
  readonly part?: number;
  readonly author: string;
}

/** Each side takes the other's ids as they are, and its own apart into message and attachment. */
function answeredFromThere({ id: told, part, ...rest }: ReplyTo): ReplyTo {
  if (rest.author === "user") {
    return { ...rest, id: part === undefined ? told : idOfPart(told, part), author: "contact" };
  }
  const own = readStanzaId(told) ?? { id: told };
  return { ...rest, id: own.id, ...(own.part !== undefined && { part: own.part }), author: "user" };
}

/** What a saying comes back as, by the exceptions above: the same from the other's point of view. */
function seenFromThere({ type, data }: Saying): Saying {
  const {
    replyTo,
    style,
    hints,
    originId: _,
    asks: __,
    encrypted: ___,
    ...rest
  } = data as Record<string, unknown> & {
    replyTo?: ReplyTo;
    hints?: readonly string[];
  };
  const asked = new Set(hints);
  if (type === "message.edited" && !asked.has("no-store") && !asked.has("no-permanent-store"))
    asked.add("store");
  const saysMore = type === "message.sent" || type === "message.edited";
  return {
    type,
    data: {
      ...rest,
      ...(replyTo && { replyTo: answeredFromThere(replyTo) }),
      ...(style === "plain" && { style }),
      ...(asked.size > 0 && { hints: hintNames.filter((hint) => asked.has(hint)) }),
      ...(saysMore && rest["kind"] !== "headline" && { asks: ["delivered", "displayed"] }),
    },
  };
}

type File = Readonly<Record<string, unknown>>;

/** Files come back with what their address and their name tell besides. */
function assertSame(back: Saying | undefined, said: Saying): void {
  const { attachments: got = [], ...data } = back?.data ?? {};
  const { attachments: given = [], ...expected } = said.data;
  assert.deepEqual({ type: back?.type, data }, { type: said.type, data: expected });
  assert.equal((got as File[]).length, (given as File[]).length);
  for (const [index, file] of (given as File[]).entries()) {
    const {
      name = (got as File[])[index]?.["name"],
      mediaType = (got as File[])[index]?.["mediaType"],
      description = name,
      ...rest
    } = file;
    const told = Object.fromEntries(
      Object.entries({ name, mediaType, ...rest }).filter(([, value]) => value !== undefined),
    );
    const { description: words, ...others } = (got as File[])[index] ?? {};
    assert.deepEqual(others, told);
    assert.equal(
      words,
      file["name"] === undefined && file["description"] === undefined ? undefined : description,
    );
  }
}

/** Types that go both ways. */
function isSaying(type: string): boolean {
  return Object.hasOwn(nativeData, type) && Object.hasOwn(deliveryData, type) && !type.startsWith("contact.");
}

function thereAndBack({ type, data }: Saying): Saying | undefined {
  const effects = decideSaying(ctx, nativeEvent(type as "message.sent", data), known);
  return effects && joined(heard(ctx, stanzasOf(effects)));
}

test("what a native user says comes to a bridge on the other side as it was said", () => {
  fc.assert(
    fc.property(fc.oneof(sent, edited, small), (said) => {
      // XEP-0393 says nothing; a subject is no longer than a status.
      assertSame(thereAndBack(said), seenFromThere(said));
    }),
    { numRuns: 1500 },
  );
});

test("each part of a retracted message is retracted", () => {
  fc.assert(
    fc.property(id, fc.nat({ max: 32 }), (message, parts) => {
      const effects =
        decideSaying(ctx, nativeEvent("message.retracted", { id: message, parts }), known) ?? [];
      const ids = heard(ctx, stanzasOf(effects)).map(({ data }) => data["id"]);
      assert.deepEqual(ids, [message, ...Array.from({ length: parts }, (_, n) => `${message}/${n + 1}`)]);
    }),
  );
});

/** A file without one of its dimensions. */
function withoutLoneDimension({ width, height, ...rest }: File): File {
  return width === undefined || height === undefined ? rest : { ...rest, width, height };
}

/** What a contact said, as far as a native user could say it; undefined where one could not. */
function sayable({ type, data }: Saying): Saying | undefined {
  const { originId: _, asks: __, encrypted: ___, attachments = [], ...rest } = data;
  const all = (attachments as File[]).map(withoutLoneDimension);
  const files = all.length === 0 ? {} : { attachments: all };
  const envelope = { specversion: "1.0", id: "e-1", source: "urn:chat", type, time: "2026-11-02T09:29:59Z" };
  const body = asciiJson({ ...envelope, data: { ...rest, ...files, user: "nina", contact } });
  const read = readNativeEvent(body, [domain]);
  if (!read.ok) return undefined;
  const { user: ____, contact: _____, domain: ______, ...said } = read.value.data as Record<string, unknown>;
  return { type, data: said };
}

/** Texts that become something else on their way, as the head of this file says. */
function isOther({ data }: Saying): boolean {
  const body = String(data["body"] ?? "x");
  if (/\/\d+$|^cw:/.test(String(data["id"]))) return true;
  const isQuoting = (data["replyTo"] as { quote?: string } | undefined)?.quote !== undefined;
  return /^\s*(?:\?OTR|aesgcm:|https:\S+\s*$)|^\s*$/i.test(body) || (isQuoting && /^\n/.test(body));
}

test("what a contact says survives being said back", () => {
  const compared: Record<string, number> = {};
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const parsed = parseStanza(nextStanza(makeRandom(seed)));
      if (!parsed.ok) return;
      for (const heardFirst of sayings(
        messageToEvent(makeContext(), parsed.value, allCapabilities).effects,
      )) {
        const said = sayable(heardFirst);
        if (said === undefined || isOther(said) || !isSaying(said.type)) continue;
        compared[said.type] = (compared[said.type] ?? 0) + 1;
        assertSame(thereAndBack(said), seenFromThere(said));
      }
    }),
    // Beside a file an address in capitals, a blank behind it.
    { numRuns: 4000, examples: [[-289_879_945]] },
  );
  assert.ok(Object.keys(compared).length === 7, JSON.stringify(compared));
  assert.ok((compared["message.sent"] ?? 0) > 500, JSON.stringify(compared));
});

test("a reply is to the same person, whoever looks", () => {
  for (const [author, there] of [
    ["user", "contact"],
    ["contact", "user"],
  ] as const) {
    const said: Saying = {
      type: "message.sent",
      data: { id: "m1", body: "Yes", replyTo: { id: "m0", author } },
    };
    assert.partialDeepStrictEqual(thereAndBack(said)?.data["replyTo"], { author: there });
  }
  assert.notEqual(ghost, contact);
});
