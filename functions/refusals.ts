/** What the policy keeps out of functions, counted by its reason: so many metrics, and no more. */
import { embeddedMetrics } from "#core/embedded-metrics.ts";

const metricNames = { denied: "RefusedDenied", stranger: "RefusedStranger" } as const;
export type RefusalReason = keyof typeof metricNames;

export interface Refusals {
  /** Counts refused stanzas; one that comes again counts again. */
  add(reason: RefusalReason, stanzas: number): void;
  /**
   * What was counted since the last call, as a log line that names nobody, for CloudWatch to make metrics of; `undefined`
   * without any.
   *
   * @param now milliseconds since 1970
   */
  take(name: string, now: number): Readonly<Record<string, unknown>> | undefined;
}

export function makeRefusals(): Refusals {
  const counts = new Map<RefusalReason, number>();
  return {
    add(reason, stanzas) {
      if (stanzas > 0) counts.set(reason, (counts.get(reason) ?? 0) + stanzas);
    },
    take(name, now) {
      if (counts.size === 0) return undefined;
      const figures = [...counts].map(([reason, value]) => ({
        name: metricNames[reason],
        unit: "Count",
        value,
      }));
      counts.clear();
      return {
        level: "info",
        event: "inbound.refused",
        function: name,
        ...embeddedMetrics("functions", figures, now),
      };
    },
  };
}
