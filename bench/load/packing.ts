/** How many requests of AWS a message takes, by the rate, and what they cost. */
import { setTimeout as delay } from "node:timers/promises";
import { buildAll } from "#infra/build.ts";
import { shortNameOf } from "#infra/definitions/queues.ts";
import type { ServerKind } from "#local/servers/server.ts";
import type { Bench, Progress, Settings } from "../bench.ts";
import { ourPrices, pricesText } from "../cost/prices.ts";
import { tableText, whole } from "../table.ts";
import { type Bill, billOf, loggedSince, type Usage } from "./bill.ts";
import { networkMs, rateText, type Way, ways } from "./rate.ts";
import { crowd } from "./throughput.ts";
import { type Load, type Traffic, withTraffic } from "./traffic.ts";

const sqsPer1000Max = 700;
const usdPerMillionMax = 0.6;
/** After the last arrival deletions are still on their way. */
const settleMs = 500;

interface Step {
  /** Undefined: as fast as it goes. */
  readonly perS: number | undefined;
  readonly messages: number;
}

const steps: readonly Step[] = [
  { perS: 1, messages: 40 },
  { perS: 10, messages: 300 },
  { perS: 100, messages: 2_000 },
  { perS: 500, messages: 8_000 },
  { perS: 1_000, messages: 15_000 },
  { perS: undefined, messages: 15_000 },
];
const quickSteps: readonly Step[] = [
  { perS: 100, messages: 60 },
  { perS: undefined, messages: 200 },
];

export interface Packing extends Bill {
  readonly server: ServerKind;
  readonly way: Way;
  /** Milliseconds that each request of SQS took longer. */
  readonly delayMs: number;
  readonly perS: number | undefined;
  /** What came of it: a machine at its limit does not keep the rate. */
  readonly reachedPerS: number;
  readonly messages: number;
  readonly lost: number;
  readonly usage: Usage;
}

async function measureStep(
  traffic: Traffic,
  load: Load,
): Promise<[Usage, Awaited<ReturnType<Traffic["pass"]>>]> {
  const { proxies, logs } = traffic.rig;
  if (proxies === undefined) throw new Error("nothing counts");
  await delay(settleMs);
  proxies.sqs.take();
  proxies.dynamodb.take();
  const before = logs();
  const passed = await traffic.pass(load);
  await delay(settleMs);
  const logged = loggedSince(before, logs());
  return [{ sqs: proxies.sqs.take().byQueue, dynamodb: proxies.dynamodb.take().requests, logged }, passed];
}

async function measureOn(
  server: ServerKind,
  delayMs: number,
  { quick }: Settings,
  progress: Progress,
): Promise<Packing[]> {
  progress(`${server}: start, ${delayMs} ms to SQS`);
  return await withTraffic({ server, ...crowd, counted: { delayMs } }, async (traffic) => {
    const all: Packing[] = [];
    for (const way of ways) {
      // Everybody once, so that no cache is filled while we count.
      await traffic.pass({ way, messages: 2 * traffic.pairs, pace: { perS: quick ? 2_000 : 200 } });
      for (const { perS, messages } of quick ? quickSteps : steps) {
        const pace = perS === undefined ? { underWay: 1_000 } : { perS };
        // Each instance of a function has a cache of its own, and how many there are follows the rate.
        await traffic.pass({ way, messages: Math.ceil(messages / 4), pace });
        const [usage, { arrived, lost, steadyPerS, sent }] = await measureStep(traffic, {
          way,
          messages,
          pace,
        });
        const bill = billOf(usage, arrived);
        all.push({
          server,
          way,
          delayMs,
          perS,
          reachedPerS: steadyPerS,
          messages: sent,
          lost,
          usage,
          ...bill,
        });
        progress(
          `${server}: ${way}: ${perS ?? "maximum"}/s: ${whole((1000 * bill.sqsRequests) / arrived)} SQS requests per 1,000 messages`,
        );
      }
    }
    return all;
  });
}

function tableOf(figures: readonly Packing[]): string {
  const per1000 = (value: number, { messages }: Packing) => whole((1000 * value) / messages);
  const ops = (each: Packing) =>
    Object.entries(each.usage.sqs)
      .filter(([, kinds]) => Object.values(kinds).some(({ requests, empty }) => requests > empty))
      .map(([queue, kinds]) => {
        const of = (kind: string) =>
          Object.entries(kinds)
            .filter(([name]) => name.startsWith(kind))
            .reduce((total, [, { requests, empty }]) => total + requests - empty, 0);
        const three = ["Send", "Receive", "Delete"].map((kind) => per1000(of(kind), each)).join(", ");
        const extended = of("Change");
        return `${shortNameOf(queue)} ${three}${extended > 0 ? `, ${per1000(extended, each)} changes` : ""}`;
      })
      .join("; ");
  return tableText(
    "Requests of AWS per 1,000 plain messages one way, by the rate",
    [
      "",
      "messages/s (asked: reached)",
      `SQS (≤ ${sqsPer1000Max} at 500/s)`,
      "by queue: send, receive, delete",
      "DynamoDB writes (0); reads",
      "invocations; ms in them",
      `USD a million (≤ ${usdPerMillionMax.toFixed(2)} at 500/s)`,
      "lost",
    ],
    figures.map((each) => [
      `${each.server}, ${each.way}, ${each.delayMs} ms to SQS`,
      rateText(each.perS, each.reachedPerS),
      per1000(each.sqsRequests, each),
      ops(each),
      `${per1000(each.dynamodbWrites, each)}; ${per1000(each.dynamodbReads, each)}`,
      `${per1000(each.usage.logged.invocations, each)}; ${per1000(each.usage.logged.handledMs, each)}`,
      each.usdPerMillion.toFixed(2),
      `${each.lost}`,
    ]),
  );
}

export const packingBench: Bench = {
  purpose: "requests of AWS and USD a message, by the rate, counted on the wire",
  async run(settings, progress) {
    await buildAll();
    const all: Packing[] = [];
    for (const server of settings.servers) {
      for (const delayMs of settings.quick ? [networkMs] : [0, networkMs])
        all.push(...(await measureOn(server, delayMs, settings, progress)));
    }
    return { figures: all, tables: [`${tableOf(all)}\n\nPrices: ${pricesText(ourPrices())}`] };
  },
};
