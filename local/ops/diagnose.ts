/** From what is known of a bridge to what is wrong with it, and what to do. Pure. */

import { partsOf } from "#core/contract/queues.ts";
import { type AlarmKind, alarmDefinitions, runbookOf } from "#infra/definitions/alarms.ts";
import { failureKindOf } from "./failure-kinds.ts";
import type { HealthFacts } from "./health-facts.ts";
import { duration, plural } from "./text.ts";

export interface Finding {
  /** `warn` may be nothing; `fail` keeps somebody waiting. */
  readonly level: "fail" | "warn";
  /** What is the matter, in a line. */
  readonly text: string;
  /** What to look at, or to do, next. */
  readonly next: string;
}

function more(kind: AlarmKind): string {
  return runbookOf({ kind });
}

function streamFindings({ connectors, troubles }: HealthFacts): Finding[] {
  const domains = new Set(connectors.map(({ domain }) => domain));
  return [...domains].flatMap((domain): Finding[] => {
    const ours = connectors.filter((connector) => connector.domain === domain);
    const up = ours.filter(({ stream }) => stream === "up");
    if (up.length === 1) return [];
    if (up.length > 1) {
      const text = `${up.length} connectors have a stream for ${domain}: the server spreads stanzas over them`;
      return [{ level: "fail", text, next: `keep one, or give them a lease; ${more("lease-flapping")}` }];
    }
    const why = troubles.streams.find((trouble) => trouble.domain === domain);
    if (ours.every(({ stream }) => stream === "unreachable")) {
      const text = `no connector for ${domain} answers`;
      return [{ level: "fail", text, next: `start one; ${more("stream-down")}` }];
    }
    const reason = why === undefined ? "" : `: ${why.reason}`;
    const advice = why?.advice || "npm run ops -- doctor says which part of the way is broken";
    return [
      {
        level: "fail",
        text: `the stream of ${domain} is down${reason}`,
        next: `${advice}; ${more("stream-down")}`,
      },
    ];
  });
}

function leaseFindings({ domains }: HealthFacts): Finding[] {
  return domains.flatMap(({ domain, lease }): Finding[] => {
    if (lease === undefined || lease.fresh) return [];
    const text = `the lease of ${domain} was not renewed while we looked`;
    return [{ level: "warn", text, next: `look again; ${more("lease-flapping")}` }];
  });
}

function queueFindings({ queues }: HealthFacts): Finding[] {
  const found: Finding[] = [];
  for (const { queue, base, oldestS = 0, waiting, deadLetters, differences } of queues) {
    const alarm = alarmDefinitions.find(
      ({ kind, metric }) =>
        kind === "queue-age" && metric.of === "queue" && metric.queue === partsOf(queue).queue,
    );
    if (alarm !== undefined && oldestS >= alarm.threshold) {
      const text = `the oldest of ${plural(waiting, "message")} in ${base} has waited for ${duration(oldestS)}`;
      found.push({ level: "fail", text, next: `see below who fails; ${more("queue-age")}` });
    }
    if (deadLetters > 0) {
      const text = `${plural(deadLetters, "dead letter")} of ${base}`;
      const next = `npm run ops -- dead-letters list --queue ${base}; ${more("dead-letters")}`;
      found.push({ level: "fail", text, next });
    }
    if (differences.length > 0) {
      const text = `${base} is not set up as it should be: ${differences[0]}`;
      found.push({ level: "warn", text, next: "npm run ops -- queues" });
    }
  }
  return found;
}

function troubleFindings({ troubles }: HealthFacts): Finding[] {
  // What was set aside is told by the dead letters themselves.
  const open = troubles.parts.filter(({ over, event }) => !over && !event.endsWith("set-aside"));
  return open.map(({ part, event, reason, count }) => {
    const kind = failureKindOf(event, reason);
    const text = `${part} ${kind.says}${reason === "" ? "" : ` (${reason})`}, ${plural(count, "time")} lately`;
    return { level: kind.level, text, next: kind.next };
  });
}

/** Everything that is not as it should be, the worst first. Nothing: the bridge is healthy. */
export function diagnose(facts: HealthFacts): readonly Finding[] {
  const unread = facts.failures.map((text): Finding => {
    return { level: "fail", text, next: "npm run ops -- doctor tries the calls that only look" };
  });
  const all = [
    ...unread,
    ...streamFindings(facts),
    ...troubleFindings(facts),
    ...queueFindings(facts),
    ...leaseFindings(facts),
  ];
  return [...all.filter(({ level }) => level === "fail"), ...all.filter(({ level }) => level === "warn")];
}
