/** What a bridge is said to cost: prices that are read, curves, the estimate, its command line, and its document. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import fc from "fast-check";
import { readCurve } from "#bench/cost/curve.ts";
import { withTables } from "#bench/cost/docs.ts";
import { type Asked, estimate, meanPerS } from "#bench/cost/estimate.ts";
import {
  type FanOutMeasured,
  type Measured,
  type PackingMeasured,
  parseFanOut,
  parsePacking,
} from "#bench/cost/measured.ts";
import { readOptions } from "#bench/cost/options.ts";
import { ourPrices, parsePrices, readJson } from "#bench/cost/prices.ts";
import { reportText } from "#bench/cost/report.ts";
import { mapQuantities, type Quantities } from "#bench/load/bill.ts";
import { alarmDefinitions, alarmDefinitionsOf } from "#infra/definitions/alarms.ts";
import { usdOf } from "#infra/definitions/prices.ts";

const prices = ourPrices();
const root = join(import.meta.dirname, "../../..");
const made = {
  date: "2026-11-24T10:00:00.000Z",
  machine: { cpu: "a processor", cores: 2, memoryGb: 8, node: "24.0.0" },
  load: { before: 1, after: 2 },
};
const quantities = (given: Partial<Quantities>): Quantities => mapQuantities((name) => given[name] ?? 0);
const points = [
  { perS: 1, each: quantities({ sqsFifoRequests: 6, logsGb: 1e-7 }) },
  { perS: 101, each: quantities({ sqsFifoRequests: 2, logsGb: 1e-7 }) },
];
const packing: PackingMeasured = { ...made, server: "prosody", points: { in: points, out: points } };
const fanOut: FanOutMeasured = {
  ...made,
  subscribers: 100,
  sends: 2,
  billedSends: 3,
  invocations: 2,
  wallMs: 1000,
  dynamodb: { GetItem: 4, Query: 1, UpdateItem: 1 },
};
const measured: Measured = { packing, fanOuts: [fanOut] };
const asked: Asked = {
  messagesPerMonth: 0,
  peakPerS: undefined,
  presence: undefined,
  domains: 1,
  standby: false,
  traceRatio: 0,
  free: true,
};
const near = (told: number | undefined, wanted: number) =>
  assert.ok(told !== undefined && Math.abs(told - wanted) < 1e-9 * Math.max(1, wanted), `${told}, ${wanted}`);

describe("prices", () => {
  const raw = () => JSON.parse(readFileSync(join(root, "infra/definitions/prices.json"), "utf8"));

  test("of the repository are complete", () => {
    assert.ok(parsePrices(raw()).ok);
  });

  for (const [what, change, wanted] of [
    ["missing", { alarms: undefined }, "prices.alarms is missing"],
    ["below 0", { alarms: { ...raw().prices.alarms, usd: -1 } }, "prices.alarms.usd is below 0"],
    ["for no units", { alarms: { ...raw().prices.alarms, per: 0 } }, "prices.alarms.per is not above 0"],
    ["without a date", { alarms: { ...raw().prices.alarms, date: "now" } }, "prices.alarms.date is no date"],
    [
      "without a source",
      { alarms: { ...raw().prices.alarms, source: "me" } },
      "prices.alarms.source is no URL",
    ],
    ["unknown", { beer: raw().prices.alarms }, "prices.beer is unknown: leave it out"],
  ] as const) {
    test(`that are ${what} are refused by name`, () => {
      const list = raw();
      const changed = JSON.parse(JSON.stringify({ ...list, prices: { ...list.prices, ...change } }));
      const read = parsePrices(changed);
      assert.ok(!read.ok && read.error.startsWith(wanted), JSON.stringify(read));
    });
  }

  test("of a file that is not there are refused with its name", () => {
    const read = readJson("/nowhere/prices.json", parsePrices);
    assert.ok(!read.ok && read.error.startsWith("/nowhere/prices.json cannot be read"));
  });
});

describe("a curve", () => {
  const curve = points.map(({ perS, each }) => ({ at: perS, each }));

  test("is a straight line between points", () => {
    const { each, outside } = readCurve(curve, 51);
    assert.deepEqual([each.sqsFifoRequests, outside], [4, undefined]);
  });

  test("tells its ends beyond them, and says so", () => {
    const told = [0.1, 1, 101, 5000].map((at) => readCurve(curve, at));
    assert.deepEqual(
      told.map(({ each, outside }) => [each.sqsFifoRequests, outside]),
      [
        [6, "below"],
        [6, undefined],
        [2, undefined],
        [2, "above"],
      ],
    );
  });

  test("stays within what was measured at any rate", () => {
    const rate = fc.double({ min: 0, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(rate, (at) => {
        const { sqsFifoRequests } = readCurve(curve, at).each;
        return sqsFifoRequests >= 2 && sqsFifoRequests <= 6;
      }),
    );
  });
});

describe("an estimate", () => {
  test("of an idle bridge is what the design promises: about 16, and 27 with the standby", () => {
    const alone = estimate(asked, prices, measured, 0).usdPerMonth;
    assert.ok(alone > 15 && alone < 16.5, `${alone}`);
    const { usdPerMonth, usdPerMillion } = estimate({ ...asked, standby: true }, prices, measured, 0);
    assert.ok(usdPerMonth > 26 && usdPerMonth < 27.5, `${usdPerMonth}`);
    assert.equal(usdPerMillion, undefined);
  });

  test("counts alarms as they are defined, those beyond the free ones", () => {
    const alarms = (given: Partial<Asked>) =>
      estimate({ ...asked, ...given }, prices, measured, 0).lines.find(({ price }) => price === "alarms");
    assert.equal(alarms({})?.units, alarmDefinitions.length);
    near(alarms({})?.usd, 0.1 * (alarmDefinitions.length - 10));
    near(alarms({ free: false })?.usd, 0.1 * alarmDefinitions.length);
    assert.equal(alarms({ domains: 2 })?.units, alarmDefinitionsOf(["a.example", "b.example"]).length);
  });

  test("of messages is their requests at half the rate each way", () => {
    const told = estimate({ ...asked, messagesPerMonth: 1e6 }, prices, measured, 102);
    near(told.parts["messages in"], usdOf(prices, "sqsFifoRequests", 5e5 * 4));
    near(told.parts["messages out"], told.parts["messages in"] ?? 0);
    near(told.parts.logs, usdOf(prices, "logsGb", 0.1));
    near(told.usdPerMillion, told.usdPerMonth);
  });

  test("of presence grows with users and their changes", () => {
    const of = (users: number, changesPerUserDay: number) =>
      estimate({ ...asked, presence: { users, subscribers: 100, changesPerUserDay } }, prices, measured, 0);
    const one = of(1000, 10);
    const requests = one.lines.find(
      ({ part, price }) => part === "presence" && price === "sqsFifoRequests",
    )?.units;
    near(requests, 1000 * 10 * (730 / 24) * (1 + 2 * 3 + 2 + 2 * 2));
    near(of(2000, 20).parts.presence, 4 * (one.parts.presence ?? 0));
  });

  test("says what is not in it instead of making it up", () => {
    const nothing: Measured = { packing: undefined, fanOuts: [] };
    const presence = { users: 1, subscribers: 1, changesPerUserDay: 1 };
    const all = { ...asked, messagesPerMonth: 10, presence };
    const unmeasured = estimate(all, prices, nothing, 1);
    assert.deepEqual(Object.keys(unmeasured.parts), ["idle"]);
    assert.equal(unmeasured.notes.filter((note) => note.includes("nothing was measured yet")).length, 2);
    const { notes } = estimate({ ...all, traceRatio: 0.05 }, prices, measured, 1);
    for (const word of [/^traces are not in it/, /^messages in: .* below/, /1 subscribers are below/])
      assert.ok(
        notes.some((note) => word.test(note)),
        String(word),
      );
  });

  test("adds up, and its report names every part, the total and the measurement", () => {
    const messages = { ...asked, messagesPerMonth: 1e8, standby: true };
    const told = estimate(messages, prices, measured, meanPerS(messages, prices));
    near(
      Object.values(told.parts).reduce((total, usd) => total + usd, 0),
      told.usdPerMonth,
    );
    const text = reportText(told, estimate(messages, prices, measured, 200), prices, measured);
    for (const part of Object.keys(told.parts)) assert.match(text, new RegExp(`^${part} `, "m"));
    assert.ok(text.includes(told.usdPerMonth.toFixed(2)));
    assert.match(text, /if all came at 200 a second/);
    assert.match(text, /counted 2026-11-24, 2 cores/);
  });
});

describe("the command line", () => {
  const options = (...args: string[]) => readOptions(args);

  test("knows what was meant", () => {
    const read = options("--messages-per-month", "1000000", "--standby", "off", "--peak-per-s", "50");
    assert.ok(read.ok && read.value !== "help");
    assert.deepEqual(read.value.asked, { ...asked, messagesPerMonth: 1e6, peakPerS: 50 });
    assert.deepEqual(options("--help"), { ok: true, value: "help" });
  });

  for (const [args, wanted] of [
    [[], /--messages-per-month is missing/],
    [["--messages-per-month", "many"], /--messages-per-month takes a whole number/],
    [["--messages-per-month", "1.5"], /--messages-per-month takes a whole number/],
    [["--messages-per-month", "1", "--standby", "yes"], /--standby takes on or off, not "yes"/],
    [["--messages-per-month", "1", "--traces", "2"], /--traces takes a number, 0 to 1/],
    [["--messages-per-month", "1", "--domains", "0"], /--domains takes a whole number, 1 to 1000/],
    [
      ["--messages-per-month", "1", "--users", "5"],
      /--subscribers, --presence-changes-per-user-day is missing/,
    ],
    [["--message", "1"], /--message/],
  ] as const) {
    test(`refuses ${args.join(" ") || "nothing at all"}`, () => {
      const read = options(...args);
      assert.ok(!read.ok && wanted.test(read.error), JSON.stringify(read));
    });
  }
});

describe("what was counted", () => {
  test("is refused where a benchmark has not written it", () => {
    for (const parse of [parsePacking, parseFanOut])
      for (const value of [undefined, {}, { machine: made.machine, benches: {} }])
        assert.ok(!parse(value).ok, JSON.stringify(value));
  });

  test("counts only where the machine kept the rate", () => {
    const usage = {
      sqs: { "a.fifo": { SendMessage: { requests: 20, billed: 20, empty: 10 } } },
      dynamodb: {},
      logged: { invocations: 0, handledMs: 0, bytes: 0 },
    };
    const run = { server: "prosody", delayMs: 10, messages: 10, lost: 0, usage };
    const figures = (["in", "out"] as const).flatMap((way) => [
      { ...run, way, perS: 10, reachedPerS: 10.1 },
      { ...run, way, perS: 1000, reachedPerS: 300 },
      { ...run, way, reachedPerS: way === "in" ? 400 : 1200 },
      { ...run, way, perS: 1, reachedPerS: 1, delayMs: 0 },
    ]);
    const packing = { begun: made.date, load: made.load, figures };
    const read = parsePacking({ machine: made.machine, benches: { packing } });
    assert.ok(read.ok, JSON.stringify(read));
    const rates = (way: "in" | "out") => read.value.points[way].map(({ perS }) => perS);
    assert.deepEqual([rates("in"), rates("out")], [[10.1], [10.1, 1200]]);
    assert.equal(read.value.points.in[0]?.each.sqsFifoRequests, 1);
  });

  test("gives docs/cost.md its tables: npm run docs", () => {
    const document = readFileSync(join(root, "docs/cost.md"), "utf8");
    assert.equal(document.match(/<!-- begin /g)?.length, 4);
    assert.equal(document, withTables(document));
  });
});
