import { Duration, Validations } from "aws-cdk-lib";
import {
  Alarm,
  ComparisonOperator,
  type IAlarmAction,
  type IMetric,
  Metric,
  TreatMissingData,
} from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import { FilterPattern, MetricFilter } from "aws-cdk-lib/aws-logs";
import { type ITopic, Topic } from "aws-cdk-lib/aws-sns";
import { EmailSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import type { QueueRef } from "#core/contract/queues.ts";
import type { Config } from "../config.ts";
import { type AlarmDefinition, alarmDefinitionsOf } from "../definitions/alarms.ts";
import type { Compute } from "./compute.ts";
import type { State } from "./state.ts";

/** What alarms and dashboards look at. */
export interface Observed {
  readonly state: State;
  readonly compute: Compute;
}

export type AlarmConfig = Pick<
  Config,
  "domains" | "alarmEmail" | "alarmTopicArn" | "runbookUrl" | "deliveriesQueueArn"
>;

/** The connector's own figures: connector/report.ts writes them into its log, and CloudWatch takes them from there. */
const figures = { namespace: "Causeway", dimensionsMap: { Part: "connector" } } as const;

function queueIn(queues: State["deadLetters"], ref: QueueRef): IQueue {
  const queue = queues[ref];
  if (queue === undefined) throw new Error(`no queue of ours is ${ref}`);
  return queue;
}

/** A metric of a definition; one that is filtered from a log is made by {@link makeLogMetric}. */
export function metricOf(
  { state, compute }: Observed,
  { metric, statistic, periodS }: Pick<AlarmDefinition, "metric" | "statistic" | "periodS">,
): IMetric {
  const props = { statistic, period: Duration.seconds(periodS) };
  switch (metric.of) {
    case "queue":
      return queueIn(state.queues, metric.queue).metric(metric.name, props);
    case "deadLetters":
      return queueIn(state.deadLetters, metric.queue).metric(metric.name, props);
    case "function":
      return compute.functions[metric.function].lambda.metric(metric.name, props);
    case "connector":
      return new Metric({ ...figures, metricName: metric.name, ...props });
    case "connectorLog":
      return new Metric({ namespace: figures.namespace, metricName: metric.event, ...props });
  }
}

/** Counts an event of the connector's log. */
function makeLogMetric(scope: Construct, { compute }: Observed, event: string): void {
  new MetricFilter(scope, `Log-${event}`, {
    logGroup: compute.connector.logGroup,
    filterPattern: FilterPattern.stringValue("$.event", "=", event),
    metricNamespace: figures.namespace,
    metricName: event,
    metricValue: "1",
  });
}

function topicsOf(scope: Construct, { alarmEmail, alarmTopicArn }: AlarmConfig): ITopic[] {
  const given = alarmTopicArn === undefined ? [] : [Topic.fromTopicArn(scope, "GivenTopic", alarmTopicArn)];
  if (alarmEmail === undefined) return given;
  const topic = new Topic(scope, "AlarmTopic", { displayName: "Causeway alarms", enforceSSL: true });
  topic.addSubscription(new EmailSubscription(alarmEmail));
  Validations.of(topic).acknowledge({
    id: "Serverless-SNSRedrivePolicy",
    reason: "Its one subscriber is an address of mail, which SNS tries again by itself.",
  });
  return [...given, topic as ITopic];
}

/** An alarm about a queue of somebody else's account would see no figures. */
function isWatched({ metric }: AlarmDefinition, { deliveriesQueueArn }: AlarmConfig): boolean {
  const isQueue = metric.of === "queue" || metric.of === "deadLetters";
  return !(isQueue && metric.queue === "nativeDeliveries" && deliveriesQueueArn !== undefined);
}

const comparisons = {
  ">=": ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
  "<": ComparisonOperator.LESS_THAN_THRESHOLD,
} as const;

/** The alarms of the definitions, each with a link to its runbook entry; whoever is to know hears of beginning and end. */
export function makeAlarms(scope: Construct, observed: Observed, config: AlarmConfig): readonly Alarm[] {
  const actions = topicsOf(scope, config).map((topic): IAlarmAction => new SnsAction(topic));
  return alarmDefinitionsOf(config.domains)
    .filter((definition) => isWatched(definition, config))
    .map((definition) => {
      const { id, kind, says, metric, comparison, threshold, periods, missing } = definition;
      if (metric.of === "connectorLog") makeLogMetric(scope, observed, metric.event);
      const alarm = new Alarm(scope, id, {
        alarmName: `causeway-${id}`,
        alarmDescription: `${says}. What to do: ${config.runbookUrl}#${kind}`,
        metric: metricOf(observed, definition),
        comparisonOperator: comparisons[comparison],
        threshold,
        evaluationPeriods: periods,
        treatMissingData: missing === "bad" ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
      });
      alarm.addAlarmAction(...actions);
      alarm.addOkAction(...actions);
      return alarm;
    });
}
