/** Figures for CloudWatch, in its embedded metric format, and for a person at a terminal. */
import { type Counters, type Counts, countsSince, type RoundTrips, reasonCounts } from "./counters.ts";
import type { Health } from "./health.ts";

export interface Figures {
  readonly health: Health;
  /** Since the last report. */
  readonly counts: Counts;
  readonly roundTrips: RoundTrips | undefined;
}

const round = (value: number) => Math.round(value * 100) / 100;
const isHolder = ({ stream, lease }: Health) =>
  lease === "holder" || (lease === undefined && stream === "up");

/** Name, unit, value; without a value the metric is left out. */
type Metric = readonly [name: string, unit: string, value: number | undefined];

function metricsOf({ health, counts, roundTrips }: Figures): Metric[] {
  return [
    ["StreamUp", "Count", Number(health.stream === "up")],
    ["LeaseHolder", "Count", Number(isHolder(health))],
    ["MessagesIn", "Count", counts.messagesIn],
    ["PresencesIn", "Count", counts.presencesIn],
    ["IqsIn", "Count", counts.iqsIn],
    ["MessagesOut", "Count", counts.messagesOut],
    ["PresencesOut", "Count", counts.presencesOut],
    ["IqsOut", "Count", counts.iqsOut],
    ["Held", "Count", health.held],
    ["WindowStanzas", "Count", health.windowStanzas],
    ["BarrierP50", "Milliseconds", roundTrips?.p50Ms],
    ["BarrierMax", "Milliseconds", roundTrips?.maxMs],
    ["ItemsPerPack", "None", counts.packs === 0 ? undefined : counts.itemsPacked / counts.packs],
    ["SetAside", "Count", counts.setAside],
    ["Refused", "Count", counts.refused],
    // Each is a metric that costs once it is seen: those that never happen never are.
    ...Object.values(reasonCounts).map(
      (name): Metric => [`${name[0]?.toUpperCase()}${name.slice(1)}`, "Count", counts[name] || undefined],
    ),
  ];
}

/**
 * One line of JSON that CloudWatch Logs turns into metrics. The domain is a field and no dimension: each value of a
 * dimension makes metrics of its own, which cost.
 *
 * @param now milliseconds since 1970.
 */
export function metricLine(figures: Figures, now: number): string {
  const metrics = metricsOf(figures).flatMap(([name, unit, value]) =>
    value === undefined ? [] : [{ name, unit, value: round(value) }],
  );
  return JSON.stringify({
    time: new Date(now).toISOString(),
    level: "info",
    event: "metrics",
    domain: figures.health.domain,
    _aws: {
      Timestamp: now,
      CloudWatchMetrics: [
        {
          Namespace: "Causeway",
          Dimensions: [["Part"]],
          Metrics: metrics.map(({ name, unit }) => ({ Name: name, Unit: unit })),
        },
      ],
    },
    Part: "connector",
    ...Object.fromEntries(metrics.map(({ name, value }) => [name, value])),
  });
}

/** One line for people. */
export function statusLine({ health, counts }: Figures, periodS: number): string {
  const perS = (count: number) => `${round(count / periodS)}/s`;
  const lease = health.lease === undefined ? "" : ` (${health.lease})`;
  return [
    `${health.domain} ${health.stream}${lease}`,
    `in ${perS(counts.messagesIn + counts.presencesIn + counts.iqsIn)}`,
    `out ${perS(counts.messagesOut + counts.presencesOut + counts.iqsOut)}`,
    `window ${health.windowStanzas}`,
    `held ${health.held}`,
    `set aside ${counts.setAside}`,
  ].join(" · ");
}

/**
 * Calls `tell` with the figures of each period, which do not keep the process alive.
 *
 * @returns tells what there is of the period under way.
 */
export function reportEvery(
  periodMs: number,
  { health, counters }: { readonly health: () => Health; readonly counters: Counters },
  tell: (figures: Figures) => void,
  takeRoundTrips: () => RoundTrips | undefined = () => undefined,
): () => void {
  let before: Counts | undefined;
  const tellNow = () => {
    const now = counters.counts();
    tell({ health: health(), counts: countsSince(now, before), roundTrips: takeRoundTrips() });
    before = now;
  };
  setInterval(tellNow, periodMs).unref();
  return tellNow;
}
