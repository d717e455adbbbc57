/** Whether memory and queues stay as they are while messages go both ways for long. */
import { queueNames } from "#core/contract/queues.ts";
import { buildAll } from "#infra/build.ts";
import { sqsClientFor } from "#local/aws-clients.ts";
import { countMessages } from "#local/queue-count.ts";
import type { ServerKind } from "#local/servers/server.ts";
import type { Bench, Progress, Settings } from "../bench.ts";
import { median } from "../figures.ts";
import { memoryMbOf } from "../machine.ts";
import { mb, percent, tableText, whole } from "../table.ts";
import { ways } from "./rate.ts";
import type { Rig } from "./rig.ts";
import { crowd, findMaximum } from "./throughput.ts";
import { type Passed, type Traffic, withTraffic } from "./traffic.ts";

const growthShareMax = 0.05;
const sampleMs = 250;
const quickMs = 2_500;
const quickPerS = 40;

const parts = ["connector", "functions", "sqs", "dynamodb", "xmpp"] as const;
type Part = (typeof parts)[number];
const titles: Readonly<Record<Part, string>> = {
  connector: "connector",
  functions: "functions and what invokes them",
  sqs: "SQS engine (not ours)",
  dynamodb: "DynamoDB engine (not ours)",
  xmpp: "XMPP server (not ours)",
};

interface Sample {
  readonly atMs: number;
  readonly memoryMb: Readonly<Record<Part, number>>;
  /** Messages in all queues, those in somebody's hands and those for later included. */
  readonly queued: number;
}

export interface Fifths {
  readonly second: number;
  readonly last: number;
}

export interface Soak {
  readonly server: ServerKind;
  readonly perS: number;
  readonly seconds: number;
  readonly passed: readonly Omit<Passed, "latenciesMs">[];
  readonly memoryMb: Readonly<Record<Part, Fifths>>;
  readonly queued: Fifths;
  readonly errorLines: readonly string[];
  readonly samples: readonly Sample[];
}

/** Takes samples until the answer is called, which resolves with all of them. */
function startSampling({ pids, endpoints }: Rig): () => Promise<Sample[]> {
  const sqs = sqsClientFor(endpoints.sqs.endpoint);
  const samples: Sample[] = [];
  const begun = performance.now();
  let sampling: Promise<void> | undefined;
  const sample = async () => {
    const memory = parts.map((part) => [part, memoryMbOf(pids[part])]);
    const memoryMb = Object.fromEntries(memory) as Record<Part, number>;
    const counts = queueNames.map((queue) => countMessages(sqs, endpoints.sqs.queues[queue]));
    const queued = (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
    samples.push({ atMs: performance.now() - begun, memoryMb, queued });
  };
  const timer = setInterval(() => {
    sampling ??= sample().finally(() => {
      sampling = undefined;
    });
  }, sampleMs);
  return async () => {
    clearInterval(timer);
    await sampling;
    sqs.destroy();
    return samples;
  };
}

/** Medians of the second and of the last fifth, so that neither start nor a collection of garbage counts. */
function fifthsOf(samples: readonly Sample[], of: (sample: Sample) => number): Fifths {
  const fifth = (n: number) =>
    samples.slice(Math.floor((n * samples.length) / 5), Math.ceil(((n + 1) * samples.length) / 5)).map(of);
  return { second: median(fifth(1)), last: median(fifth(4)) };
}

/** Lines that tell of trouble. */
function errorLinesOf(logs: ReadonlyMap<string, string>): string[] {
  return [...logs].flatMap(([file, text]) =>
    text
      .split("\n")
      .filter((line) => /"level":"(?:warn|error)"/.test(line) || (line !== "" && !line.startsWith("{")))
      .map((line) => `${file}: ${line}`),
  );
}

async function soakWith(
  traffic: Traffic,
  server: ServerKind,
  settings: Settings,
  progress: Progress,
): Promise<Soak> {
  const { quick, soakMinutes, soakPerS } = settings;
  let perS = quick ? quickPerS : soakPerS;
  if (perS === undefined) {
    progress(`${server}: what is the most that goes through?`);
    const maxima = [];
    for (const way of ways) maxima.push(await findMaximum(traffic, way, 8_000));
    perS = Math.floor(Math.min(...maxima) / 2);
  }
  const soakMs = quick ? quickMs : soakMinutes * 60_000;
  progress(`${server}: ${perS} messages a second, half of them each way, for ${soakMs / 1000} s`);
  const perWayS = perS / 2;
  const messages = Math.ceil((perWayS * soakMs) / 1000);
  const stopSampling = startSampling(traffic.rig);
  let toldAt = performance.now();
  const onTick = (arrived: number) => {
    if (performance.now() - toldAt < 30_000) return;
    toldAt = performance.now();
    progress(`${server}: ${percent(arrived / messages)}`);
  };
  const loads = ways.map((way) => ({
    way,
    messages,
    pace: { perS: perWayS },
    ...(way === "in" && { onTick }),
  }));
  const passed = await Promise.all(loads.map((load) => traffic.pass(load)));
  const samples = await stopSampling();
  const memory = parts.map((part) => [part, fifthsOf(samples, ({ memoryMb }) => memoryMb[part])]);
  return {
    server,
    perS,
    seconds: soakMs / 1000,
    passed: passed.map(({ latenciesMs: _, ...rest }) => rest),
    memoryMb: Object.fromEntries(memory) as Record<Part, Fifths>,
    queued: fifthsOf(samples, ({ queued }) => queued),
    errorLines: errorLinesOf(traffic.rig.logs()),
    samples,
  };
}

function tableOf(soak: Soak): string {
  const growth = ({ second, last }: Fifths) => percent(last / second - 1);
  const sum = (of: (passed: Soak["passed"][number]) => number) =>
    soak.passed.reduce((all, one) => all + of(one), 0);
  const isOurs = (part: Part) => part === "connector" || part === "functions";
  return tableText(
    `${soak.seconds} s at ${soak.perS} messages a second, half of them each way, ${soak.server}`,
    ["", "second fifth", "last fifth", "growth", "target"],
    [
      ...parts.map((part) => {
        const fifths = soak.memoryMb[part];
        const target = isOurs(part) ? `≤ ${percent(growthShareMax)}` : "";
        return [titles[part], mb(fifths.second), mb(fifths.last), growth(fifths), target];
      }),
      ["messages in all queues", whole(soak.queued.second), whole(soak.queued.last), "", "flat"],
      [
        "sent; lost; twice; out of order",
        `${sum((one) => one.sent)}`,
        [sum((one) => one.lost), sum((one) => one.repeats), sum((one) => one.disordered)].join("; "),
        "",
        "0; 0; 0",
      ],
      ["warnings and errors in our logs", "", `${soak.errorLines.length}`, "", "0"],
    ],
  );
}

export const soakBench: Bench = {
  purpose: "memory and queues while messages go both ways for ten minutes",
  async run(settings, progress) {
    await buildAll();
    const all: Soak[] = [];
    for (const server of settings.servers) {
      all.push(
        await withTraffic({ server, ...crowd }, (traffic) => soakWith(traffic, server, settings, progress)),
      );
    }
    return { figures: all, tables: all.map(tableOf) };
  },
};
