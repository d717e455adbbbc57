import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { backoffMs } from "#connector/backoff.ts";

const bounds = { msMin: 500, msMax: 30_000 };

test("the wait stays within its bounds, whatever the failures and the dice", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 10_000 }),
      fc.double({ min: 0, max: 0.999999, noNaN: true }),
      (n, r) => {
        const ms = backoffMs(n, r, bounds);
        assert.ok(ms >= bounds.msMin && ms <= bounds.msMax, String(ms));
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
