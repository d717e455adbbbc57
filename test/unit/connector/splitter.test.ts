import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { makeSplitter, type Piece } from "#connector/splitter.ts";

const limits = { stanzaInBytesMax: 1000, stanzaDepthMax: 5, stanzaPartsMax: 100 };
const opening = "<stream:stream xmlns='jabber:component:accept' from='a&gt;b'>";
const declaration = "<?xml version='1.0'?>";

/** Splits bytes that come in the given sizes, as one reused buffer like a socket's. */
function split(bytes: Buffer, sizes: readonly number[] = []): Piece[] {
  const splitter = makeSplitter(limits);
  const pieces: Piece[] = [];
  const reused = Buffer.alloc(bytes.length);
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes.length === 0 ? bytes.length : (sizes[turn % sizes.length] ?? 1);
    const length = bytes.copy(reused, 0, at, at + size);
    at += length;
    splitter.push(reused.subarray(0, length));
    for (let piece = splitter.next(); piece; piece = splitter.next()) pieces.push(piece);
    reused.fill("x");
  }
  return pieces;
}

const text = fc
  .string({ unit: "binary", maxLength: 12 })
  .map((raw) => raw.replace(/[&<]/g, (char) => (char === "&" ? "&amp;" : "&lt;")).replaceAll("\ufffd", "?"));
const value = text.map((raw) => raw.replaceAll("'", "&apos;"));
const { element } = fc.letrec<{ element: string }>((tie) => ({
  element: fc
    .tuple(
      fc.constantFrom("message", "iq", "x:y"),
      value,
      fc.oneof(
        { maxDepth: 3 },
        fc.constant(undefined),
        text,
        text.map((raw) => `<![CDATA[<${raw.replaceAll("]]>", "")}]]>`),
        fc.tuple(text, tie("element"), text).map((parts) => parts.join("")),
      ),
    )
    .map(([name, attr, inner]) =>
      inner === undefined ? `<${name} a='${attr}>'/>` : `<${name} a='${attr}'>${inner}</${name} >`,
    ),
}));

test("however the bytes are cut, the same elements come out whole", () => {
  fc.assert(
    fc.property(
      fc.array(element, { maxLength: 5 }),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 }),
      (elements, sizes) => {
        fc.pre(elements.every((xml) => Buffer.byteLength(xml) <= limits.stanzaInBytesMax));
        const stream = Buffer.from(`${declaration}\n${opening}\n ${elements.join(" \n")}</stream:stream>`);
        const pieces = split(stream, sizes);
        assert.deepEqual(
          pieces.map((piece) => ("xml" in piece ? piece.xml : piece)),
          [opening, ...elements, "</stream:stream>"],
        );
      },
    ),
  );
});

test("bytes that come before the last ones are used up are put behind them", () => {
  const splitter = makeSplitter(limits);
  const stanzas = Array.from({ length: 6 }, (_, index) => `<iq id='${index}'/>`);
  const elements: string[] = [];
  splitter.push(Buffer.from(`${opening}${stanzas.slice(0, 3).join("")}<iq`));
  assert.equal(splitter.next()?.kind, "opening");
  splitter.push(Buffer.from(`${stanzas[3]?.slice(3)}${stanzas[4]}`));
  splitter.push(Buffer.from(stanzas[5] ?? ""));
  assert.equal(splitter.ahead(), stanzas.join("").length);
  for (let piece = splitter.next(); piece; piece = splitter.next()) {
    if (piece.kind === "element") elements.push(piece.xml);
  }
  assert.deepEqual(elements, stanzas);
});

test("an oversized element is thrown away with its opening tag kept, and the next one is whole", () => {
  const big = `<message id='m' to='n@x'>${"y".repeat(5000)}</message>`;
  const pieces = split(Buffer.from(`${opening}${big}<iq/>`), [64]);
  assert.deepEqual(pieces.slice(1), [
    { kind: "refused", reason: "oversized", head: "<message id='m' to='n@x'>", bytes: big.length },
    { kind: "element", xml: "<iq/>", bytes: 5 },
  ]);
});

test("an element of exactly the limit passes, one byte more does not", () => {
  const fit = `<a>${"y".repeat(limits.stanzaInBytesMax - 7)}</a>`;
  assert.equal(split(Buffer.from(opening + fit), [10]).at(-1)?.kind, "element");
  assert.equal(split(Buffer.from(opening + fit.replace("y", "yy")), [10]).at(-1)?.kind, "refused");
  assert.equal(split(Buffer.from(opening + fit.replace("y", "yy"))).at(-1)?.kind, "refused");
});

test("an opening tag above the limit leaves no head to answer", () => {
  const pieces = split(Buffer.from(`${opening}<message a='${"y".repeat(2000)}'/>`), [100]);
  assert.deepEqual(pieces.at(-1), { kind: "refused", reason: "oversized", bytes: 2015 });
});

test("an element nested too deeply is thrown away whole", () => {
  const deep = `<m>${"<a>".repeat(5)}${"</a>".repeat(5)}</m>`;
  const fits = `<m>${"<a>".repeat(4)}${"</a>".repeat(4)}</m>`;
  const pieces = split(Buffer.from(`${opening}${deep}${fits}`));
  assert.deepEqual(pieces.slice(1), [
    { kind: "refused", reason: "too-deep", head: "<m>", bytes: deep.length },
    { kind: "element", xml: fits, bytes: fits.length },
  ]);
});

test("an empty element is as deep as one with an end", () => {
  const within = (levels: number) => `<m>${"<a>".repeat(levels)}<b/>${"</a>".repeat(levels)}</m>`;
  const [deep, fits] = [within(4), within(3)];
  assert.deepEqual(split(Buffer.from(`${opening}${deep}${fits}`)).slice(1), [
    { kind: "refused", reason: "too-deep", head: "<m>", bytes: deep.length },
    { kind: "element", xml: fits, bytes: fits.length },
  ]);
});

test("bytes count, not characters", () => {
  const [, piece] = split(Buffer.from(`${opening}<a>你好</a>`));
  assert.deepEqual(piece, { kind: "element", xml: "<a>你好</a>", bytes: 13 });
});

test("what was read and made no piece yet is known", () => {
  const splitter = makeSplitter(limits);
  splitter.push(Buffer.from(`${opening}<a/><b>1`));
  assert.equal(splitter.next()?.kind, "opening");
  assert.equal(splitter.ahead(), 8);
  assert.equal(splitter.next()?.kind, "element");
  assert.equal(splitter.next(), undefined);
  assert.equal(splitter.ahead(), 4);
});

test("an element of too many elements and attributes is thrown away, and the next one is whole", () => {
  const most = `<m a="1">${"<x/>".repeat(96)}<y b='2'></y></m>`;
  const more = `<m a="1">${"<x/>".repeat(97)}<y b='2'></y></m>`;
  assert.deepEqual(split(Buffer.from(`${opening}${most}${more}${most}`)).slice(1), [
    { kind: "element", xml: most, bytes: most.length },
    { kind: "refused", reason: "too-many-parts", head: '<m a="1">', bytes: more.length },
    { kind: "element", xml: most, bytes: most.length },
  ]);
});

for (const [what, bytes] of [
  ["a comment", "<!-- x -->"],
  ["a document type", "<!DOCTYPE x>"],
  ["an instruction", "<?php ?>"],
  ["a tag inside a tag", "<a <b>"],
  ["an empty tag", "<>"],
] as const) {
  test(`${what} breaks the stream for good`, () => {
    const pieces = split(Buffer.from(`${opening}<iq/>${bytes}<iq/>`));
    assert.deepEqual(
      pieces.map(({ kind }) => kind),
      ["opening", "element", "broken"],
    );
  });
}

test("nothing is read behind the closing tag", () => {
  const pieces = split(Buffer.from(`${opening}</stream:stream><iq/>`));
  assert.deepEqual(
    pieces.map(({ kind }) => kind),
    ["opening", "closing"],
  );
});
