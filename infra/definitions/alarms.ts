/**
 * What wakes somebody up. Each alarm links to its entry in docs/runbook.md, whose anchor is the alarm's
 * kind: one entry tells of a kind, whichever queue or function it is about.
 */
import { partsOf, type QueueName, type QueueRef, queueNames, queueRefsOf } from "#core/contract/queues.ts";
import { callsItself, type FunctionName, functionNames } from "./functions.ts";
import { physicalNameOf, shortNameOf } from "./queues.ts";

export const alarmKinds = [
  "queue-age",
  "dead-letters",
  "stream-down",
  "lease-flapping",
  "function-errors",
  "recursion-drops",
] as const;

export type AlarmKind = (typeof alarmKinds)[number];

/** What is measured, as CloudWatch names it. */
export type AlarmMetric =
  /** The queue itself. */
  | { readonly of: "queue"; readonly queue: QueueRef; readonly name: string }
  | { readonly of: "deadLetters"; readonly queue: QueueRef; readonly name: string }
  | { readonly of: "function"; readonly function: FunctionName; readonly name: string }
  /** A figure of the connector: namespace `Causeway`, dimension `Part` = `connector` (connector/report.ts). */
  | { readonly of: "connector"; readonly name: string }
  /** How often the connector's log tells an event: a metric filter on its log group. */
  | { readonly of: "connectorLog"; readonly event: string };

export interface AlarmDefinition {
  /** Its name after the prefix of the deployment: `queue-age-native-events`. */
  readonly id: string;
  readonly kind: AlarmKind;
  /** One line for the one who is woken up. */
  readonly says: string;
  readonly metric: AlarmMetric;
  readonly statistic: "Maximum" | "Sum";
  readonly comparison: ">=" | "<";
  readonly threshold: number;
  /** Length of one period, in seconds. */
  readonly periodS: number;
  /** So many periods in a row, or of the last `periods`, have to be over the threshold. */
  readonly periods: number;
  /** What a period without any figure counts as. */
  readonly missing: "ok" | "bad";
}

/** Age of the oldest message, in seconds, from which on somebody is waiting too long. */
const ageSMax: Readonly<Record<QueueName, number>> = {
  messageStanzas: 60,
  presenceStanzas: 120,
  iqStanzas: 60,
  nativeEvents: 60,
  outboundStanzas: 60,
  // A broadcast to very many takes its time, and nobody waits for it.
  outboundPresence: 300,
  // Read by the native system: longer than its own restarts, far below the 14 days after which events are lost.
  nativeDeliveries: 300,
  // Paced on purpose, and its messages wait for their delay.
  walks: 1800,
};

/** `native-events`; with the hash of its domain where that has a queue of its own. */
const wordOf = (queue: QueueRef) => shortNameOf(physicalNameOf(queue));

/** For people, who do not know domains by their hashes. */
function titleOf(queue: QueueRef): string {
  const { domain } = partsOf(queue);
  return domain === undefined ? wordOf(queue) : `${wordOf(queue)} (${domain})`;
}

function ageOf(queue: QueueRef): AlarmDefinition {
  const threshold = ageSMax[partsOf(queue).queue];
  return {
    id: `queue-age-${wordOf(queue)}`,
    kind: "queue-age",
    says: `the oldest message of ${titleOf(queue)} waits for more than ${threshold} s`,
    metric: { of: "queue", queue, name: "ApproximateAgeOfOldestMessage" },
    statistic: "Maximum",
    comparison: ">=",
    threshold,
    periodS: 60,
    periods: 3,
    missing: "ok",
  };
}

function deadLettersOf(queue: QueueRef): AlarmDefinition {
  return {
    id: `dead-letters-${wordOf(queue)}`,
    kind: "dead-letters",
    says: `something of ${titleOf(queue)} was set aside`,
    metric: { of: "deadLetters", queue, name: "ApproximateNumberOfMessagesVisible" },
    statistic: "Maximum",
    comparison: ">=",
    threshold: 1,
    periodS: 60,
    periods: 1,
    missing: "ok",
  };
}

/** That AWS throttles a function is seen by the age of its queue. */
function errorsOf(of: FunctionName): AlarmDefinition {
  return {
    id: `function-errors-${of}`,
    kind: "function-errors",
    says: `the function ${of} fails as a whole`,
    metric: { of: "function", function: of, name: "Errors" },
    statistic: "Sum",
    comparison: ">=",
    threshold: 3,
    periodS: 300,
    periods: 1,
    missing: "ok",
  };
}

function dropsOf(of: FunctionName): AlarmDefinition {
  return {
    ...errorsOf(of),
    id: `recursion-drops-${of}`,
    kind: "recursion-drops",
    says: `the function ${of} was stopped by AWS, which takes its messages for a loop`,
    metric: { of: "function", function: of, name: "RecursiveInvocationsDropped" },
    threshold: 1,
  };
}

const connectorAlarms: readonly AlarmDefinition[] = [
  {
    id: "stream-down",
    kind: "stream-down",
    says: "no connector has its stream to the XMPP server",
    // Of several connectors one has the stream, and the most of them is what counts.
    metric: { of: "connector", name: "StreamUp" },
    statistic: "Maximum",
    comparison: "<",
    threshold: 1,
    periodS: 60,
    periods: 3,
    missing: "bad",
  },
  {
    id: "stream-down-one",
    kind: "stream-down",
    says: "a domain has no stream to its XMPP server",
    // A connector that has the lease of a domain, and no stream: others' streams are up.
    metric: { of: "connector", name: "StreamDown" },
    statistic: "Maximum",
    comparison: ">=",
    threshold: 1,
    periodS: 60,
    periods: 3,
    missing: "ok",
  },
  {
    id: "lease-flapping",
    kind: "lease-flapping",
    says: "the stream goes from one connector to another again and again",
    metric: { of: "connectorLog", event: "lease.held" },
    statistic: "Sum",
    comparison: ">=",
    // A deployment takes it twice.
    threshold: 4,
    periodS: 900,
    periods: 1,
    missing: "ok",
  },
];

/** All alarms of a deployment that serves these domains. */
export function alarmDefinitionsOf(domains: readonly string[]): readonly AlarmDefinition[] {
  const queues = queueNames.flatMap((queue) => queueRefsOf(queue, domains));
  return [
    ...queues.map(ageOf),
    ...queues.map(deadLettersOf),
    ...connectorAlarms,
    ...functionNames.map(errorsOf),
    ...functionNames.filter((name) => !callsItself(name)).map(dropsOf),
  ];
}

/** Those of a deployment of one domain. */
export const alarmDefinitions = alarmDefinitionsOf([]);

/** Where an alarm's entry is, below the repository: `docs/runbook.md#stream-down`. */
export function runbookOf({ kind }: Pick<AlarmDefinition, "kind">): string {
  return `docs/runbook.md#${kind}`;
}
