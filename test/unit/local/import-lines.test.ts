/** Lines with their places in a file. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { type Line, lineBytesMax, splitLines } from "#local/import/lines.ts";

const beginning = { line: 0, offset: 0 };

async function linesOf(bytes: Buffer, chunkBytes: number, start = beginning): Promise<Line[]> {
  async function* chunks(): AsyncGenerator<Buffer> {
    for (let from = start.offset; from < bytes.length; from += chunkBytes)
      yield bytes.subarray(from, Math.min(from + chunkBytes, bytes.length));
  }
  return await Array.fromAsync(splitLines(chunks(), start));
}

const textsOf = async (bytes: Buffer | string, chunkBytes = 5) =>
  (await linesOf(Buffer.from(bytes), chunkBytes)).map(({ text }) => text);

describe("lines", () => {
  test("end with LF or CRLF, and the last one with the file", async () => {
    assert.deepEqual(await textsOf("one\ntwo\r\n\nfour"), ["one", "two", "", "four"]);
    assert.deepEqual(await textsOf("one\n"), ["one"]);
    assert.deepEqual(await textsOf(""), []);
  });

  test("do not end at other separators, which JSON may hold", async () => {
    assert.deepEqual(await textsOf("a\u2028b\u0085c\rd\ne"), ["a\u2028b\u0085c\rd", "e"]);
  });

  test("lose the byte order mark that some programs write", async () => {
    assert.deepEqual(await textsOf("\ufeffuser,contact"), ["user,contact"]);
  });

  test("come whole however the file is cut, and from behind each of them the rest can be read", async () => {
    const file = fc.array(fc.string({ unit: "binary" }), { maxLength: 8 }).map((texts) => texts.join("\n"));
    await fc.assert(
      fc.asyncProperty(file, fc.integer({ min: 1, max: 9 }), async (text, chunkBytes) => {
        const bytes = Buffer.from(text);
        const all = await linesOf(bytes, bytes.length + 1);
        assert.deepEqual(await linesOf(bytes, chunkBytes), all);
        for (const [index, { number, end }] of all.entries()) {
          assert.equal(number, index + 1);
          const rest = await linesOf(bytes, chunkBytes, { line: number, offset: end });
          assert.deepEqual(rest, all.slice(index + 1));
        }
        assert.equal(all.at(-1)?.end ?? 0, bytes.length);
      }),
    );
  });

  test("that are no UTF-8 say so, and the next one is well", async () => {
    const bytes = Buffer.concat([Buffer.from("caf\xe9,x\n", "latin1"), Buffer.from("café")]);
    const [bad, good] = await linesOf(bytes, 3);
    assert.match(bad?.problem?.text ?? "", /UTF-8/);
    assert.equal(good?.text, "café");
    assert.equal(good?.problem, undefined);
  });

  test("that are too long keep their beginning only, and the next one is well", async () => {
    const longest = "x".repeat(lineBytesMax);
    const [fits, long, after] = await linesOf(Buffer.from(`${longest}\n${longest.repeat(5)}\nafter`), 10_000);
    assert.equal(fits?.problem, undefined);
    assert.match(long?.problem?.text ?? "", /longer than/);
    assert.equal(long?.text, longest);
    assert.deepEqual([after?.number, after?.text], [3, "after"]);
  });
});
