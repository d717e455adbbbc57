/** Counting senders in bounded memory. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { makeBuckets } from "#connector/buckets.ts";
import { makeInboundRates } from "#connector/inbound-rates.ts";
import { limits } from "#core/limits.ts";
import { ratesOf } from "#core/rates.ts";

const rate = { perS: 10, burst: 5 };

/** Whether a stanza of a key passes. */
function passes(buckets: ReturnType<typeof makeBuckets>, key: string, now: number): boolean {
  const look = buckets.look(key, now, rate, 1);
  if (look) buckets.take(look);
  return look !== undefined;
}

test("a flood of new keys neither grows the memory nor gives anybody a full bucket", () => {
  const buckets = makeBuckets(10);
  while (passes(buckets, "attacker", 0));
  for (let other = 0; other < 1_000; other += 1) {
    passes(buckets, `other-${other}`, 0);
    assert.ok(buckets.size <= 11);
  }
  assert.equal(passes(buckets, "attacker", 0), false);
  // Those who found no room share what one would have had.
  assert.equal(passes(buckets, "yet another", 0), false);
  assert.equal(passes(buckets, "attacker", 100), true);
});

test("whoever has paid back is forgotten first, and finds a full bucket as before", () => {
  const buckets = makeBuckets(3);
  for (const key of ["a", "b", "c"]) passes(buckets, key, 0);
  assert.equal(passes(buckets, "c", 90), true);
  assert.equal(passes(buckets, "d", 110), true);
  assert.equal(buckets.size, 3);
  for (let count = 0; count < 5; count += 1) assert.equal(passes(buckets, "e", 110), true);
  assert.equal(passes(buckets, "e", 110), false);
});

test("whatever comes, nobody gets more than with a memory without bounds", () => {
  const steps = fc.array(
    fc.record({ key: fc.integer({ min: 0, max: 12 }), afterMs: fc.integer({ min: 0, max: 80 }) }),
    {
      maxLength: 400,
    },
  );
  fc.assert(
    fc.property(steps, (coming) => {
      const bounded = makeBuckets(4);
      const passed = new Map<number, { at: number }[]>();
      let now = 0;
      for (const { key, afterMs } of coming) {
        now += afterMs;
        if (!passes(bounded, String(key), now)) continue;
        const mine = [...(passed.get(key) ?? []), { at: now }];
        passed.set(key, mine);
        for (const [first, { at }] of mine.entries()) {
          // A share of the common bucket comes on top of one's own, once.
          const most = 2 * (rate.burst + ((now - at) * rate.perS) / 1000);
          assert.ok(mine.length - first <= most + 0.01, `${mine.length - first} of ${most}`);
        }
      }
      assert.ok(bounded.size <= 5);
    }),
  );
});

test("the worst flood that the overall rate lets in leaves room for every sender and domain", () => {
  const rates = makeInboundRates(ratesOf(limits), limits);
  let passed = 0;
  for (let index = 0; index < 60_000; index += 1) {
    const sender = { bare: `a@d${index}.example`, domain: `d${index}.example` };
    if (rates.count(sender, "asks", 500, 1_000 + index / 1_000) === undefined) passed += 1;
  }
  assert.ok(passed >= limits.rateOverallBurst && passed < limits.rateBucketsMax, String(passed));
});

test("what the sender's own rate stops takes nothing from its domain, nor from everybody", () => {
  const rates = makeInboundRates(
    {
      sender: { perS: 1, burst: 5 },
      presence: rate,
      domain: { perS: 1, burst: 12 },
      overall: { perS: 1, burst: 14 },
    },
    limits,
  );
  const count = (bare: string, bytes = 100) =>
    rates.count({ bare, domain: bare.split("@")[1] ?? "" }, "asks", bytes, 0);
  for (let index = 0; index < 5; index += 1) assert.equal(count("flood@a"), undefined);
  for (let index = 0; index < 500; index += 1) assert.equal(count("flood@a"), "sender");
  for (let index = 0; index < 5; index += 1) assert.equal(count("calm@a"), undefined);
  // A long one counts as several.
  assert.equal(count("big@a", limits.rateStanzaBytes), undefined);
  assert.equal(count("late@a"), "domain");
  assert.equal(count("one@b"), undefined);
  assert.equal(count("two@b"), undefined);
  assert.equal(count("three@b"), "overall");
});

test("presence, results and errors are counted apart from what asks", () => {
  const rates = makeInboundRates(
    { ...ratesOf(limits), sender: { perS: 1, burst: 1 }, presence: { perS: 1, burst: 2 } },
    limits,
  );
  const alice = { bare: "alice@a", domain: "a" };
  const kinds = ["asks", "asks", "tells", "tells", "tells"] as const;
  assert.deepEqual(
    kinds.map((kind) => rates.count(alice, kind, 1, 0)),
    [undefined, "sender", undefined, undefined, "sender"],
  );
});
