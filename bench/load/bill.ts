/** What a load has asked of AWS, from requests that were counted and lines that functions have logged. */

import type { Count, Counts } from "../counting-proxy.ts";
import prices from "../prices.json" with { type: "json" };

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

/** What of a log is new, as bytes and as functions' batches. */
export function loggedSince(before: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): Logged {
  const logged = { invocations: 0, handledMs: 0, bytes: 0 };
  for (const [file, text] of now) {
    if (!file.startsWith("function-") && !file.startsWith("connector")) continue;
    const news = text.slice(before.get(file)?.length ?? 0);
    logged.bytes += Buffer.byteLength(news);
    for (const [, handledMs] of news.matchAll(/"event":"batch".*"ms":(\d+)/g)) {
      logged.invocations += 1;
      logged.handledMs += Number(handledMs);
    }
  }
  return logged;
}

/** Counts, and the price of a million messages at the list prices of `prices.json`. */
export function billOf({ sqs, dynamodb, logged }: Usage, messages: number): Bill {
  const counts = countsOf(sqs);
  const emptyReceives = sum(counts, ({ empty }) => empty);
  const sqsBilled = sum(counts, ({ billed }) => billed) - emptyReceives;
  const kinds = Object.entries(dynamodb);
  const dynamodbWrites = sum(kinds, ([kind, count]) => (writes.test(kind) ? count : 0));
  const dynamodbReads = sum(kinds, ([, count]) => count) - dynamodbWrites;
  const { usdPerMillion: usd, usdPerLoggedGb } = prices;
  const total =
    sqsBilled * usd.sqsFifoRequests +
    logged.invocations * usd.lambdaRequests +
    (logged.handledMs / 1000) * usd.lambdaArmSecondsAt512Mb +
    dynamodbWrites * usd.dynamodbWrites +
    dynamodbReads * usd.dynamodbReads +
    // A GB a message would be a million GB a million messages; prices above are for a million as well.
    (logged.bytes / 1e9) * usdPerLoggedGb * 1e6;
  return {
    sqsRequests: sum(counts, ({ requests }) => requests) - emptyReceives,
    sqsBilled,
    emptyReceives,
    dynamodbReads,
    dynamodbWrites,
    usdPerMillion: total / messages,
  };
}

/** The price list, for people. */
export const pricesText = `${prices.date}: ${prices.source}`;
