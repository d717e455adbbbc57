/** What a bridge costs by the month: pure, from prices, what was measured, and what is asked. */
import { keyItem } from "#aws/attributes.ts";
import { subscriberKey } from "#aws/keys.ts";
import { functionDefinitions } from "#infra/definitions/functions.ts";
import { usdOf } from "#infra/definitions/prices.ts";
import type { Quantities } from "../load/bill.ts";
import { ways } from "../load/rate.ts";
import { readCurve } from "./curve.ts";
import { idleLines, type Line, type Part } from "./idle.ts";
import type { FanOutMeasured, Measured } from "./measured.ts";
import type { Prices } from "./prices.ts";

export interface Presence {
  readonly users: number;
  /** Of each user, on average. */
  readonly subscribers: number;
  readonly changesPerUserDay: number;
}

export interface Asked {
  /** Plain messages, half of them each way. */
  readonly messagesPerMonth: number;
  /** `undefined`: they come evenly, all month. */
  readonly peakPerS: number | undefined;
  readonly presence: Presence | undefined;
  readonly domains: number;
  readonly standby: boolean;
  /** The part of all messages that is traced, 0 to 1. */
  readonly traceRatio: number;
  /** Whether the account's free alarms, metrics and dashboards are this bridge's. */
  readonly free: boolean;
}

export interface PricedLine extends Line {
  readonly usd: number;
}

export interface Estimate {
  readonly lines: readonly PricedLine[];
  readonly parts: Readonly<Partial<Record<Part, number>>>;
  readonly usdPerMonth: number;
  /** All of it, idle included; `undefined` where nothing is said. */
  readonly usdPerMillion: number | undefined;
  /** Messages each second, both ways together, that this was read at. */
  readonly perS: number;
  /** What is not in it, and what was read at the end of a curve. */
  readonly notes: readonly string[];
}

const daysOf = (hours: number) => hours / 24;

const paid = [
  { price: "sqsFifoRequests", word: "SQS requests" },
  { price: "lambdaRequests", word: "invocations" },
  { price: "lambdaArmGbSeconds", word: "GB seconds of Lambda" },
  { price: "dynamodbReads", word: "reads" },
  { price: "dynamodbWrites", word: "writes" },
] as const;

function linesOf(part: Part, each: Quantities, count: number, of: string): Line[] {
  return paid.map(({ price, word }) => ({
    part,
    what: `${each[price].toPrecision(3)} ${word} ${of}`,
    price,
    units: count * each[price],
  }));
}

interface Found {
  readonly lines: readonly Line[];
  readonly notes: readonly string[];
}

function messageLines(
  { messagesPerMonth, traceRatio }: Asked,
  perS: number,
  { packing }: Measured,
  prices: Prices,
): Found {
  if (messagesPerMonth === 0) return { lines: [], notes: [] };
  if (packing === undefined) {
    const file = "bench/measured/packing.json";
    return { lines: [], notes: [`messages are not in it: nothing was measured yet (${file})`] };
  }
  const [lines, notes]: [Line[], string[]] = [[], []];
  let logsGb = 0;
  const perWay = perS / 2;
  for (const way of ways) {
    const points = packing.points[way].map((point) => ({ at: point.perS, each: point.each }));
    const { each, outside } = readCurve(points, perWay);
    lines.push(...linesOf(`messages ${way}`, each, messagesPerMonth / 2, "a message"));
    logsGb += (each.logsGb * messagesPerMonth) / 2;
    if (outside === undefined) continue;
    const end = (outside === "below" ? points[0] : points.at(-1))?.at ?? 0;
    notes.push(
      `messages ${way}: ${perWay.toPrecision(2)} a second is ${outside} what was measured; told is what they take at ${end.toPrecision(3)}`,
    );
  }
  lines.push({ part: "logs", what: "ids of each message", price: "logsGb", units: logsGb });
  if (traceRatio > 0) {
    const { usd, unit } = prices.prices.spansGb;
    notes.push(
      `traces are not in it: what the spans of a message weigh was not measured; ${usd} USD a ${unit}`,
    );
  }
  return { lines, notes };
}

/** DynamoDB counts names and values of an item's attributes. */
function subscriberBytes(): number {
  const item = keyItem(subscriberKey("im.example.com", "user-0001", "contact-0001@example.org"));
  return Object.entries(item).reduce(
    (sum, [name, { S = "" }]) => sum + Buffer.byteLength(name) + Buffer.byteLength(S),
    0,
  );
}

/** One of our sends is a receive and a deletion elsewhere, of the same size; an invocation is one of each, too. */
function fanOutQuantities({ dynamodb, ...measured }: FanOutMeasured): Quantities {
  const { GetItem = 0, Query = 0, UpdateItem = 0 } = dynamodb;
  const { sends, billedSends, invocations, subscribers, wallMs } = measured;
  return {
    sqsFifoRequests: 1 + 2 * billedSends + sends + 2 * invocations,
    lambdaRequests: invocations,
    lambdaArmGbSeconds: (wallMs / 1000) * (functionDefinitions.native.memoryMb / 1024),
    dynamodbReads: GetItem + Query + (subscribers * subscriberBytes()) / 4096,
    dynamodbWrites: UpdateItem,
    logsGb: 0,
  };
}

function presenceLines(presence: Presence | undefined, { fanOuts }: Measured, prices: Prices): Found {
  if (presence === undefined)
    return {
      lines: [],
      notes: ["presence is not in it: say --users, --subscribers, --presence-changes-per-user-day"],
    };
  if (fanOuts.length === 0)
    return {
      lines: [],
      notes: ["presence is not in it: nothing was measured yet (bench/measured/presence-….json)"],
    };
  const { users, subscribers, changesPerUserDay } = presence;
  const points = fanOuts.map((one) => ({ at: one.subscribers, each: fanOutQuantities(one) }));
  const { each, outside } = readCurve(points, subscribers);
  const changes = users * changesPerUserDay * daysOf(prices.hoursPerMonth);
  const notes = [
    "presence: what users show; what contacts show, and logs of presence, were not measured and are not in it",
  ];
  if (outside !== undefined) {
    const end = (outside === "below" ? points[0] : points.at(-1))?.at ?? 0;
    notes.push(
      `presence: ${subscribers} subscribers are ${outside} what was measured; told is what ${end} take`,
    );
  }
  return { lines: linesOf("presence", each, changes, "a change, at most"), notes };
}

function priced(line: Line, prices: Prices, free: boolean): PricedLine {
  const freeUnits = free ? (prices.prices[line.price].freePerMonth ?? 0) : 0;
  return { ...line, usd: usdOf(prices, line.price, Math.max(0, line.units - freeUnits)) };
}

/** Messages a second when they come evenly. */
export function meanPerS({ messagesPerMonth }: Asked, { hoursPerMonth }: Prices): number {
  return messagesPerMonth / (hoursPerMonth * 3600);
}

/**
 * What it costs by the month.
 *
 * @param perS messages a second, both ways together, at which they are taken to come
 */
export function estimate(asked: Asked, prices: Prices, measured: Measured, perS: number): Estimate {
  const messages = messageLines(asked, perS, measured, prices);
  const presence = presenceLines(asked.presence, measured, prices);
  const all = [
    ...idleLines(prices.hoursPerMonth, asked.domains, asked.standby),
    ...messages.lines,
    ...presence.lines,
  ];
  const lines = all.map((line) => priced(line, prices, asked.free));
  const parts: Partial<Record<Part, number>> = {};
  for (const { part, usd } of lines) parts[part] = (parts[part] ?? 0) + usd;
  const usdPerMonth = lines.reduce((total, { usd }) => total + usd, 0);
  const { messagesPerMonth } = asked;
  return {
    lines,
    parts,
    usdPerMonth,
    usdPerMillion: messagesPerMonth === 0 ? undefined : (1e6 * usdPerMonth) / messagesPerMonth,
    perS,
    notes: [
      ...messages.notes,
      ...presence.notes,
      "bytes to the XMPP server, kept logs and table, and mails are not in it",
    ],
  };
}
