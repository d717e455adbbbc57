import { Duration } from "aws-cdk-lib";
import {
  GraphWidget,
  type IMetric,
  type IWidget,
  MathExpression,
  Metric,
  TextWidget,
} from "aws-cdk-lib/aws-cloudwatch";
import { partsOf, type QueueRef } from "#core/contract/queues.ts";
import { connectorDefinition, functionDefinitions, functionNames } from "../definitions/functions.ts";
import { oldestDate, type PriceName, priceList, usdOf } from "../definitions/prices.ts";
import { queueDefinitions } from "../definitions/queues.ts";
import type { Observed } from "./alarms.ts";

/** What CloudWatch knows of something that is paid by use. */
interface Used {
  readonly price: PriceName;
  readonly label: string;
  /** Sums; no two of them of the same. */
  readonly metrics: readonly IMetric[];
  /** So many of the metric's units are one of the price's. */
  readonly each: number;
}

const secondsPerDay = 86_400;
const period = Duration.minutes(5);

const asked = [
  "NumberOfMessagesSent",
  "NumberOfMessagesReceived",
  "NumberOfMessagesDeleted",
  "NumberOfEmptyReceives",
];

const sum = { statistic: "Sum", period } as const;

function usedOf({ state, compute }: Observed, queues: readonly QueueRef[]): Used[] {
  const functions = functionNames.map((name) => ({ name, ...compute.functions[name] }));
  const requests = (isFifo: boolean) =>
    queues
      .filter((queue) => queueDefinitions[partsOf(queue).queue].fifo === isFifo)
      .flatMap((queue) => asked.flatMap((name) => state.queues[queue]?.metric(name, sum) ?? []));
  const memories = new Set(functionNames.map((name) => functionDefinitions[name].memoryMb));
  const groups = [compute.connector.logGroup, ...functions.map(({ logGroup }) => logGroup)];
  const ofTable = (metricName: string) => state.table.metric(metricName, sum);
  const ofGroup = (LogGroupName: string) =>
    new Metric({
      namespace: "AWS/Logs",
      metricName: "IncomingBytes",
      dimensionsMap: { LogGroupName },
      ...sum,
    });
  return [
    { price: "sqsFifoRequests", label: "SQS, FIFO", metrics: requests(true), each: 1 },
    { price: "sqsStandardRequests", label: "SQS, standard", metrics: requests(false), each: 1 },
    {
      price: "lambdaRequests",
      label: "Lambda, invocations",
      metrics: functions.map(({ lambda }) => lambda.metricInvocations(sum)),
      each: 1,
    },
    ...[...memories].map((memoryMb): Used => {
      const ofSize = functions.filter(({ name }) => functionDefinitions[name].memoryMb === memoryMb);
      const metrics = ofSize.map(({ lambda }) => lambda.metricDuration(sum));
      const label = `Lambda, time at ${memoryMb} MB`;
      return { price: "lambdaArmGbSeconds", label, metrics, each: (1024 / memoryMb) * 1000 };
    }),
    {
      price: "dynamodbReads",
      label: "DynamoDB, reads",
      metrics: [ofTable("ConsumedReadCapacityUnits")],
      each: 1,
    },
    {
      price: "dynamodbWrites",
      label: "DynamoDB, writes",
      metrics: [ofTable("ConsumedWriteCapacityUnits")],
      each: 1,
    },
    {
      price: "logsGb",
      label: "Logs",
      metrics: groups.map(({ logGroupName }) => ofGroup(logGroupName)),
      each: 1e9,
    },
  ];
}

/** A rate, so that it is the same at whichever period a graph is drawn. */
function usdPerDay({ price, label, metrics, each }: Used, index: number): IMetric {
  const named = metrics.map((metric, number) => [`u${index}m${number}`, metric] as const);
  const ids = named.map(([id]) => id);
  const { usd, per } = priceList.prices[price];
  // Spelled without exponents, of which metric math says nothing.
  const perDay = `${usd} / ${per * each} * ${secondsPerDay} / PERIOD(${ids[0]})`;
  return new MathExpression({
    expression: `SUM([${ids.join(",")}]) * ${perDay}`,
    usingMetrics: Object.fromEntries(named),
    label,
    period,
  });
}

/** Connectors are paid by the hour, whatever they do; ECS tells without further cost no number of them. */
function connectorsPerDay({ compute }: Observed): IMetric {
  const { count, publicIp } = compute.connector.tasks;
  const { cpuUnits, memoryMb } = connectorDefinition;
  const each =
    usdOf(priceList, "fargateArmVcpuHours", cpuUnits / 1024) +
    usdOf(priceList, "fargateArmGbHours", memoryMb / 1024) +
    (publicIp ? usdOf(priceList, "publicIpv4Hours", 1) : 0);
  const label = count === 1 ? "Connector, one task" : `Connectors, ${count} tasks`;
  return new MathExpression({ expression: `TIME_SERIES(${24 * count * each})`, label, period });
}

function explained(): string {
  return [
    `List prices of ${priceList.region}, the oldest of ${oldestDate(priceList)}, and what is used now, as if it went on for a day.`,
    "SQS bills calls of up to 64 KiB: ten messages in one call count as ten here, one of 256 KiB as one. Tasks are those of the deployment.",
    "Not in it: what an account has free; alarms, metrics, dashboards and secrets, the same every month; traces, KMS, NAT, bytes to the internet, what is kept.",
    "Why it costs that: docs/cost.md.",
  ].join("\n\n");
}

/** What it costs, beside how that is known. @param queues those that this account pays for */
export function costWidgets(observed: Observed, queues: readonly QueueRef[]): IWidget[] {
  const left = [connectorsPerDay(observed), ...usedOf(observed, queues).map(usdPerDay)];
  return [
    new GraphWidget({
      width: 18,
      height: 9,
      title: "What it costs, USD a day",
      stacked: true,
      left,
      leftYAxis: { min: 0, label: "USD a day", showUnits: false },
    }),
    new TextWidget({ width: 6, height: 9, markdown: explained() }),
  ];
}
