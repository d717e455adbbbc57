/** How connectors are by what they have logged, where nobody can ask them: on AWS they take no connection. */
import type { ConnectorView } from "./bridge.ts";
import type { LogLine } from "./logs.ts";

/** How far back its log tells of a connector: two periods of its metrics, and some time for the log to arrive. */
export const viewWindowMs = 3 * 60_000;

const numberOf = (value: unknown) => (typeof value === "number" ? value : undefined);

/**
 * One view a domain: of several connectors the metrics of the one that has the stream count.
 *
 * @param lines in order of time
 */
export function viewsFromLog(lines: readonly LogLine[], domains: readonly string[]): ConnectorView[] {
  const connectors = lines.filter(({ part }) => part === "connector");
  return domains.map((domain) => {
    const ours = connectors.filter(({ fields }) => fields["domain"] === domain);
    const metrics = ours.filter(({ event }) => event === "metrics");
    const up = metrics.findLast(({ fields }) => fields["StreamUp"] === 1);
    const latest = up ?? metrics.at(-1);
    const change = ours.findLast(({ event }) => event === "stream.up" || event === "stream.down");
    const isDown = change?.event === "stream.down" && change.at > (up?.at ?? 0);
    const opened = ours.findLast(({ event }) => event === "stream.up");
    const stream = latest === undefined ? "unreachable" : up !== undefined && !isDown ? "up" : "down";
    return {
      name: "its log",
      domain,
      stream,
      ...(latest?.fields["LeaseHolder"] === 1 && { lease: "holder" }),
      fence: numberOf(opened?.fields["fence"]),
      since: opened === undefined ? undefined : new Date(opened.at).toISOString(),
      windowStanzas: numberOf(latest?.fields["WindowStanzas"]),
      held: numberOf(latest?.fields["Held"]),
    };
  });
}
