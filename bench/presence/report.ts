/** Figures as rows for people. */
import { mb, ms, seconds } from "../table.ts";
import type { FanOut } from "./fan-out.ts";
import type { Meanwhile } from "./meanwhile.ts";
import type { Phase, Resync } from "./resync.ts";

/** What was measured, and what it should be. */
export type Row = readonly [what: string, measured: string, target?: string];
export const head = ["", "measured", "target"] as const;

const sendsMax = 30;
const memoryMbMax = 256;
const delayMsMax = 50;

const kinds = (counts: Readonly<Record<string, number>>) =>
  Object.entries(counts)
    .map(([kind, count]) => `${count} ${kind}`)
    .join(", ") || "none";

export function fanOutRows(figures: FanOut): Row[] {
  return [
    [
      "subscribers told, each exactly once",
      `${figures.told}, ${figures.toldOnce ? "yes" : "NO"}`,
      `${figures.subscribers}`,
    ],
    ["SQS sends", `${figures.sends} (billed by 64 KiB: ${figures.billedSends})`, `≤ ${sendsMax}`],
    ["SQS requests of the functions", kinds(figures.sqs)],
    ["DynamoDB requests", kinds(figures.dynamodb)],
    ["invocations", `${figures.invocations}`],
    ["peak memory of native; walk", `${mb(figures.nativeMb)}; ${mb(figures.walkMb)}`, `< ${memoryMbMax} MB`],
    ["memory after the import alone", mb(figures.startMb)],
    ["event to last template in the queue", seconds(figures.wallMs)],
  ];
}

export function meanwhileRows({ idle, during, ...figures }: Meanwhile): Row[] {
  const both = (key: "p50" | "p95" | "max") => `${ms(during[key])}; ${ms(idle[key])}`;
  const later = (key: "p50" | "p95") => ms(during[key] - idle[key]);
  return [
    [
      `broadcast written to a server of ${figures.serverStanzasPerS} stanzas/s`,
      `${seconds(figures.broadcastMs)}, ${figures.presencesPerS.toFixed(0)} stanzas/s`,
    ],
    ["messages of another user meanwhile; idle", `${during.messages}; ${idle.messages}`],
    ["queue to routed, median: meanwhile; idle", both("p50")],
    ["queue to routed, 95 of 100: meanwhile; idle", both("p95")],
    ["queue to routed, longest: meanwhile; idle", both("max")],
    ["later than idle: median; 95 of 100", `${later("p50")}; ${later("p95")}`, `≤ ${delayMsMax} ms`],
  ];
}

function phaseRows(name: string, phase: Phase, pairs: number): Row[] {
  return [
    [
      `${name}: steps; time in the function; in all`,
      `${phase.steps}; ${seconds(phase.handledMs)}; ${seconds(phase.wallMs)}`,
    ],
    [`${name}: SQS sends; a pair`, `${phase.sends}; ${(phase.sends / pairs).toFixed(2)}`],
    [`${name}: SQS requests`, kinds(phase.sqs)],
    [`${name}: DynamoDB requests`, kinds(phase.dynamodb)],
    [`${name}: pairs a second in all`, (pairs / (phase.wallMs / 1000)).toFixed(0)],
  ];
}

export function resyncRows({ pairs, paced, ...figures }: Resync): Row[] {
  return [
    ["messages to contacts", `${figures.stanzaMessages}`, `${pairs}`],
    ["contacts found silent, and told", `${figures.events}`, `${pairs}`],
    ...phaseRows("ask and tell", figures.greet, pairs),
    ...phaseRows("forget the silent", figures.settle, pairs),
    [
      `peak memory of walk; at ${paced.pairsPerS} pairs a second`,
      `${mb(figures.peakMb)}; ${mb(paced.peakMb)}`,
    ],
    [
      `${paced.steps} steps at ${paced.pairsPerS} pairs a second`,
      `${paced.pairs} pairs in ${seconds(paced.wallMs)}: ${(paced.pairs / (paced.wallMs / 1000)).toFixed(0)} a second, ${paced.mostInStep} in a step`,
      `≤ ${paced.pairsPerS} a second`,
    ],
  ];
}
