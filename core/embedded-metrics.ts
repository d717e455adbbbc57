/** Figures in a log line, of which CloudWatch Logs makes metrics: its embedded metric format. */

/** Name, unit as CloudWatch spells it, value. */
export interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly value: number;
}

/**
 * The fields of a log line that hold figures. Each is a field; a metric, which costs by the month, is made of those that
 * `isMetric` tells.
 *
 * @param part who counted: the one dimension, as each value of a dimension makes metrics of its own
 * @param now milliseconds since 1970
 */
export function embeddedMetrics(
  part: string,
  figures: readonly Figure[],
  now: number,
  isMetric: (name: string) => boolean = () => true,
): Readonly<Record<string, unknown>> {
  return {
    _aws: {
      Timestamp: now,
      CloudWatchMetrics: [
        {
          Namespace: "Causeway",
          Dimensions: [["Part"]],
          Metrics: figures
            .filter(({ name }) => isMetric(name))
            .map(({ name, unit }) => ({ Name: name, Unit: unit })),
        },
      ],
    },
    Part: part,
    ...Object.fromEntries(figures.map(({ name, value }) => [name, value])),
  };
}
