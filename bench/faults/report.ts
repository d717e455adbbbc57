/** Outcomes as a table for people. */
import { tableText } from "../table.ts";
import type { Outcome } from "./run.ts";

const head = [
  "fault",
  "server",
  "sent out; in",
  "lost out; in (at most)",
  "failed; bounced",
  "set aside",
  "doubled",
  "repeated",
  "out of order",
  "longest gap out; in",
  "take-over (at most)",
  "verdict",
];

const ms = (value: number) => `${Math.round(value)} ms`;

function takeOverText({ takeOverMs: all, takeOverMsMax }: Outcome): string {
  if (all.length === 0) return "";
  const [least, most] = [Math.min(...all), Math.max(...all)];
  const text = least === most ? ms(least) : `${Math.round(least)}–${ms(most)}`;
  return takeOverMsMax === undefined ? text : `${text} (${takeOverMsMax})`;
}

function lettersText({ letters }: Outcome): string {
  const reasons = Object.entries(letters).map(([reason, count]) => `${count} ${reason}`);
  return reasons.length === 0 ? "" : `; dead letters: ${reasons.join(", ")}`;
}

function rowOf(outcome: Outcome): string[] {
  const { inbound, outbound, gapMs } = outcome;
  return [
    outcome.fault,
    outcome.server,
    `${outbound.sent}; ${inbound.sent}`,
    `${outbound.lost}; ${inbound.lost} (${outcome.inboundLostMax})`,
    `${outbound.told}; ${inbound.told}`,
    `${outbound.setAside}; ${inbound.setAside}`,
    `${outbound.doubled}; ${inbound.doubled}`,
    `${outbound.repeats}; ${inbound.repeats}`,
    `${outbound.outOfOrder}; ${inbound.outOfOrder}`,
    `${ms(gapMs.outbound)}; ${ms(gapMs.inbound)}`,
    takeOverText(outcome),
    outcome.broken.length === 0 ? "kept" : `BROKEN: ${outcome.broken.join(", ")}${lettersText(outcome)}`,
  ];
}

/** Figures of both ways stand as out; in. */
export function tableOf(outcomes: readonly Outcome[]): string {
  return tableText(undefined, head, outcomes.map(rowOf));
}
