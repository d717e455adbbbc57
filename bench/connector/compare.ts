/** The connector beside a bare component: the same server, the same client, the same stanzas, in turn. */
import { buildAll } from "#infra/build.ts";
import type { ServerKind } from "#local/servers/server.ts";
import type { Bench, Progress, Settings } from "../bench.ts";
import { type Spread, spreadOf, spreadText } from "../figures.ts";
import { cpuUsOf } from "../machine.ts";
import { messageText } from "../message-text.ts";
import { tableText, whole } from "../table.ts";
import { type Ground, startGround } from "./ground.ts";
import { type Side, startBare, startInside, startOurs, type Way } from "./sides.ts";

/** Stanzas that are on their way at the same time: more than any side needs to be busy. */
const underWayMax = 3_000;
const stallMsMax = 30_000;

interface Size {
  readonly warmUp: number;
  readonly counted: number;
}

export interface Run {
  readonly stanzasPerS: number;
  /** Processor time of the component's process, without what is played in it. */
  readonly cpuUsPerStanza: number;
  readonly sent: number;
  readonly arrived: number;
}

const stanzaTo = (domain: string, n: number) =>
  `<message to='user${n % 16}@${domain}' id='m${n}' type='chat'><body>${messageText}</body></message>`;

/** Sends so many one way and waits until all have arrived and, where they leave us, are confirmed. */
async function pass(ground: Ground, side: Side, way: Way, stanzas: number, before: number) {
  const { client } = ground;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let [sent, arrived, confirmed, playedUs] = [0, 0, undefined as number | undefined, 0];
  const stalled = () => reject(new Error(`${way}: ${arrived} of ${stanzas} stanzas, and then nothing`));
  let timer = setTimeout(stalled, stallMsMax);
  const look = () => {
    clearTimeout(timer);
    timer = setTimeout(stalled, stallMsMax);
    const isConfirmed = way === "in" || confirmed === undefined || confirmed >= before + stanzas;
    if (arrived >= stanzas && isConfirmed) resolve();
    if (way === "out") return;
    let xml = "";
    while (sent < stanzas && sent - arrived < underWayMax) xml += stanzaTo(ground.componentDomain, sent++);
    if (xml !== "") client.write(xml);
  };
  client.onMessage((_, isError) => {
    if (isError) return reject(new Error(`${way}: the server sent a stanza back as an error`));
    if (way === "in") return;
    arrived += 1;
    if (arrived % 100 === 0 || arrived >= stanzas) look();
  });
  side.onProgress((done) => {
    confirmed = done.confirmed;
    playedUs = done.playedUs ?? 0;
    if (way === "in") arrived = done.taken - before;
    look();
  });
  if (way === "out") side.send(stanzas, client.full, messageText);
  look();
  await promise.finally(() => clearTimeout(timer));
  return { arrived, playedUs };
}

/** One side, one way, once. */
async function measure(ground: Ground, side: Side, way: Way, { warmUp, counted }: Size): Promise<Run> {
  const warm = await pass(ground, side, way, warmUp, 0);
  const [from, cpuUs] = [performance.now(), cpuUsOf(side.pid) - warm.playedUs];
  const { arrived, playedUs } = await pass(ground, side, way, counted, warm.arrived);
  return {
    stanzasPerS: counted / ((performance.now() - from) / 1000),
    cpuUsPerStanza: (cpuUsOf(side.pid) - playedUs - cpuUs) / counted,
    sent: counted,
    arrived,
  };
}

export interface Comparison {
  readonly title: string;
  readonly queues: PlaceOfQueues;
  readonly bare: readonly Run[];
  readonly ours: readonly Run[];
  readonly barePerS: Spread;
  readonly oursPerS: Spread;
  readonly bareCpuUs: Spread;
  readonly oursCpuUs: Spread;
  /** Medians, ours by theirs. */
  readonly speedRatio: number;
  readonly cpuRatio: number;
}

const cases = {
  in: { way: "in", inMessage: 1, title: "in: client to component, to queue" },
  echo: { way: "echo", inMessage: 1, title: "echo: to the queue and back to the client" },
  outTens: { way: "out", inMessage: 10, title: "out, 10 stanzas a queue message" },
  outSingle: { way: "out", inMessage: 1, title: "out, 1 stanza a queue message" },
} as const;

/** Where the queues are: called by the SDK over HTTP as deployed, or inside, which leaves the connector's own work. */
const places = { called: startOurs, inside: startInside } as const;
type PlaceOfQueues = keyof typeof places;

async function runSide(ground: Ground, start: Promise<Side>, way: Way, size: Size): Promise<Run> {
  const side = await start;
  try {
    return await measure(ground, side, way, size);
  } finally {
    await side.stop();
  }
}

async function compare(
  ground: Ground,
  { way, inMessage, title }: (typeof cases)[keyof typeof cases],
  { runs, quick }: Settings,
): Promise<Readonly<Record<PlaceOfQueues, Comparison>>> {
  const size = quick ? { warmUp: 100, counted: 400 } : { warmUp: 20_000, counted: 40_000 };
  const bare: Run[] = [];
  const ours: Record<PlaceOfQueues, Run[]> = { called: [], inside: [] };
  for (let run = 0; run < runs; run += 1) {
    bare.push(await runSide(ground, startBare(ground, way), way, size));
    for (const [place, start] of Object.entries(places)) {
      ours[place as PlaceOfQueues].push(await runSide(ground, start(ground, way, inMessage), way, size));
    }
  }
  return {
    called: comparisonOf(title, "called", bare, ours.called),
    inside: comparisonOf(`${title}; queues inside`, "inside", bare, ours.inside),
  };
}

function comparisonOf(
  title: string,
  queues: PlaceOfQueues,
  bare: readonly Run[],
  ours: readonly Run[],
): Comparison {
  const [barePerS, oursPerS] = [bare, ours].map((all) => spreadOf(all.map((run) => run.stanzasPerS)));
  const [bareCpuUs, oursCpuUs] = [bare, ours].map((all) => spreadOf(all.map((run) => run.cpuUsPerStanza)));
  if (!barePerS || !oursPerS || !bareCpuUs || !oursCpuUs) throw new Error("no runs");
  return {
    title,
    queues,
    bare,
    ours,
    barePerS,
    oursPerS,
    bareCpuUs,
    oursCpuUs,
    speedRatio: oursPerS.median / barePerS.median,
    cpuRatio: oursCpuUs.median / bareCpuUs.median,
  };
}

function tableOf(server: ServerKind, comparisons: readonly Comparison[], runs: number): string {
  const us = (value: number) => value.toFixed(1);
  return tableText(
    `The connector beside a bare @xmpp/component, ${server}: median of ${runs} runs in turn (lowest to highest)`,
    [
      "",
      "bare, stanzas/s",
      "ours, stanzas/s",
      "ratio (≥ 0.8)",
      "bare, CPU µs",
      "ours, CPU µs",
      "ratio (≤ 2.5)",
    ],
    comparisons.map((each) => [
      each.title,
      spreadText(each.barePerS, whole),
      spreadText(each.oursPerS, whole),
      each.speedRatio.toFixed(2),
      spreadText(each.bareCpuUs, us),
      spreadText(each.oursCpuUs, us),
      each.cpuRatio.toFixed(2),
    ]),
  );
}

async function compareOn(server: ServerKind, settings: Settings, progress: Progress) {
  progress(`${server}: start`);
  const ground = await startGround(server);
  try {
    const figures: Record<string, Comparison> = {};
    for (const [name, each] of Object.entries(cases)) {
      const { called, inside } = await compare(ground, each, settings);
      for (const { title, barePerS, oursPerS, cpuRatio } of [called, inside]) {
        progress(
          `${server}: ${title}: ${whole(barePerS.median)}/s bare, ${whole(oursPerS.median)}/s ours, ${cpuRatio.toFixed(2)} × its CPU`,
        );
      }
      figures[name] = called;
      figures[`${name}Inside`] = inside;
    }
    return figures;
  } finally {
    await ground.stop();
  }
}

export const connectorBench: Bench = {
  purpose: "the connector, its queues played, beside a bare @xmpp/component on the same server",
  async run(settings, progress) {
    await buildAll();
    const figures: Record<string, Record<string, Comparison>> = {};
    for (const server of settings.servers) figures[server] = await compareOn(server, settings, progress);
    const tables = settings.servers.map((server) =>
      tableOf(server, Object.values(figures[server] ?? {}), settings.runs),
    );
    return { figures, tables };
  },
};
