/** Outcomes as a table for people. */
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
  "take-over",
  "verdict",
];

const ms = (value: number) => `${Math.round(value)} ms`;

function takeOverText(all: readonly number[]): string {
  if (all.length === 0) return "";
  const [least, most] = [Math.min(...all), Math.max(...all)];
  return least === most ? ms(least) : `${Math.round(least)}–${ms(most)}`;
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
    takeOverText(outcome.takeOverMs),
    outcome.broken.length === 0 ? "kept" : `BROKEN: ${outcome.broken.join(", ")}`,
  ];
}

/** A table for a terminal that is Markdown, too; figures of both ways stand as out; in. */
export function tableOf(outcomes: readonly Outcome[]): string {
  const rows = [head, ...outcomes.map(rowOf)];
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    `| ${widths.map((width, column) => (row[column] ?? "").padEnd(width)).join(" | ")} |`;
  const rule = `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`;
  const [first = "", ...rest] = rows.map(line);
  return [first, rule, ...rest].join("\n");
}
