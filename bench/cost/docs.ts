/** The tables of docs/cost.md, made from prices, definitions and what was counted; `npm run docs` writes them. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { usdOfQuantities } from "../load/bill.ts";
import { networkMs, ways } from "../load/rate.ts";
import { tableText, whole } from "../table.ts";
import { type Asked, type Estimate, estimate, meanPerS } from "./estimate.ts";
import type { Line } from "./idle.ts";
import { type Measured, measuredFolder, readMeasured } from "./measured.ts";
import { ourPrices, type Prices, pricesText } from "./prices.ts";
import { usdText } from "./report.ts";

const file = join(import.meta.dirname, "../../docs/cost.md");

const idle: Asked = {
  messagesPerMonth: 0,
  peakPerS: undefined,
  presence: undefined,
  domains: 1,
  standby: true,
  traceRatio: 0,
  free: true,
};

const sum = (lines: Estimate["lines"], part: Line["part"]) =>
  lines.reduce((total, line) => total + (line.part === part ? line.usd : 0), 0);

function idleTable(prices: Prices, measured: Measured): string {
  const of = (asked: Asked) => estimate(asked, prices, measured, 0).lines;
  const [free, all] = [of(idle), of({ ...idle, free: false })];
  const row = (what: string, part: Line["part"]) => [what, usdText(sum(free, part)), usdText(sum(all, part))];
  const rows = free.map((line, index) => [
    line.part === "standby" ? `standby: ${line.what}` : line.what,
    usdText(line.usd),
    usdText(all[index]?.usd ?? 0),
  ]);
  const two = estimate({ ...idle, domains: 2 }, prices, measured, 0).usdPerMonth;
  const one = estimate(idle, prices, measured, 0).usdPerMonth;
  return tableText(
    "USD a month",
    ["", "with the account's free alarms, metrics and dashboards", "where others use those up"],
    [
      ...rows,
      row("**one connector**", "idle"),
      row("**and its standby**", "standby"),
      [
        "**both**",
        usdText(one),
        usdText(estimate({ ...idle, free: false }, prices, measured, 0).usdPerMonth),
      ],
      ["each further domain at the same server, with a standby", usdText(two - one), usdText(two - one)],
    ],
  );
}

function rateTable(prices: Prices, { packing }: Measured): string {
  if (packing === undefined) return "No measurement is kept yet.";
  const { date, machine, load, points, server } = packing;
  const rows = ways.flatMap((way) =>
    points[way].map(({ perS, each }) => [
      way,
      perS < 10 ? perS.toFixed(1) : whole(perS),
      whole(1000 * each.sqsFifoRequests),
      whole(1000 * each.lambdaRequests),
      whole(1000 * each.dynamodbReads),
      whole(1000 * each.dynamodbWrites),
      usdText(1e6 * usdOfQuantities(prices, each)),
    ]),
  );
  const made = `Counted ${date.slice(0, 10)} on ${machine.cores} cores (${machine.cpu}), load ${load.before.toFixed(1)} to ${load.after.toFixed(1)}, with ${server} and ${networkMs} ms to SQS.`;
  return `${tableText(
    "For each 1,000 plain messages one way",
    ["", "messages/s one way", "SQS requests", "invocations", "reads", "writes", "USD a million"],
    rows,
  )}\n\n${made}`;
}

function priceTable({ prices }: Prices): string {
  return tableText(
    "Prices",
    ["", "USD", "for", "free a month", "read at", "page of"],
    Object.entries(prices).map(([name, { usd, per, unit, freePerMonth, source, readAt, readOf }]) => [
      name,
      `${usd}`,
      `${per.toLocaleString("en-US")} ${unit}`,
      `${freePerMonth ?? ""}`,
      readAt ?? source,
      readOf ?? "",
    ]),
  );
}

function examplesTable(prices: Prices, measured: Measured): string {
  const rows = [10_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000].map((messagesPerMonth) => {
    const asked = { ...idle, messagesPerMonth };
    const told = estimate(asked, prices, measured, meanPerS(asked, prices));
    // Beyond what was measured it can only be less: more goes into each request.
    const most = told.notes.some((note) => note.includes("is above what was measured")) ? "≤ " : "";
    const use = told.usdPerMonth - sum(told.lines, "idle") - sum(told.lines, "standby");
    return [
      messagesPerMonth.toLocaleString("en-US"),
      told.perS < 100 ? told.perS.toPrecision(2) : whole(told.perS),
      `${most}${usdText(use)}`,
      `${most}${usdText(told.usdPerMonth)}`,
      `${most}${usdText(told.usdPerMillion ?? 0)}`,
    ];
  });
  return tableText(
    "With a standby, messages evenly through the month, half of them each way",
    ["messages a month", "messages/s", "USD for messages", "USD in all", "USD a million in all"],
    rows,
  );
}

/** The document with its tables as they are to be; text around them stays. */
export function withTables(document: string): string {
  const prices = ourPrices();
  const measured = readMeasured(measuredFolder);
  if (!measured.ok) throw new Error(measured.error);
  const tables: Readonly<Record<string, string>> = {
    idle: idleTable(prices, measured.value),
    examples: examplesTable(prices, measured.value),
    rates: rateTable(prices, measured.value),
    prices: `${priceTable(prices)}\n\nThese are ${pricesText(prices)}.`,
  };
  return document.replace(
    /(<!-- begin ([a-z]+) -->\n)[\s\S]*?(<!-- end \2 -->)/g,
    (_, begin: string, name: string, end: string) => {
      const table = tables[name];
      if (table === undefined) throw new Error(`docs/cost.md: no table is called ${name}`);
      return `${begin}\n${table}\n\n${end}`;
    },
  );
}

if (import.meta.main) {
  writeFileSync(file, withTables(readFileSync(file, "utf8")));
  console.log("wrote docs/cost.md");
}
