/** Figures for CloudWatch, in its embedded metric format, and for a person at a terminal. */
import { embeddedMetrics } from "#core/embedded-metrics.ts";
import {
  type Counters,
  type CountName,
  type Counts,
  countsSince,
  type RoundTrips,
  reasonCounts,
} from "./counters.ts";
import type { Health } from "./health.ts";

/** Of one domain, since the last report. */
export interface Figures {
  readonly health: Health;
  readonly counts: Counts;
  readonly roundTrips: RoundTrips | undefined;
}

const round = (value: number) => Math.round(value * 100) / 100;
const isHolder = ({ stream, lease }: Health) =>
  lease === "holder" || (lease === undefined && stream === "up");
/** Nobody else is to have its stream, and it has none. */
const isDown = ({ stream, lease }: Health) => stream !== "up" && (lease === undefined || lease === "holder");

/**
 * What CloudWatch makes metrics of: each costs by the month. Everything else is a field of the same line, which the
 * dashboard and saved queries read from the log.
 */
const metricNames: ReadonlySet<string> = new Set([
  "StreamUp",
  "StreamDown",
  "MessagesIn",
  "PresencesIn",
  "MessagesOut",
  "PresencesOut",
  "BarrierMax",
  "SetAside",
  "Refused",
]);

/** Name, unit, value; without a value the figure is left out. */
type Metric = readonly [name: string, unit: string, value: number | undefined];

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** The median of one domain; of several the slowest domain's, as a median of all would hide it. */
function slowest(roundTrips: readonly (RoundTrips | undefined)[]): RoundTrips | undefined {
  const measured = roundTrips.filter((one) => one !== undefined);
  if (measured.length === 0) return undefined;
  return {
    p50Ms: Math.max(...measured.map(({ p50Ms }) => p50Ms)),
    maxMs: Math.max(...measured.map(({ maxMs }) => maxMs)),
  };
}

/** Of one domain, or of several together. */
function metricsOf(figures: readonly Figures[]): Metric[] {
  const count = (is: (health: Health) => boolean) => figures.filter(({ health }) => is(health)).length;
  const counted = (name: CountName) => sum(figures.map(({ counts }) => counts[name]));
  const roundTrips = slowest(figures.map((one) => one.roundTrips));
  const packs = counted("packs");
  return [
    ["StreamUp", "Count", count(({ stream }) => stream === "up")],
    ["StreamDown", "Count", count(isDown)],
    ["LeaseHolder", "Count", count(isHolder)],
    ["MessagesIn", "Count", counted("messagesIn")],
    ["PresencesIn", "Count", counted("presencesIn")],
    ["IqsIn", "Count", counted("iqsIn")],
    ["MessagesOut", "Count", counted("messagesOut")],
    ["PresencesOut", "Count", counted("presencesOut")],
    ["IqsOut", "Count", counted("iqsOut")],
    ["Held", "Count", sum(figures.map(({ health }) => health.held))],
    ["WindowStanzas", "Count", sum(figures.map(({ health }) => health.windowStanzas))],
    ["BarrierP50", "Milliseconds", roundTrips?.p50Ms],
    ["BarrierMax", "Milliseconds", roundTrips?.maxMs],
    ["ItemsPerPack", "None", packs === 0 ? undefined : counted("itemsPacked") / packs],
    ["SetAside", "Count", counted("setAside")],
    ["Refused", "Count", counted("refused")],
    // Most never happen.
    ...Object.values(reasonCounts).map(
      (name): Metric => [`${name[0]?.toUpperCase()}${name.slice(1)}`, "Count", counted(name) || undefined],
    ),
  ];
}

/** What there is a value of, rounded. */
const valuesOf = (figures: readonly Figures[]) =>
  metricsOf(figures).flatMap(([name, unit, value]) =>
    value === undefined ? [] : [{ name, unit, value: round(value) }],
  );

/**
 * One line of JSON with all figures, of all domains together; CloudWatch Logs turns some of them into metrics. No domain
 * is a dimension: each value of a dimension makes metrics of its own, which cost. A domain that is alone is a field.
 *
 * @param now milliseconds since 1970.
 */
export function metricLine(figures: readonly Figures[], now: number): string {
  const [first, ...others] = figures;
  return JSON.stringify({
    time: new Date(now).toISOString(),
    level: "info",
    event: "metrics",
    ...(others.length === 0 && { domain: first?.health.domain }),
    ...embeddedMetrics("connector", valuesOf(figures), now, (name) => metricNames.has(name)),
  });
}

/** The same figures of one of several domains: for the log alone, no metric. */
export function domainFigures(figures: Figures): Readonly<Record<string, number>> {
  return Object.fromEntries(valuesOf([figures]).map(({ name, value }) => [name, value]));
}

/** One line for people, about one domain. */
export function statusLine({ health, counts }: Figures, periodS: number): string {
  const perS = (count: number) => `${round(count / periodS)}/s`;
  const lease = health.lease === undefined || health.lease === health.stream ? "" : ` (${health.lease})`;
  return [
    `${health.domain} ${health.stream}${lease}`,
    `in ${perS(counts.messagesIn + counts.presencesIn + counts.iqsIn)}`,
    `out ${perS(counts.messagesOut + counts.presencesOut + counts.iqsOut)}`,
    `window ${health.windowStanzas}`,
    `held ${health.held}`,
    `refused ${counts.refused}`,
    `set aside ${counts.setAside}`,
  ].join(" · ");
}

/** What is reported of. */
export interface Reported {
  readonly health: () => Health;
  readonly counters: Counters;
}

/**
 * Calls `tell` with the figures of each period, which do not keep the process alive.
 *
 * @returns tells what there is of the period under way.
 */
export function reportEvery(
  periodMs: number,
  all: readonly Reported[],
  tell: (figures: readonly Figures[]) => void,
  takeRoundTrips: (counters: Counters) => RoundTrips | undefined = () => undefined,
): () => void {
  const before = new Map<Counters, Counts>();
  const figuresOf = ({ health, counters }: Reported): Figures => {
    const now = counters.counts();
    const counts = countsSince(now, before.get(counters));
    before.set(counters, now);
    return { health: health(), counts, roundTrips: takeRoundTrips(counters) };
  };
  const tellNow = () => tell(all.map(figuresOf));
  setInterval(tellNow, periodMs).unref();
  return tellNow;
}
