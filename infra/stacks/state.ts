import { type App, CfnOutput, Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import { AttributeType, Billing, TableV2 } from "aws-cdk-lib/aws-dynamodb";
import { DeduplicationScope, FifoThroughputLimit, Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import { StringParameter } from "aws-cdk-lib/aws-ssm";
import { partsOf, type QueueName, type QueueRef } from "#core/contract/queues.ts";
import { deadLetterNameOf, perQueueOf, physicalNameOf, queueDefinitions } from "../definitions/queues.ts";
import { tableDefinition } from "../definitions/table.ts";

/** What outlives every deployment of code. */
export interface State {
  readonly queues: Readonly<Record<QueueRef, Queue>>;
  readonly deadLetters: Readonly<Record<QueueRef, Queue>>;
  readonly table: TableV2;
}

const nativeQueues = ["nativeEvents", "nativeDeliveries"] as const satisfies readonly QueueName[];

function makeQueue(stack: Stack, queue: QueueRef, id: string, queueName: string, deadLetters?: Queue): Queue {
  const definition = queueDefinitions[partsOf(queue).queue];
  return new Queue(stack, id, {
    queueName,
    visibilityTimeout: Duration.seconds(definition.visibilityS),
    retentionPeriod: Duration.seconds(definition.retentionS),
    maxMessageSizeBytes: definition.bytesMax,
    receiveMessageWaitTime: Duration.seconds(definition.waitS),
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    removalPolicy: RemovalPolicy.RETAIN,
    ...(definition.fifo && {
      fifo: true,
      fifoThroughputLimit: FifoThroughputLimit.PER_MESSAGE_GROUP_ID,
      deduplicationScope: DeduplicationScope.MESSAGE_GROUP,
    }),
    ...(deadLetters !== undefined && {
      deadLetterQueue: { queue: deadLetters, maxReceiveCount: definition.receivesMax },
    }),
  });
}

function makeTable(stack: Stack): TableV2 {
  return new TableV2(stack, "Table", {
    tableName: tableDefinition.name,
    partitionKey: { name: tableDefinition.partitionKey, type: AttributeType.STRING },
    sortKey: { name: tableDefinition.sortKey, type: AttributeType.STRING },
    timeToLiveAttribute: tableDefinition.expires,
    billing: Billing.onDemand(),
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    deletionProtection: true,
    removalPolicy: RemovalPolicy.RETAIN,
  });
}

/** Tells the native system where its two queues are, to people as outputs and to programs as parameters. */
function publish(stack: Stack, queue: QueueName, { queueUrl, queueArn }: Queue): void {
  const title = queue.charAt(0).toUpperCase() + queue.slice(1);
  for (const [kind, value] of [
    ["Url", queueUrl],
    ["Arn", queueArn],
  ] as const) {
    const parameterName = `/causeway/queues/${queueDefinitions[queue].base}/${kind.toLowerCase()}`;
    new CfnOutput(stack, `${title}${kind}`, {
      value,
      description: `Also in the SSM parameter ${parameterName}`,
    });
    new StringParameter(stack, `${title}${kind}Parameter`, { parameterName, stringValue: value });
  }
}

/** The stack of queues and table: everything that holds data and must survive a rollback of the rest. */
export function makeState(app: App, domains: readonly string[]): State {
  const stack = new Stack(app, "Causeway-State", { description: "Causeway: queues and table" });
  // Those of the first domain keep the ids that they had when there was no other.
  const idOf = (queue: QueueRef) => (partsOf(queue).domain === undefined ? queue : physicalNameOf(queue));
  const deadLetters = perQueueOf(domains, (queue) =>
    makeQueue(stack, queue, `${idOf(queue)}Dead`, deadLetterNameOf(queue)),
  );
  const queues = perQueueOf(domains, (queue) =>
    makeQueue(stack, queue, idOf(queue), physicalNameOf(queue), deadLetters[queue]),
  );
  for (const queue of nativeQueues) publish(stack, queue, queues[queue]);
  return { queues, deadLetters, table: makeTable(stack) };
}
