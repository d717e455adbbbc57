/** How long a message takes from one end to the other while little happens. */
import { buildAll } from "#infra/build.ts";
import type { ServerKind } from "#local/servers/server.ts";
import type { Bench, Progress, Settings } from "../bench.ts";
import { quantile, type Spread, spreadOf, spreadText } from "../figures.ts";
import { ms, tableText } from "../table.ts";
import { type Way, ways } from "./rate.ts";
import { withTraffic } from "./traffic.ts";

const perS = 50;
const p50MsMax = 25;
const p99MsMax = 100;

export interface Latency {
  readonly server: ServerKind;
  readonly way: Way;
  readonly perS: number;
  readonly sent: number;
  readonly lost: number;
  readonly p50Ms: Spread;
  readonly p99Ms: Spread;
  readonly maxMs: Spread;
}

async function measureOn(server: ServerKind, { runs, quick }: Settings, progress: Progress) {
  const messages = quick ? 20 : 1_000;
  progress(`${server}: start`);
  return await withTraffic({ server, users: 10, accounts: 2 }, async (traffic) => {
    const passes: { way: Way; sent: number; lost: number; p50: number; p99: number; max: number }[] = [];
    for (const way of ways) await traffic.pass({ way, messages: messages / 5, pace: { perS } });
    for (let run = 0; run < runs; run += 1) {
      for (const way of ways) {
        const { sent, lost, latenciesMs } = await traffic.pass({ way, messages, pace: { perS } });
        const [p50, p99, max] = [0.5, 0.99, 1].map((share) => quantile(latenciesMs, share));
        passes.push({ way, sent, lost, p50: p50 ?? 0, p99: p99 ?? 0, max: max ?? 0 });
        progress(`${server}: ${way}: p50 ${ms(p50 ?? 0)}, p99 ${ms(p99 ?? 0)}`);
      }
    }
    return ways.map((way): Latency => {
      const own = passes.filter((pass) => pass.way === way);
      const sum = (of: (pass: (typeof own)[number]) => number) =>
        own.reduce((all, pass) => all + of(pass), 0);
      return {
        server,
        way,
        perS,
        sent: sum((pass) => pass.sent),
        lost: sum((pass) => pass.lost),
        p50Ms: spreadOf(own.map((pass) => pass.p50)),
        p99Ms: spreadOf(own.map((pass) => pass.p99)),
        maxMs: spreadOf(own.map((pass) => pass.max)),
      };
    });
  });
}

function tableOf(figures: readonly Latency[], runs: number): string {
  return tableText(
    `From one end to the other at ${perS} messages a second: median of ${runs} runs (lowest to highest)`,
    ["", `p50 (≤ ${p50MsMax} ms)`, `p99 (≤ ${p99MsMax} ms)`, "longest", "sent; lost"],
    figures.map((each) => [
      `${each.server}, ${each.way}`,
      spreadText(each.p50Ms, ms),
      spreadText(each.p99Ms, ms),
      spreadText(each.maxMs, ms),
      `${each.sent}; ${each.lost}`,
    ]),
  );
}

export const latencyBench: Bench = {
  purpose: "client to native queue and back, at 50 messages a second",
  async run(settings, progress) {
    await buildAll();
    const all: Latency[] = [];
    for (const server of settings.servers) all.push(...(await measureOn(server, settings, progress)));
    return { figures: all, tables: [tableOf(all, settings.runs)] };
  },
};
