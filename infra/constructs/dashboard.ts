import { Duration } from "aws-cdk-lib";
import {
  type Alarm,
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  type IMetric,
  type IWidget,
  LogQueryVisualizationType,
  LogQueryWidget,
} from "aws-cdk-lib/aws-cloudwatch";
import type { Construct } from "constructs";
import type { QueueRef } from "#core/contract/queues.ts";
import type { AlarmDefinition, AlarmMetric } from "../definitions/alarms.ts";
import { functionNames } from "../definitions/functions.ts";
import { metricOf, type Observed } from "./alarms.ts";
import { costWidgets } from "./cost.ts";
import type { State } from "./state.ts";

const dashboardName = "Causeway";
const half = { width: 12, height: 6 } as const;

/** A row of figures of the connector. */
const connectorGraphs: readonly (readonly [
  title: string,
  statistic: AlarmDefinition["statistic"],
  names: readonly string[],
])[] = [
  ["Streams", "Maximum", ["StreamUp", "StreamDown"]],
  ["Stanzas a minute", "Sum", ["MessagesIn", "PresencesIn", "MessagesOut", "PresencesOut"]],
  ["Barrier round trip, ms", "Maximum", ["BarrierMax"]],
  ["Refused and set aside", "Sum", ["Refused", "SetAside"]],
];

/** Figures of the connector that are in its log alone, as each metric costs by the month (connector/report.ts). */
const loggedGraphs: readonly (readonly [title: string, names: readonly string[]])[] = [
  ["IQs a minute", ["IqsIn", "IqsOut"]],
  ["Waiting in the connector", ["Held", "WindowStanzas"]],
  ["Items in one queue message", ["ItemsPerPack"]],
];

function loggedGraph({ compute }: Observed, [title, names]: (typeof loggedGraphs)[number]): IWidget {
  return new LogQueryWidget({
    ...half,
    title,
    view: LogQueryVisualizationType.LINE,
    logGroupNames: [compute.connector.logGroup.logGroupName],
    queryLines: [
      'filter event = "metrics"',
      `stats ${names.map((name) => `max(${name}) as ${name}Max`).join(", ")} by bin(1m)`,
    ],
  });
}

/** Those of further domains, too; not one that is somebody else's. */
function watchedQueues({ deadLetters }: State): QueueRef[] {
  const entries = Object.entries(deadLetters) as [QueueRef, unknown][];
  return entries.flatMap(([queue, found]) => (found === undefined ? [] : queue));
}

function widgetsOf(observed: Observed, queues: readonly QueueRef[]): IWidget[] {
  const show = (statistic: AlarmDefinition["statistic"], metrics: readonly AlarmMetric[]): IMetric[] =>
    metrics.map((metric) => metricOf(observed, { metric, statistic, periodS: 60 }));
  const graph = (title: string, left: IMetric[]) => new GraphWidget({ ...half, title, left });
  const perFunction = (name: string) =>
    functionNames.map((each): AlarmMetric => ({ of: "function", function: each, name }));
  return [
    ...connectorGraphs.map(([title, statistic, names]) =>
      graph(
        title,
        show(
          statistic,
          names.map((name) => ({ of: "connector", name }) as const),
        ),
      ),
    ),
    ...loggedGraphs.map((logged) => loggedGraph(observed, logged)),
    graph(
      "Oldest message, s",
      show(
        "Maximum",
        queues.map((queue) => ({ of: "queue", queue, name: "ApproximateAgeOfOldestMessage" }) as const),
      ),
    ),
    graph(
      "Dead letters",
      show(
        "Maximum",
        queues.map(
          (queue) => ({ of: "deadLetters", queue, name: "ApproximateNumberOfMessagesVisible" }) as const,
        ),
      ),
    ),
    graph("Invocations", show("Sum", perFunction("Invocations"))),
    graph("Longest invocation, ms", show("Maximum", perFunction("Duration"))),
    graph("Errors", show("Sum", perFunction("Errors"))),
    graph("At the same time", show("Maximum", perFunction("ConcurrentExecutions"))),
  ];
}

/** Everything on one page, alarms first; and what it costs on another. */
export function makeDashboards(scope: Construct, observed: Observed, alarms: readonly Alarm[]): void {
  const status = new AlarmStatusWidget({ title: "Alarms", width: 24, height: 4, alarms: [...alarms] });
  const queues = watchedQueues(observed.state);
  new Dashboard(scope, "Dashboard", {
    dashboardName,
    defaultInterval: Duration.hours(3),
    widgets: [[status], widgetsOf(observed, queues)],
  });
  // By itself: an account has three dashboards free, of up to 50 metrics each.
  new Dashboard(scope, "CostDashboard", {
    dashboardName: `${dashboardName}-Cost`,
    defaultInterval: Duration.days(7),
    widgets: [costWidgets(observed, queues)],
  });
}
