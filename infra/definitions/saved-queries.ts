/** Questions to the logs that on-call asks, saved in CloudWatch Logs Insights under `Causeway/`. */
export interface SavedQuery {
  readonly name: string;
  /** One command a line. */
  readonly lines: readonly string[];
}

const newestFirst = ["sort @timestamp desc", "limit 200"];

export const savedQueries: readonly SavedQuery[] = [
  {
    name: "One trace or id: put it in for ID",
    lines: [
      "fields @timestamp, event, function, domain, @message",
      "filter @message like 'ID'",
      "sort @timestamp asc",
      "limit 500",
    ],
  },
  {
    name: "What was set aside, by reason",
    lines: [
      "filter event = 'set-aside'",
      "stats count(*) as items by function, reason, bin(5m)",
      "sort items desc",
    ],
  },
  {
    name: "Faults of our code",
    lines: ["fields @timestamp, function, error, at.0", "filter event = 'fault'", ...newestFirst],
  },
  {
    name: "What comes again, by function and error",
    lines: [
      "filter event = 'retry'",
      "stats count(*) as messages by function, error, bin(5m)",
      "sort messages desc",
    ],
  },
  {
    name: "Stream and lease of connectors",
    lines: [
      "fields @timestamp, @logStream, event, domain, reason, @message",
      "filter event like /^(stream|lease|connector)\\./",
      ...newestFirst,
    ],
  },
  {
    name: "Who is refused for its rate",
    lines: ["fields @timestamp, domain, @message", "filter event like /refus/", ...newestFirst],
  },
  {
    name: "Slow batches",
    lines: [
      "filter event = 'handled'",
      "stats count(*) as batches, pct(ms, 50), pct(ms, 99), max(ms) by function, bin(5m)",
    ],
  },
];
