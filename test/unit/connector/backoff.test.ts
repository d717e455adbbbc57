import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { backoffMs, failuresAfter } from "#connector/backoff.ts";

const bounds = { backoffMsMin: 500, backoffMsMax: 30_000 };

test("the wait stays within its bounds, whatever the failures and the dice", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 10_000 }),
      fc.double({ min: 0, max: 0.999999, noNaN: true }),
      (n, r) => {
        const ms = backoffMs(n, r, bounds);
        assert.ok(ms >= bounds.backoffMsMin && ms <= bounds.backoffMsMax, String(ms));
      },
    ),
  );
});

test("the bound doubles with each failure up to the longest wait", () => {
  const longest = [1, 2, 3, 4, 5, 6, 7, 8].map((failures) => backoffMs(failures, 1, bounds));
  assert.deepEqual(longest, [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
});

test("two connectors that failed together wait differently", () => {
  assert.notEqual(backoffMs(3, 0.1, bounds), backoffMs(3, 0.9, bounds));
});

/** The pauses before streams that are up for so long each, with the longest that the dice allow. */
function pausesOf(upMs: readonly number[], displaced = false): number[] {
  let [failures, waitMs] = [0, 0];
  return upMs.map((ms) => {
    failures = failuresAfter(failures, { upMs: ms, waitedMs: waitMs, displaced }, bounds);
    waitMs = backoffMs(failures, 1, bounds);
    return waitMs;
  });
}

test("a server that never lets us in is asked less and less often", () => {
  assert.deepEqual(pausesOf([0, 0, 0, 0, 0, 0, 0]), [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  // Nor is one that throws us out again and again.
  assert.deepEqual(pausesOf([5, 5, 5, 5, 5, 5, 5]), [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
});

test("a link that breaks every ten seconds is up again soon each time", () => {
  assert.deepEqual(pausesOf([10_000, 10_000, 10_000, 10_000, 10_000]), [1000, 1000, 1000, 1000, 1000]);
});

test("two connectors that displace each other come back less and less often", () => {
  assert.deepEqual(pausesOf([5_000, 5_000, 10_000, 20_000, 25_000], true), [1000, 2000, 4000, 8000, 16_000]);
  assert.deepEqual(pausesOf([5_000, 5_000, 30_001], true), [1000, 2000, 1000]);
});

test("a stream that was up for longer than the pause before it is followed by the shortest pause", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 60_000 })), (upMs) => {
      const pauses = pausesOf(upMs);
      for (const [index, ms] of upMs.entries()) {
        const before = pauses[index - 1] ?? 0;
        if (ms > before) assert.equal(pauses[index], 2 * bounds.backoffMsMin);
      }
    }),
  );
});
