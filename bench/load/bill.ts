/** What a load has asked of AWS, from requests that were counted and lines that functions have logged. */
import { functionDefinitions } from "#infra/definitions/functions.ts";
import { usdOf } from "#infra/definitions/prices.ts";
import { ourPrices, type Prices } from "../cost/prices.ts";
import type { Count, Counts } from "../counting-proxy.ts";

/** DynamoDB's requests that write; all others of a function read. */
const writes = /^(?:Put|Update|Delete|TransactWrite|BatchWrite)/;

/** What functions and connector have logged meanwhile. */
export interface Logged {
  readonly invocations: number;
  /** Milliseconds in handlers, on this machine. */
  readonly handledMs: number;
  readonly bytes: number;
}

export interface Usage {
  readonly sqs: Counts["byQueue"];
  readonly dynamodb: Readonly<Record<string, number>>;
  readonly logged: Logged;
}

export interface Bill {
  /** All but receives that brought nothing. */
  readonly sqsRequests: number;
  readonly sqsBilled: number;
  readonly emptyReceives: number;
  readonly dynamodbReads: number;
  readonly dynamodbWrites: number;
  readonly usdPerMillion: number;
}

const countsOf = (sqs: Usage["sqs"]): Count[] => Object.values(sqs).flatMap((kinds) => Object.values(kinds));
const sum = <T>(all: readonly T[], of: (one: T) => number) => all.reduce((total, one) => total + of(one), 0);

/** What of our own logs is new, as bytes and as functions' batches. */
export function loggedSince(before: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): Logged {
  const logged = { invocations: 0, handledMs: 0, bytes: 0 };
  for (const [file, text] of now) {
    const news = text.slice(before.get(file)?.length ?? 0);
    logged.bytes += Buffer.byteLength(news);
    for (const [, handledMs] of news.matchAll(/"event":"handled".*"ms":(\d+)/g)) {
      logged.invocations += 1;
      logged.handledMs += Number(handledMs);
    }
  }
  return logged;
}

/** What is paid for, by the name of its price. */
const quantityNames = [
  "sqsFifoRequests",
  "lambdaRequests",
  "lambdaArmGbSeconds",
  "dynamodbReads",
  "dynamodbWrites",
  "logsGb",
] as const;
export type Quantities = Readonly<Record<(typeof quantityNames)[number], number>>;

/** All functions on the way of a message have the same memory. */
const memoryGb = functionDefinitions.message.memoryMb / 1024;

/**
 * What was used for each message, receives that brought nothing aside. The queues of messages are FIFO, all of them.
 *
 * @param messages that have arrived
 */
export function perMessage({ sqs, dynamodb, logged }: Usage, messages: number): Quantities {
  const kinds = Object.entries(dynamodb);
  const dynamodbWrites = sum(kinds, ([kind, count]) => (writes.test(kind) ? count : 0));
  const used: Quantities = {
    sqsFifoRequests: sum(countsOf(sqs), ({ billed, empty }) => billed - empty),
    lambdaRequests: logged.invocations,
    lambdaArmGbSeconds: (logged.handledMs / 1000) * memoryGb,
    dynamodbReads: sum(kinds, ([, count]) => count) - dynamodbWrites,
    dynamodbWrites,
    logsGb: logged.bytes / 1e9,
  };
  return mapQuantities((name) => used[name] / messages);
}

/** A figure for each quantity. */
export function mapQuantities(make: (name: keyof Quantities) => number): Quantities {
  return Object.fromEntries(quantityNames.map((name) => [name, make(name)])) as Quantities;
}

/** US dollars for all of it. */
export function usdOfQuantities(prices: Prices, quantities: Quantities): number {
  return sum(quantityNames, (name) => usdOf(prices, name, quantities[name]));
}

/** Counts, and the price of a million messages at the list prices of `prices.json`. */
export function billOf(usage: Usage, messages: number): Bill {
  const counts = countsOf(usage.sqs);
  const emptyReceives = sum(counts, ({ empty }) => empty);
  const each = perMessage(usage, messages);
  return {
    sqsRequests: sum(counts, ({ requests }) => requests) - emptyReceives,
    sqsBilled: sum(counts, ({ billed }) => billed) - emptyReceives,
    emptyReceives,
    dynamodbReads: Math.round(each.dynamodbReads * messages),
    dynamodbWrites: Math.round(each.dynamodbWrites * messages),
    usdPerMillion: 1e6 * usdOfQuantities(ourPrices(), each),
  };
}
