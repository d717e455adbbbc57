/** `ops status`: how the bridge is, and what to look at where it is not well. */
import { readFileSync } from "node:fs";
import type { ConnectorView } from "./bridge.ts";
import { answer, type Command, exits } from "./command.ts";
import { diagnose, type Finding } from "./diagnose.ts";
import { type HealthFacts, readHealth } from "./health-facts.ts";
import { queuesText } from "./queues.ts";
import { ago, columns, indented } from "./text.ts";

const packageFile = new URL("../../package.json", import.meta.url);

/** The version of this tool. */
export function ownVersion(): string {
  const { version }: { version?: unknown } = JSON.parse(readFileSync(packageFile, "utf8"));
  return String(version);
}

function connectorRow(view: ConnectorView, nowMs: number): string[] {
  const { domain, name, stream, lease, fence, since, windowStanzas, held } = view;
  return [
    domain,
    name,
    stream,
    since === undefined ? "-" : ago(Date.parse(since), nowMs),
    ...[fence, lease, windowStanzas, held].map((value) => (value === undefined ? "-" : String(value))),
  ];
}

/** Each with what to do about it. */
function findingsText(findings: readonly Finding[]): string {
  return findings.map(({ level, text, next }) => `${level}  ${text}\n      → ${next}`).join("\n");
}

/** Whether what was found keeps anybody waiting. */
export const isHealthy = (findings: readonly Finding[]) => findings.every(({ level }) => level !== "fail");

function verdict(findings: readonly Finding[]): string {
  if (findings.length === 0) return "healthy";
  return `${isHealthy(findings) ? "healthy, but" : "NOT HEALTHY"}\n${indented(findingsText(findings))}`;
}

export function statusText(facts: HealthFacts, findings: readonly Finding[], nowMs: number): string {
  const head = ["domain", "connector", "stream", "up since", "fence", "lease", "window", "held"];
  const leases = facts.domains.map(({ domain, fence, lease }) => {
    const held =
      lease && `held by ${lease.holder}, ${lease.fresh ? "renewed just now" : "not renewed while we looked"}`;
    return [
      domain,
      `fence ${fence}`,
      `lease ${held ?? "held by nobody"}${lease?.leaving ? ", leaving" : ""}`,
    ];
  });
  const errors = facts.troubles.parts.map(({ part, event, reason, count, lastAt, over }) => [
    part,
    event,
    reason,
    `${count}×`,
    ago(lastAt, nowMs),
    over ? "over" : "",
  ]);
  return [
    columns([head, ...facts.connectors.map((view) => connectorRow(view, nowMs))]),
    columns(leases),
    queuesText(facts.queues, facts.foreign),
    errors.length === 0 ? "Nothing was complained of in the last 15 minutes." : columns(errors),
    `causeway ${ownVersion()}, node ${process.version}`,
    verdict(findings),
  ].join("\n\n");
}

export const status: Command = {
  summary: "how the bridge is, and what to look at where it is not well",
  help: `ops status                            streams, lease, queues, dead letters, last errors, versions

Exit code 1 where the bridge is not healthy; the answer then ends with what is the matter and what to do next.
A warning alone is healthy.`,
  check: ({ positionals: [first] }) =>
    first === undefined ? undefined : `${first}: this command takes no word`,
  async run(bridge, given, screen) {
    const now = Date.now();
    const facts = await readHealth(bridge, now);
    const findings = diagnose(facts);
    const healthy = isHealthy(findings);
    const versions = { causeway: ownVersion(), node: process.version };
    answer(screen, given, { healthy, findings, ...facts, versions }, () => statusText(facts, findings, now));
    return healthy ? exits.fine : exits.unhealthy;
  },
};
