/** What leaves in one call to SQS: never two of a group, never more than SQS takes, never turned around. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { nextBatch, type OutgoingMessage } from "#aws/queues.ts";
import { limits } from "#core/limits.ts";

const size = fc.oneof(
  fc.integer({ min: 0, max: 2_000 }),
  fc.integer({ min: limits.queueMessageBytesMax / 4, max: limits.queueMessageBytesMax }),
);
const message: fc.Arbitrary<OutgoingMessage> = fc.record(
  { body: size.map((bytes) => "x".repeat(bytes)), group: fc.constantFrom("a", "b", "c", "d") },
  { requiredKeys: ["body"] },
);
const messages = fc.array(message, { maxLength: 40, size: "max" });

/** Batches until nothing is pending; `taken` says which of a batch SQS takes. */
function batchesOf(
  all: readonly OutgoingMessage[],
  taken: (index: number, attempt: number) => boolean,
): number[][] {
  const batches: number[][] = [];
  let pending = all.map((_, index) => index);
  while (pending.length > 0) {
    const attempt = batches.length;
    const batch = nextBatch(all, pending);
    assert.ok(batch.length > 0, "it goes on");
    batches.push(batch);
    const sent = new Set(batch.filter((index) => taken(index, attempt)));
    pending = pending.filter((index) => !sent.has(index));
  }
  return batches;
}

const bytesOf = (all: readonly OutgoingMessage[], batch: readonly number[]) =>
  batch.reduce((sum, index) => sum + (all[index]?.body.length ?? 0), 0);

test("a batch holds at most ten messages, at most 1 MiB, and at most one of a group", () => {
  fc.assert(
    fc.property(messages, (all) => {
      for (const batch of batchesOf(all, () => true)) {
        assert.ok(batch.length <= limits.queueBatchMax);
        assert.ok(bytesOf(all, batch) <= limits.queueMessageBytesMax);
        const groups = batch.flatMap((index) => all[index]?.group ?? []);
        assert.equal(new Set(groups).size, groups.length);
      }
    }),
  );
});

test("everything leaves once, each group in its order", () => {
  fc.assert(
    fc.property(messages, (all) => {
      const sent = batchesOf(all, () => true).flat();
      assert.deepEqual(
        [...sent].sort((a, b) => a - b),
        all.map((_, index) => index),
      );
      for (const group of ["a", "b", "c", "d"]) {
        const ofGroup = sent.filter((index) => all[index]?.group === group);
        assert.deepEqual(
          ofGroup,
          [...ofGroup].sort((a, b) => a - b),
        );
      }
    }),
  );
});

test("the order of a group holds whichever messages of a batch SQS does not take", () => {
  fc.assert(
    fc.property(messages, fc.infiniteStream(fc.boolean()), (all, lucky) => {
      const sent: number[] = [];
      batchesOf(all, (index, attempt) => {
        // In the end everything is taken.
        const taken = attempt > 30 || lucky.next().value === true;
        if (taken) sent.push(index);
        return taken;
      });
      for (const group of ["a", "b", "c", "d"]) {
        const ofGroup = sent.filter((index) => all[index]?.group === group);
        assert.deepEqual(
          ofGroup,
          [...ofGroup].sort((a, b) => a - b),
        );
      }
    }),
  );
});

test("calls are few: small messages of many groups leave in tens", () => {
  const all = Array.from({ length: 40 }, (_, n) => ({ body: "x", group: `g${n}` }));
  assert.equal(batchesOf(all, () => true).length, 4);
});
