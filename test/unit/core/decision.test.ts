import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { stanzaCauseId, stanzaMark } from "#core/decision.ts";

const number = fc.nat({ max: 2 ** 31 - 1 });

test("marks of stanzas sort as their streams and sequences do, and say whose they are", () => {
  fc.assert(
    fc.property(number, number, number, number, (fenceA, seqA, fenceB, seqB) => {
      const [a, b] = [stanzaMark(fenceA, seqA), stanzaMark(fenceB, seqB)];
      assert.equal(Math.sign(a < b ? -1 : a > b ? 1 : 0), Math.sign(fenceA - fenceB || seqA - seqB));
      assert.equal(stanzaCauseId(a), `${fenceA}.${seqA}`);
    }),
  );
});
