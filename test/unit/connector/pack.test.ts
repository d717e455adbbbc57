import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { fillCall, type Pack } from "#connector/pack.ts";
import { packOverheadBytes, writePack } from "#core/contract/envelope.ts";

const limits = { packBytesMax: 200, queueMessageBytesMax: 500, queueBatchMax: 10 };
const nothing = { messages: 0, bytes: 0, lanes: new Set<string>() };

interface Item {
  readonly lane: string | undefined;
  readonly encoded: string;
}

/** Items that a message can hold; each holds its number, so that order shows. */
const items = (lane: fc.Arbitrary<string | undefined>) =>
  fc
    .array(
      fc.tuple(
        lane,
        fc.oneof(fc.integer({ min: 0, max: 80 }), fc.integer({ min: 0, max: 480 - packOverheadBytes })),
      ),
      { maxLength: 60 },
    )
    .map((raw) =>
      raw.map(([of, size], index): Item => ({ lane: of, encoded: String(index).padEnd(size, ".") })),
    );

/** All calls until nothing is left. */
function fillAll(pending: readonly Item[]): (readonly Pack<Item>[])[] {
  const calls: (readonly Pack<Item>[])[] = [];
  let rest = pending;
  while (rest.length > 0) {
    const call = fillCall(rest, nothing, limits);
    assert.notEqual(call.packs.length, 0, "a call must always take something");
    calls.push(call.packs);
    rest = call.rest;
  }
  return calls;
}

function checkSizes(calls: readonly (readonly Pack<Item>[])[]): void {
  for (const packs of calls) {
    const sizes = packs.map((pack) => writePack(pack.items.map(({ encoded }) => encoded)).length);
    assert.deepEqual(
      sizes,
      packs.map(({ bytes }) => bytes),
    );
    assert.ok(packs.length <= limits.queueBatchMax);
    assert.ok(sizes.reduce((sum, size) => sum + size, 0) <= limits.queueMessageBytesMax);
    for (const pack of packs) assert.ok(pack.items.length === 1 || pack.bytes <= limits.packBytesMax);
  }
}

test("lanes keep their order, nothing is lost or doubled, sizes hold, one message per lane and call", () => {
  fc.assert(
    fc.property(items(fc.constantFrom("lane-0", "lane-1", "lane-2", "lane-3")), (pending) => {
      const calls = fillAll(pending);
      checkSizes(calls);
      for (const packs of calls) {
        assert.equal(new Set(packs.map(({ lane }) => lane)).size, packs.length);
        for (const pack of packs) assert.ok(pack.items.every(({ lane }) => lane === pack.lane));
      }
      const sent = calls.flat().flatMap(({ items }) => items);
      for (const lane of new Set(pending.map((item) => item.lane))) {
        assert.deepEqual(
          sent.filter((item) => item.lane === lane),
          pending.filter((item) => item.lane === lane),
        );
      }
      assert.equal(sent.length, pending.length);
    }),
  );
});

test("without lanes any items share messages, and nothing is lost", () => {
  fc.assert(
    fc.property(items(fc.constant(undefined)), (pending) => {
      const calls = fillAll(pending);
      checkSizes(calls);
      assert.deepEqual(
        calls.flat().flatMap(({ items }) => items),
        pending,
      );
    }),
  );
});

test("small items of one lane share one message", () => {
  const pending = Array.from({ length: 5 }, (_, i): Item => ({ lane: "lane-0", encoded: String(i) }));
  const { packs, rest } = fillCall(pending, nothing, limits);
  assert.deepEqual(
    packs.map(({ items }) => items),
    [pending],
  );
  assert.deepEqual(rest, []);
});

test("a lane that already has a message in the call waits, others do not", () => {
  const pending: Item[] = [
    { lane: "lane-0", encoded: "a" },
    { lane: "lane-1", encoded: "b" },
  ];
  const { packs, rest } = fillCall(pending, { messages: 1, bytes: 100, lanes: new Set(["lane-0"]) }, limits);
  assert.deepEqual(
    packs.map(({ lane }) => lane),
    ["lane-1"],
  );
  assert.deepEqual(rest, [pending[0]]);
});
