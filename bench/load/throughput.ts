/** How many messages a second go through from one end to the other. */
import { buildAll } from "#infra/build.ts";
import type { ServerKind } from "#local/servers/server.ts";
import type { Bench, Progress, Settings } from "../bench.ts";
import { type Spread, spreadOf, spreadText } from "../figures.ts";
import { cpuUsOf, mainThreadCpuUsOf } from "../machine.ts";
import { tableText, whole } from "../table.ts";
import { type Way, ways } from "./rate.ts";
import { type Passed, type Traffic, withTraffic } from "./traffic.ts";

const perSMin = 2_000;
/** So many that every part is busy; more would only wait. */
const underWay = 1_000;
/** 200 pairs. */
export const crowd = { users: 40, accounts: 5 } as const;

/** Of the bridge, and of what stands in for AWS, for the other side's server and for both ends. */
const ours = ["connector", "functions"] as const;
const others = ["mapping", "sqs", "xmpp", "ends"] as const;
const parts = [...ours, ...others] as const;
type Part = (typeof parts)[number];

export interface Throughput {
  readonly server: ServerKind;
  readonly way: Way;
  readonly pairs: number;
  readonly perS: Spread;
  readonly sent: number;
  readonly lost: number;
  readonly repeats: number;
  readonly disordered: number;
  /** Processor time of each part, microseconds a message. */
  readonly cpuUs: Readonly<Record<Part, Spread>>;
}

type Run = Passed & { readonly cpuUs: Readonly<Record<Part, number>> };

/** Processor time so far. The mapping is the first thread of the functions' process. */
function cpuNow({ connector, functions, sqs, xmpp }: Traffic["rig"]["pids"]): Readonly<Record<Part, number>> {
  const mapping = mainThreadCpuUsOf(functions);
  return {
    connector: cpuUsOf(connector),
    functions: cpuUsOf(functions) - mapping,
    mapping,
    sqs: cpuUsOf(sqs),
    xmpp: cpuUsOf(xmpp),
    ends: cpuUsOf(process.pid),
  };
}

/** One way, once, as fast as it goes. */
async function runOnce({ rig, pass }: Traffic, way: Way, messages: number): Promise<Run> {
  const before = cpuNow(rig.pids);
  const passed = await pass({ way, messages, pace: { underWay } });
  const after = cpuNow(rig.pids);
  const taken = parts.map((part) => [part, (after[part] - before[part]) / passed.sent]);
  return { ...passed, cpuUs: Object.fromEntries(taken) as Record<Part, number> };
}

/** What this machine does one way, found in a single short run. */
export async function findMaximum(traffic: Traffic, way: Way, messages: number): Promise<number> {
  await traffic.pass({ way, messages: messages / 4, pace: { underWay } });
  return (await traffic.pass({ way, messages, pace: { underWay } })).steadyPerS;
}

async function measureOn(server: ServerKind, { runs, quick }: Settings, progress: Progress) {
  const messages = quick ? 400 : 20_000;
  progress(`${server}: start`);
  return await withTraffic({ server, ...crowd }, async (traffic) => {
    const all: Run[] = [];
    for (const way of ways) await traffic.pass({ way, messages: messages / 4, pace: { underWay } });
    for (let run = 0; run < runs; run += 1) {
      for (const way of ways) {
        const done = await runOnce(traffic, way, messages);
        progress(`${server}: ${way}: ${whole(done.steadyPerS)}/s, ${done.lost} lost`);
        all.push(done);
      }
    }
    return ways.map((way): Throughput => {
      const own = all.filter((pass) => pass.way === way);
      const sum = (of: (run: Run) => number) => own.reduce((total, run) => total + of(run), 0);
      const cpu = parts.map((part) => [part, spreadOf(own.map(({ cpuUs }) => cpuUs[part]))]);
      return {
        server,
        way,
        pairs: traffic.pairs,
        perS: spreadOf(own.map((run) => run.steadyPerS)),
        sent: sum((run) => run.sent),
        lost: sum((run) => run.lost),
        repeats: sum((run) => run.repeats),
        disordered: sum((run) => run.disordered),
        cpuUs: Object.fromEntries(cpu) as Record<Part, Spread>,
      };
    });
  });
}

function tableOf(figures: readonly Throughput[], runs: number): string {
  const medians = ({ cpuUs }: Throughput, of: readonly Part[]) =>
    of.map((part) => whole(cpuUs[part].median)).join("; ");
  return tableText(
    `As many messages as go through, 200 pairs: median of ${runs} runs (lowest to highest)`,
    [
      "",
      `messages/s (≥ ${perSMin})`,
      "sent; lost; twice; out of order",
      "CPU µs a message: connector; functions",
      "stand-ins: mapping; SQS engine; server; both ends",
    ],
    figures.map((each) => [
      `${each.server}, ${each.way}`,
      spreadText(each.perS, whole),
      `${each.sent}; ${each.lost}; ${each.repeats}; ${each.disordered}`,
      medians(each, ours),
      medians(each, others),
    ]),
  );
}

export const throughputBench: Bench = {
  purpose: "as many messages as go through one way, between 200 pairs",
  async run(settings, progress) {
    await buildAll();
    const all: Throughput[] = [];
    for (const server of settings.servers) all.push(...(await measureOn(server, settings, progress)));
    return { figures: all, tables: [tableOf(all, settings.runs)] };
  },
};
