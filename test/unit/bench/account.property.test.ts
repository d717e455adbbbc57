/** Losses, doubles, swaps and the like are put into a log on purpose: each must be found, and nothing else. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { type Arrival, account, type Figures, judge, type PairLog } from "#bench/faults/account.ts";

const arrival = (sequence: number, id = `id ${sequence}`, stored = false): Arrival => ({
  sequence,
  id,
  stored,
});

/** A pair of which every message has arrived, once and in order. */
function whole(sent: number): PairLog {
  const arrivals = Array.from({ length: sent }, (_, sequence) => arrival(sequence));
  const onLink = new Set(arrivals.map(({ sequence }) => sequence));
  return { sent, uncertain: new Set(), arrivals, told: new Set(), setAside: new Set(), onLink };
}

function verdict(inbound: readonly PairLog[], outbound: readonly PairLog[], more = {}): string[] {
  const allowed = { inboundLostMax: 0, repeats: false, late: false, bounces: false, ...more };
  return judge({ inbound: account(inbound), outbound: account(outbound), takeOverMs: [] }, allowed);
}

const without = (log: PairLog, gone: ReadonlySet<number>): PairLog => ({
  ...log,
  arrivals: log.arrivals.filter(({ sequence }) => !gone.has(sequence)),
});

/** Lengths of some pairs, one of the pairs, and some of its messages. */
const scene = fc
  .array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 5 })
  .chain((lengths) => fc.tuple(fc.constant(lengths), fc.nat(lengths.length - 1)))
  .chain(([lengths, index]) => {
    const all = Array.from({ length: lengths[index] ?? 1 }, (_, sequence) => sequence);
    return fc.record({
      lengths: fc.constant(lengths),
      index: fc.constant(index),
      chosen: fc.subarray(all, { minLength: 1 }).map((some) => new Set(some)),
    });
  });

/** All pairs whole, but for one that is changed. */
function changed(lengths: readonly number[], index: number, change: (log: PairLog) => PairLog): PairLog[] {
  return lengths.map((length, at) => (at === index ? change(whole(length)) : whole(length)));
}

/** These figures, and all else as if nothing had happened. */
function assertFigures(logs: readonly PairLog[], expected: Partial<Figures>): void {
  const sent = logs.reduce((sum, log) => sum + log.sent, 0);
  const none = account([]);
  assert.deepEqual(account(logs), { ...none, sent, accepted: sent, arrived: sent, ...expected });
}

describe("an account", () => {
  test("finds nothing where all is well", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(30)), (lengths) => {
        const logs = lengths.map(whole);
        assertFigures(logs, {});
        assert.deepEqual(verdict(logs, logs), []);
      }),
    );
  });

  test("finds every loss, and those that are no loss", () => {
    fc.assert(
      fc.property(scene, ({ lengths, index, chosen }) => {
        const count = chosen.size;
        const lost = changed(lengths, index, (log) => without(log, chosen));
        const sent = lengths.reduce((sum, length) => sum + length, 0);
        assertFigures(lost, { arrived: sent - count, lost: count });
        assert.deepEqual(verdict(lost, []), [`${count} inbound lost, at most 0`]);
        assert.deepEqual(verdict([], lost), [`${count} outbound lost`]);
        assert.deepEqual(verdict(lost, [], { inboundLostMax: count }), []);
        assert.equal(verdict(lost, [], { inboundLostMax: count - 1 }).length, 1);

        const never = changed(lengths, index, (log) => {
          const onLink = new Set([...log.onLink].filter((each) => !chosen.has(each)));
          return { ...without(log, chosen), onLink };
        });
        assertFigures(never, { arrived: sent - count, lost: count, lostBeforeLink: count });
        assert.deepEqual(verdict([], never), [`${count} outbound lost`]);

        const told = changed(lengths, index, (log) => ({ ...without(log, chosen), told: chosen }));
        assertFigures(told, { arrived: sent - count, told: count });
        assert.deepEqual(verdict(told, []), [`${count} inbound bounced`]);
        assert.deepEqual(verdict(told, [], { bounces: true }), []);
        assert.deepEqual(verdict([], told, { bounces: true }), [`${count} outbound failed`]);

        const aside = changed(lengths, index, (log) => ({ ...without(log, chosen), setAside: chosen }));
        assertFigures(aside, { arrived: sent - count, setAside: count });
        assert.deepEqual(verdict(aside, [], { late: true }), []);
        assert.deepEqual(verdict(aside, aside), [
          `${count} outbound set aside`,
          `${count} inbound set aside`,
        ]);

        const uncertain = changed(lengths, index, (log) => ({ ...without(log, chosen), uncertain: chosen }));
        assertFigures(uncertain, { accepted: sent - count, arrived: sent - count });
        assert.deepEqual(verdict(uncertain, uncertain), []);
      }),
    );
  });

  test("finds what comes again, wherever, under its own id or another", () => {
    fc.assert(
      fc.property(scene, fc.infiniteStream(fc.nat(100)), ({ lengths, index, chosen }, places) => {
        const again = (idOf: (sequence: number) => string) =>
          changed(lengths, index, (log) => {
            const arrivals = [...log.arrivals];
            for (const sequence of chosen) {
              // Behind the first, as a repeat is.
              const first = arrivals.findIndex((each) => each.sequence === sequence);
              const place = first + 1 + ((places.next().value ?? 0) % (arrivals.length - first));
              arrivals.splice(place, 0, arrival(sequence, idOf(sequence)));
            }
            return { ...log, arrivals };
          });
        const repeats = again((sequence) => `id ${sequence}`);
        assertFigures(repeats, { repeats: chosen.size });
        assert.deepEqual(verdict(repeats, repeats, { repeats: true }), []);
        assert.deepEqual(verdict([], repeats), [`${chosen.size} outbound repeated`]);
        const doubles = again((sequence) => `other ${sequence}`);
        assertFigures(doubles, { doubled: chosen.size });
        assert.deepEqual(verdict(doubles, [], { repeats: true }), [
          `${chosen.size} inbound under a second id`,
        ]);
      }),
    );
  });

  test("finds what has come behind a later one", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 30 }), fc.nat(), fc.nat(), (length, some, other) => {
        const from = some % (length - 1);
        const to = from + 1 + (other % (length - 1 - from));
        const log = whole(length);
        const arrivals = [...log.arrivals];
        arrivals.splice(to, 0, ...arrivals.splice(from, 1));
        const late = [{ ...log, arrivals }];
        assertFigures(late, { outOfOrder: 1 });
        assert.deepEqual(verdict(late, late), ["1 outbound out of order", "1 inbound out of order"]);
      }),
    );
  });

  test("lets what a server had stored have an order of its own", () => {
    const arrivals = [arrival(0), arrival(2), arrival(1, "id 1", true), arrival(3)];
    assertFigures([{ ...whole(4), arrivals }], {});
    const turned = [arrival(2, "id 2", true), arrival(1, "id 1", true), arrival(0), arrival(3)];
    assertFigures([{ ...whole(4), arrivals: turned }], { outOfOrder: 1 });
  });

  test("finds what has arrived although its sender was told that it will not", () => {
    const told = [{ ...whole(3), told: new Set([1]) }];
    assertFigures(told, { told: 1, contradicted: 1 });
    assert.deepEqual(verdict(told, [], { bounces: true }), ["1 inbound arrived and told or set aside"]);
  });

  test("finds a take-over that took too long, where a time is promised", () => {
    const figures = { inbound: account([]), outbound: account([]) };
    const allowed = { inboundLostMax: 0, repeats: false, late: false, bounces: false };
    fc.assert(
      fc.property(fc.array(fc.nat(20_000)), fc.nat(20_000), (takeOverMs, takeOverMsMax) => {
        const seen = { ...figures, takeOverMs };
        assert.deepEqual(judge(seen, allowed), []);
        const isBroken = takeOverMs.some((ms) => ms > takeOverMsMax);
        assert.equal(judge(seen, { ...allowed, takeOverMsMax }).length, isBroken ? 1 : 0);
      }),
    );
    const said = judge({ ...figures, takeOverMs: [400, 2310, 900] }, { ...allowed, takeOverMsMax: 2000 });
    assert.deepEqual(said, ["take-over took 2,310 ms, at most 2,000"]);
  });
});
