/** What a bridge costs by the month when nothing is said: counted from the definitions that are deployed. */
import { makeCounters } from "#connector/counters.ts";
import { metricLine } from "#connector/report.ts";
import { limits } from "#core/limits.ts";
import { alarmDefinitionsOf } from "#infra/definitions/alarms.ts";
import { connectorDefinition, functionDefinitions } from "#infra/definitions/functions.ts";
import type { PriceName } from "#infra/definitions/prices.ts";
import { queueDefinitions } from "#infra/definitions/queues.ts";

export type Part = "idle" | "standby" | "messages in" | "messages out" | "presence" | "logs";

export interface Line {
  readonly part: Part;
  /** For people. */
  readonly what: string;
  readonly price: PriceName;
  /** So many a month, of the price's unit. */
  readonly units: number;
}

/** Lambda keeps so many long polls open on each queue, at least, each of 20 s. */
const lambdaPollers = 5;
const lambdaPollS = 20;

const millions = (units: number) => `${(units / 1e6).toFixed(2)} million a month`;

/** The line of figures as a connector tells it when every one of them has a value. */
function figuresLine(): string {
  const { counts } = makeCounters(limits);
  const health = { domain: "im.example.com", stream: "up", held: 0, windowStanzas: 0 } as const;
  return metricLine([{ health, counts: { ...counts(), packs: 1 }, roundTrips: { p50Ms: 1, maxMs: 1 } }], 0);
}

/** Metrics that the connector makes while nothing goes wrong, and those that are filtered from its log. */
export function metricCount(): number {
  const told = JSON.parse(figuresLine())._aws.CloudWatchMetrics[0].Metrics.length;
  const filtered = alarmDefinitionsOf([]).filter(({ metric }) => metric.of === "connectorLog");
  return told + filtered.length;
}

function taskLines(part: Part, hours: number): Line[] {
  const { cpuUnits, memoryMb } = connectorDefinition;
  return [
    {
      part,
      what: `Fargate ARM, ${cpuUnits / 1024} vCPU`,
      price: "fargateArmVcpuHours",
      units: hours * (cpuUnits / 1024),
    },
    {
      part,
      what: `Fargate ARM, ${memoryMb / 1024} GB`,
      price: "fargateArmGbHours",
      units: hours * (memoryMb / 1024),
    },
    { part, what: "public IPv4 address, its way out", price: "publicIpv4Hours", units: hours },
  ];
}

function policyLine(part: Part, seconds: number, domains: number): Line {
  const everyS = limits.policyReadMs / 1000;
  const units = (domains * seconds) / everyS;
  return {
    part,
    what: `looks at the policy, every ${everyS} s: ${millions(units)}`,
    price: "dynamodbReads",
    units,
  };
}

/** Long polls that find nothing: Lambda's on its queues, the connector's on those of each domain. */
function pollLines(seconds: number, domains: number): Line[] {
  const queues = Object.values(functionDefinitions).map(({ queue }) => queueDefinitions[queue]);
  const polled = (fifo: boolean) => queues.filter((queue) => queue.fifo === fifo).length;
  const lambda = (fifo: boolean): Line => {
    const units = (polled(fifo) * lambdaPollers * seconds) / lambdaPollS;
    const what = `Lambda's ${lambdaPollers} long polls on ${polled(fifo)} ${fifo ? "FIFO" : "standard"} queues: ${millions(units)}`;
    return { part: "idle", what, price: fifo ? "sqsFifoRequests" : "sqsStandardRequests", units };
  };
  const received = connectorDefinition.receives.length * domains;
  const units = (received * seconds) / limits.receiveWaitS;
  return [
    lambda(true),
    lambda(false),
    {
      part: "idle",
      what: `the connector's long polls on ${received} queues`,
      price: "sqsFifoRequests",
      units,
    },
  ];
}

function watchLines(domains: readonly string[], minutes: number): Line[] {
  const alarms = alarmDefinitionsOf(domains).length;
  const bytes = Buffer.byteLength(figuresLine());
  return [
    { part: "idle", what: `${alarms} alarms`, price: "alarms", units: alarms },
    {
      part: "idle",
      what: `${metricCount()} metrics of the connector`,
      price: "metrics",
      units: metricCount(),
    },
    { part: "idle", what: "two dashboards", price: "dashboards", units: 2 },
    {
      part: "idle",
      what: `the connector's line of figures, ${bytes} bytes a minute`,
      price: "logsGb",
      units: (minutes * bytes) / 1e9,
    },
  ];
}

/** By the month, whatever is said. */
export function idleLines(hours: number, domainCount: number, standby: boolean): Line[] {
  const seconds = hours * 3600;
  const domains = Array.from({ length: domainCount }, (_, index) => `im${index}.example.com`);
  const renewS = limits.leaseRenewMs / 1000;
  const renewals = (domainCount * seconds) / renewS;
  const looks = (domainCount * seconds) / (limits.leasePollMs / 1000);
  const alone: Line[] = [
    ...taskLines("idle", hours),
    { part: "idle", what: "the component's secret", price: "secrets", units: 1 },
    ...pollLines(seconds, domainCount),
    {
      part: "idle",
      what: `the lease, renewed every ${renewS} s: ${millions(renewals)}`,
      price: "dynamodbWrites",
      units: renewals,
    },
    policyLine("idle", seconds, domainCount),
    ...watchLines(domains, (seconds * 1000) / limits.metricsMs),
  ];
  if (!standby) return alone;
  const what = `looks at the lease, every ${limits.leasePollMs / 1000} s: ${millions(looks)}`;
  return [
    ...alone,
    ...taskLines("standby", hours),
    { part: "standby", what, price: "dynamodbReads", units: looks },
    policyLine("standby", seconds, domainCount),
  ];
}
