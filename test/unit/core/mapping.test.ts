import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { limits } from "#core/limits.ts";
import { localpartOfUser, parseUserId, type UserId, userOfLocalpart } from "#core/mapping.ts";
import { hasForbiddenCharacters } from "#core/xmpp/codec.ts";
import { localpartOf, parseBareJid } from "#core/xmpp/jid.ts";

/** Pieces that have tripped mappings like this one: escapes, blanks, case, compatibility, combining, right to left. */
const pieces = [
  ..." \\;{}u@/'\"&:<>aAzZ0",
  ...["\\20", "\\5c", "\\5c20", "\\u41;", "\\u0041;", "\\u41", "\\u110000;", "\\40"],
  ...[
    "\u212a",
    "\u212b",
    "ß",
    "ẞ",
    "ς",
    "σ",
    "Σ",
    "İ",
    "ı",
    "ſ",
    "K",
    "Å",
    "å",
    "a\u030a",
    "\u030a",
    "ﬁ",
    "ŉ",
    "ǰ",
    "ΐ",
    "가",
    "각",
  ],
  ...[
    "\u1100",
    "\u1161",
    "\u11a8",
    "\u00ad",
    "\u200d",
    "\ufe0f",
    "\u3000",
    "\u00a0",
    "ー",
    "々",
    "カ",
    "ｶ",
    "ﾞ",
  ],
  ...["א", "م", "٣", "3", "😀", "𝒶", "\u{1fffe}", "\ufdfa", "\t", "\n", "jörg", "李雷", "O'Hara"],
];

const anyText = fc.oneof(
  fc.array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 12 }).map((all) => all.join("")),
  fc.string({ unit: "binary", minLength: 1, maxLength: 40 }),
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 }),
);
const anyUser = anyText.filter((text) => !hasForbiddenCharacters(text)).map(userId);

function userId(text: string): UserId {
  const user = parseUserId(text);
  assert.ok(user.ok, `${JSON.stringify(text)} is a user id`);
  return user.value;
}

/** What servers do to a localpart, whichever profile they follow. */
function prepare(localpart: string): string {
  return localpart.normalize("NFKC").toLowerCase().normalize("NFKC");
}

describe("mapping of user ids to localparts", () => {
  test("an id survives the way to a localpart and back", () => {
    fc.assert(fc.property(anyUser, (user) => userOfLocalpart(localpartOfUser(user)) === user));
  });

  test("two ids never share a localpart, not even after the server's preparation", () => {
    fc.assert(
      fc.property(anyUser, anyUser, (one, other) => {
        fc.pre(one !== other);
        return prepare(localpartOfUser(one)) !== prepare(localpartOfUser(other));
      }),
    );
  });

  test("ids that preparation would merge keep apart", () => {
    const merging = [
      "\u212b",
      "\u00c5",
      "\u00e5",
      "a\u030a",
      "A\u030a",
      "\u00e5\u00ad",
      "\uff21",
      "a",
      "A",
      "ß",
      "ss",
      "SS",
      "ẞ",
    ];
    const localparts = merging.map((id) => prepare(localpartOfUser(userId(id))));
    assert.equal(new Set(localparts).size, merging.length);
  });

  test("a localpart is a fixed point of preparation", () => {
    fc.assert(
      fc.property(anyUser, (user) => {
        const localpart = localpartOfUser(user);
        assert.equal(prepare(localpart), localpart);
        assert.equal(localpart.normalize("NFC"), localpart);
        // Full case folding, as nodeprep has it: ß to ss, ς to σ. Alone, for a final Σ lowers to ς.
        for (const char of localpart) assert.equal(char.toUpperCase().toLowerCase(), char);
      }),
    );
  });

  test("a localpart and a domain make an address that reads back unchanged", () => {
    fc.assert(
      fc.property(anyUser, (user) => {
        const localpart = localpartOfUser(user);
        const jid = parseBareJid(`${localpart}@im.example.com`);
        assert.ok(jid.ok);
        assert.equal(localpartOf(jid.value), localpart);
      }),
    );
  });

  test("a foreign localpart belongs to nobody, or is the very one that its user has", () => {
    fc.assert(
      fc.property(anyText, (localpart) => {
        const user = userOfLocalpart(localpart);
        if (user !== undefined) assert.equal(localpartOfUser(user), localpart);
      }),
    );
  });

  test("no localpart begins or ends with an escaped space", () => {
    fc.assert(
      fc.property(anyUser, (user) => {
        const localpart = localpartOfUser(userId(` ${user.slice(0, 4)} `.toWellFormed()));
        assert.ok(!localpart.startsWith("\\20") && !localpart.endsWith("\\20"));
      }),
    );
  });

  const written: readonly (readonly [id: string, localpart: string, why: string])[] = [
    ["nina", "nina", "plain ids stay"],
    ["a.b-c_d+e!f=g~h", "a.b-c_d+e!f=g~h", "safe punctuation stays"],
    ["jörg", "jörg", "composed letters stay"],
    ["李雷", "李雷", "Han stays"],
    ["мария", "мария", "Cyrillic stays"],
    ["佐々木ユーザー", "佐々木ユーザー", "iteration and length marks stay"],
    ["Jörg", "\\u4a;örg", "upper case is escaped"],
    ["o'hara", "o\\27hara", "XEP-0106"],
    [`a "&'/:<>@b`, "a\\20\\22\\26\\27\\2f\\3a\\3c\\3e\\40b", "all nine of XEP-0106"],
    ["a b", "a\\20b", "a space inside, XEP-0106"],
    [" a ", "\\u20;a\\u20;", "a space outside, our own"],
    [" ", "\\u20;", "a space alone"],
    ["\\", "\\5c", "the backslash"],
    ["\\20", "\\5c20", "what looks like an escape of XEP-0106"],
    ["\\u41;", "\\5cu41;", "what looks like an escape of ours"],
    ["straße", "stra\\udf;e", "ß folds to ss"],
    ["λόγος", "λόγο\\u3c2;", "ς folds to σ"],
    ["e\u0301", "e\\u301;", "combining marks recompose"],
    ["שלום", "\\u5e9;\\u5dc;\\u5d5;\\u5dd;", "right-to-left letters bind the whole localpart to rules"],
    ["😀", "\\u1f600;", "symbols"],
    ["a\nb", "a\\ua;b", "controls that XML allows"],
  ];
  for (const [id, localpart, why] of written) {
    test(`${JSON.stringify(id)} is written ${localpart}: ${why}`, () => {
      assert.equal(localpartOfUser(userId(id)), localpart);
      assert.equal(userOfLocalpart(localpart), id);
    });
  }

  const nobodys = [
    "",
    "Nina",
    "\\20a",
    "a\\20",
    "\\u41",
    "\\u041;",
    "\\u4A;",
    "\\u61;",
    "\\u40;",
    "\\u5c;",
    "\\ud800;",
    "\\u1;",
    "\\u110000;",
    "\\u1000000;",
    "\\",
    "a\\zz",
    "\\2F",
    "straße",
    "a@b",
    "e\u0301",
    "\ud800",
    "a".repeat(limits.jidPartBytesMax + 1),
    "\\u41;".repeat(100_000),
  ];
  for (const localpart of nobodys) {
    test(`localpart ${JSON.stringify(localpart.slice(0, 20))} (${localpart.length}) is nobody's`, () => {
      assert.equal(userOfLocalpart(localpart), undefined);
    });
  }

  test("the characters that stay readable are the same for ever, else users would change their addresses", () => {
    const readable = Array.from({ length: 0xd800 - 0x80 }, (_, index) => String.fromCodePoint(0x80 + index))
      .filter((char) => !hasForbiddenCharacters(char))
      .filter((char) => localpartOfUser(userId(char)) === char);
    assert.equal(readable.length, 39_277);
    const codePoints = readable.map((char) => char.codePointAt(0) ?? 0);
    assert.equal(
      codePoints.reduce((sum, codePoint) => (sum * 31 + codePoint) % 1_000_000_007, 0),
      482_161_065,
    );
  });
});

describe("user ids", () => {
  test("an id whose localpart takes all the bytes there are is taken, one byte more is refused", () => {
    const max = limits.jidPartBytesMax;
    assert.ok(parseUserId("a".repeat(max)).ok);
    assert.ok(!parseUserId("a".repeat(max + 1)).ok);
    assert.ok(parseUserId("ö".repeat(Math.floor(max / 2))).ok);
    assert.ok(!parseUserId("ö".repeat(Math.ceil(max / 2))).ok);
    assert.ok(parseUserId("A".repeat(Math.floor(max / "\\u41;".length))).ok);
    assert.ok(!parseUserId("A".repeat(Math.ceil(max / "\\u41;".length))).ok);
  });

  for (const text of ["", "\0", "a\u0001", "a\ud800", "\udc00a", "\uffff", "\ufffe"]) {
    test(`${JSON.stringify(text)} is refused`, () => {
      assert.ok(!parseUserId(text).ok);
    });
  }

  test("any text is taken or refused, never thrown at", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 2000 }), (text) => {
        const user = parseUserId(text);
        if (user.ok) assert.equal(user.value, text);
        else assert.notEqual(user.error, "");
      }),
    );
  });
});
