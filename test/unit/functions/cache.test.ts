import assert from "node:assert/strict";
import { test } from "node:test";
import { limits } from "#core/limits.ts";
import { makeCache } from "#functions/cache.ts";

test("an entry is remembered for its time, and not after it", () => {
  let now = 1_000_000;
  const cache = makeCache<string>(() => now, 10);
  cache.put("key", "value");
  now += 10;
  assert.equal(cache.get("key"), "value");
  now += 1;
  assert.equal(cache.get("key"), undefined);
});

test("a clock that is set back makes no entry last longer", () => {
  let now = 1_000_000;
  const cache = makeCache<string>(() => now, 10);
  cache.put("key", "value");
  now -= 3_600_000;
  assert.equal(cache.get("key"), undefined);
});

test("the oldest entry makes room", () => {
  const cache = makeCache<number>(() => 0);
  for (let index = 0; index <= limits.profileCacheMax; index++) cache.put(`${index}`, index);
  assert.equal(cache.get("0"), undefined);
  assert.equal(cache.get("1"), 1);
});
