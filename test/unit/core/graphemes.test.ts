import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { splitGraphemes } from "#core/graphemes.ts";

const graphemesOf = (text: string) =>
  [...new Intl.Segmenter("en").segment(text)].map(({ segment }) => segment);

test("a text that fits stays whole", () => {
  assert.deepEqual(splitGraphemes("", 16, 1), [""]);
  assert.deepEqual(splitGraphemes("0123456789abcdef", 16, 1), ["0123456789abcdef"]);
  // Longer in UTF-16 units, and yet one character for people.
  assert.deepEqual(splitGraphemes("👩‍👩‍👧‍👦", 1, 1), ["👩‍👩‍👧‍👦"]);
});

test("a longer one is cut between graphemes: families, flags, marks and line ends stay whole", () => {
  assert.deepEqual(splitGraphemes("ab👩‍👩‍👧‍👦e\u0301🇩🇪\r\nz", 2, 4), [
    "ab",
    "👩‍👩‍👧‍👦e\u0301",
    "🇩🇪\r\n",
    "z",
  ]);
});

test("the pieces are the text, each as full as may be", () => {
  const text = fc.string({ unit: "grapheme", maxLength: 80 });
  fc.assert(
    fc.property(text, fc.integer({ min: 1, max: 20 }), (whole, most) => {
      const pieces = splitGraphemes(whole, most, 80) ?? [];
      assert.equal(pieces.join(""), whole);
      const sizes = pieces.map((piece) => graphemesOf(piece).length);
      assert.ok(sizes.every((size, index) => (index < sizes.length - 1 ? size === most : size <= most)));
    }),
  );
});

test("more pieces than are wanted are none", () => {
  assert.deepEqual(splitGraphemes("abcdef", 2, 3), ["ab", "cd", "ef"]);
  assert.equal(splitGraphemes("abcdefg", 2, 3), undefined);
  assert.equal(splitGraphemes("ab", 1, 1), undefined);
});

test("250,000 characters are cut into as many pieces as they make", () => {
  assert.equal(splitGraphemes("x".repeat(250_000), 1000, 250)?.length, 250);
});
