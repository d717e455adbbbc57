/** Token buckets against what they promise. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { takeTokens } from "#core/token-bucket.ts";

const rates = fc.record({
  perS: fc.integer({ min: 1, max: 5_000 }),
  burst: fc.integer({ min: 1, max: 1_000 }),
});
const arrivals = fc.array(
  fc.record({ afterMs: fc.integer({ min: 0, max: 2_000 }), cost: fc.integer({ min: 1, max: 40 }) }),
  { maxLength: 300 },
);

test("in no stretch of time more passes than a burst and what came meanwhile; what is refused costs nothing", () => {
  fc.assert(
    fc.property(rates, arrivals, (rate, coming) => {
      const passed: { at: number; cost: number }[] = [];
      let now = 1_000;
      let fullAt = 0;
      for (const { afterMs, cost } of coming) {
        now += afterMs;
        const next = takeTokens(fullAt, now, rate, cost);
        if (next === undefined) {
          // One token less in the bucket would be a reason; a full bucket is none.
          assert.ok(fullAt > now);
          continue;
        }
        assert.ok(next > now);
        fullAt = next;
        passed.push({ at: now, cost: Math.min(cost, rate.burst) });
      }
      for (let first = 0; first < passed.length; first += 7) {
        let sum = 0;
        for (const { at, cost } of passed.slice(first)) {
          sum += cost;
          const allowed = rate.burst + ((at - (passed[first]?.at ?? 0)) * rate.perS) / 1000;
          assert.ok(sum <= allowed + 0.01, `${sum} of ${allowed}`);
        }
      }
    }),
  );
});

test("a full bucket gives exactly its burst at once, and one token a tick afterwards", () => {
  fc.assert(
    fc.property(rates, (rate) => {
      let fullAt = 0;
      for (let count = 0; count < rate.burst; count += 1) {
        const next = takeTokens(fullAt, 5_000, rate, 1);
        assert.ok(next !== undefined);
        fullAt = next;
      }
      assert.equal(takeTokens(fullAt, 5_000, rate, 1), undefined);
      assert.notEqual(takeTokens(fullAt, 5_000 + 1000 / rate.perS, rate, 1), undefined);
    }),
  );
});
