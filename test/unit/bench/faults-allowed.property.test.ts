/** What a fault may cost: no more than was struck, whatever was lost. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { allowedBy, type Struck } from "#bench/faults/allowed.ts";
import { catalogue } from "#bench/faults/catalogue.ts";
import type { Fault } from "#bench/faults/fault.ts";

const faultOf = (more: Partial<Fault>): Fault => ({
  ...{ name: "any", summary: "anything", inboundLoss: "none", repeats: false, lastsS: 1 },
  strike: async () => {},
  ...more,
});

const struck: fc.Arbitrary<Struck> = fc.record({
  server: fc.constantFrom("prosody", "ejabberd"),
  full: fc.boolean(),
  ratePerS: fc.integer({ min: 1, max: 1000 }),
  strokes: fc.nat(20),
  underWay: fc.nat(1000),
  swallowed: fc.nat(1000),
  lostBeforeLink: fc.nat(1000),
});

const lostMaxOf = (inboundLoss: Fault["inboundLoss"], run: Struck) =>
  allowedBy(faultOf({ inboundLoss }), run).inboundLostMax;

describe("what a fault may cost", () => {
  test("of a stream that is closed in order: what ejabberd never wrote, and a moment's worth at most", () => {
    fc.assert(
      fc.property(struck, (run) => {
        const max = lostMaxOf("ending", run);
        if (run.server === "prosody") assert.equal(max, 0);
        else {
          const perStroke = run.ratePerS / 20;
          assert.ok(max <= run.lostBeforeLink);
          assert.ok(max < run.strokes * (perStroke + 1) || max === 0);
          assert.ok(max === run.lostBeforeLink || max >= run.strokes * perStroke);
        }
      }),
    );
  });

  test("the numbers of a run of ten strokes at 333 messages a second, and of a short one", () => {
    const run = { server: "ejabberd", full: true, underWay: 47, swallowed: 2 } as const;
    const long = { ...run, ratePerS: 20_000 / 60, strokes: 10 };
    assert.equal(lostMaxOf("ending", { ...long, lostBeforeLink: 7 }), 7);
    assert.equal(lostMaxOf("ending", { ...long, lostBeforeLink: 400 }), 170);
    assert.equal(lostMaxOf("ending", { ...run, ratePerS: 100, strokes: 1, lostBeforeLink: 9 }), 5);
    assert.equal(lostMaxOf("window", { ...long, lostBeforeLink: 7 }), 1049);
  });

  test("without a stroke, and where a fault loses nothing: nothing", () => {
    fc.assert(
      fc.property(struck, (run) => {
        assert.equal(lostMaxOf("none", run), 0);
        assert.equal(lostMaxOf("ending", { ...run, strokes: 0 }), 0);
      }),
    );
  });

  test("bounces only where there is no stream for a while", () => {
    fc.assert(
      fc.property(struck, (run) => {
        const bounces = (more: Partial<Fault>) => allowedBy(faultOf(more), run).bounces;
        assert.equal(bounces({}), false);
        assert.equal(bounces({ inboundLoss: "ending" }), true);
        assert.equal(bounces({ inboundLoss: "window" }), true);
        assert.equal(bounces({ bounces: true }), true);
      }),
    );
  });

  test("time, at full size only", () => {
    fc.assert(
      fc.property(struck, fc.nat(10_000), (run, takeOverMsMax) => {
        const allowed = allowedBy(faultOf({ takeOverMsMax }), run);
        assert.equal(allowed.takeOverMsMax, run.full ? takeOverMsMax : undefined);
        assert.equal(allowedBy(faultOf({}), run).takeOverMsMax, undefined);
      }),
    );
  });
});

test("what is promised of a take-over", () => {
  const promised = catalogue.flatMap(({ name, takeOverMsMax }) =>
    takeOverMsMax === undefined ? [] : [[name, takeOverMsMax]],
  );
  assert.deepEqual(promised, [
    ["connector-stop", 2_000],
    ["connector-kill", 7_000],
    ["connector-freeze", 7_000],
  ]);
});
