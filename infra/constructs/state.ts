import { CfnOutput, Duration, Stack, Validations } from "aws-cdk-lib";
import { AttributeType, Billing, type CfnGlobalTable, TableV2 } from "aws-cdk-lib/aws-dynamodb";
import type { ManagedPolicy } from "aws-cdk-lib/aws-iam";
import type { IKey } from "aws-cdk-lib/aws-kms";
import {
  DeduplicationScope,
  FifoThroughputLimit,
  type IQueue,
  Queue,
  QueueEncryption,
} from "aws-cdk-lib/aws-sqs";
import { StringParameter } from "aws-cdk-lib/aws-ssm";
import type { Construct } from "constructs";
import { partsOf, type QueueName, type QueueRef, queueNames } from "#core/contract/queues.ts";
import type { Config } from "../config.ts";
import { checkDefinitions } from "../definitions/check.ts";
import { parameters, queueParameter } from "../definitions/parameters.ts";
import { deadLetterNameOf, perQueueOf, physicalNameOf, queueDefinitions } from "../definitions/queues.ts";
import { tableDefinition } from "../definitions/table.ts";
import { keyOf } from "./encryption.ts";
import { allowNativeSide } from "./native-access.ts";
import { removalPolicyOf } from "./removal.ts";

/** What outlives every deployment of code. */
export interface State {
  readonly queues: Readonly<Record<QueueRef, IQueue>>;
  /** Of all queues but one that is somebody else's. */
  readonly deadLetters: Readonly<Partial<Record<QueueRef, IQueue>>>;
  readonly table: TableV2;
  /** A key of the customer's, where there is one. */
  readonly key: IKey | undefined;
  /** For the role of a native system in this account. */
  readonly nativeAccess: ManagedPolicy;
}

export type StateConfig = Pick<
  Config,
  "domains" | "removal" | "encryption" | "nativePrincipals" | "deliveriesQueueArn"
>;

interface Keeping {
  readonly key: IKey | undefined;
  readonly removal: Config["removal"];
}

// CDK's classes and interfaces disagree under exactOptionalPropertyTypes, hence each `as I…` in this folder.
function makeQueue(
  scope: Construct,
  queue: QueueRef,
  { key, removal }: Keeping,
  id: string,
  queueName: string,
  deadLetters?: Queue,
): Queue {
  const definition = queueDefinitions[partsOf(queue).queue];
  return new Queue(scope, id, {
    queueName,
    visibilityTimeout: Duration.seconds(definition.visibilityS),
    retentionPeriod: Duration.seconds(definition.retentionS),
    maxMessageSizeBytes: definition.bytesMax,
    receiveMessageWaitTime: Duration.seconds(definition.waitS),
    ...(key === undefined
      ? { encryption: QueueEncryption.SQS_MANAGED }
      : { encryption: QueueEncryption.KMS, encryptionMasterKey: key }),
    enforceSSL: true,
    removalPolicy: removalPolicyOf(removal),
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

function makeTable(scope: Construct, { key, removal }: Keeping): TableV2 {
  const table = new TableV2(scope, "Table", {
    tableName: tableDefinition.name,
    partitionKey: { name: tableDefinition.partitionKey, type: AttributeType.STRING },
    sortKey: { name: tableDefinition.sortKey, type: AttributeType.STRING },
    timeToLiveAttribute: tableDefinition.expires,
    billing: Billing.onDemand(),
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    deletionProtection: removal === "retain",
    removalPolicy: removalPolicyOf(removal),
  });
  if (key !== undefined) encryptTable(table, key);
  return table;
}

/** CDK would do it only for a stack that names its region. */
function encryptTable(table: TableV2, key: IKey): void {
  const resource = table.node.defaultChild as CfnGlobalTable;
  resource.addPropertyOverride("SSESpecification", { SSEEnabled: true, SSEType: "KMS" });
  resource.addPropertyOverride("Replicas.0.SSESpecification.KMSMasterKeyId", key.keyArn);
}

/** Those of the first domain keep the ids that they had when there was no other. */
const idOf = (queue: QueueRef) => (partsOf(queue).domain === undefined ? queue : physicalNameOf(queue));

function makeDeadLetters(scope: Construct, queue: QueueRef, keeping: Keeping): Queue {
  const made = makeQueue(scope, queue, keeping, `${idOf(queue)}Dead`, deadLetterNameOf(queue));
  Validations.of(made).acknowledge({
    id: "Serverless-SQSRedrivePolicy",
    reason: "It is the end of the way: an alarm tells of what is in it, and people replay it.",
  });
  return made;
}

/** Tells people and programs where a queue is. */
function publish(scope: Construct, queue: QueueName, main: IQueue, deadLetters: IQueue | undefined): void {
  const title = queue.charAt(0).toUpperCase() + queue.slice(1);
  const isNative = queue === "nativeEvents" || queue === "nativeDeliveries";
  for (const [kind, what, stringValue] of [
    ["Url", "url", main.queueUrl],
    ["Arn", "arn", main.queueArn],
    ["DeadUrl", "dead-url", deadLetters?.queueUrl],
  ] as const) {
    if (stringValue === undefined) continue;
    const parameterName = queueParameter(queue, what);
    new StringParameter(scope, `${title}${kind}Parameter`, { parameterName, stringValue });
    if (!isNative || kind === "DeadUrl") continue;
    const description = `Also in the SSM parameter ${parameterName}`;
    new CfnOutput(scope, `${title}${kind}`, { value: stringValue, description });
  }
}

/**
 * Queues and table, with their parameters and what the native system needs: everything that holds data and must survive
 * a rollback of the rest.
 *
 * @param scope a stack for them alone, or one of your own
 */
export function makeState(scope: Construct, config: StateConfig): State {
  checkDefinitions();
  const key = keyOf(scope, config);
  const keeping = { key, removal: config.removal };
  const { domains, deliveriesQueueArn } = config;
  const isTheirs = (queue: QueueRef) => queue === "nativeDeliveries" && deliveriesQueueArn !== undefined;
  const dead = perQueueOf(domains, (queue) =>
    isTheirs(queue) ? undefined : makeDeadLetters(scope, queue, keeping),
  );
  const queues = perQueueOf(domains, (queue): IQueue => {
    if (isTheirs(queue)) return Queue.fromQueueArn(scope, queue, String(deliveriesQueueArn));
    return makeQueue(scope, queue, keeping, idOf(queue), physicalNameOf(queue), dead[queue]) as IQueue;
  });
  const deadLetters = dead as State["deadLetters"];
  const table = makeTable(scope, keeping);
  // The last that is made: its protection would hold it, were the creation rolled back for a queue's sake.
  table.node.addDependency(
    ...Object.values(queues),
    ...Object.values(dead).filter((made) => made !== undefined),
  );
  const state = { queues, deadLetters, table, key };
  for (const queue of queueNames) publish(scope, queue, queues[queue], deadLetters[queue]);
  new StringParameter(scope, "TableParameter", {
    parameterName: parameters.table,
    stringValue: state.table.tableName,
  });
  return { ...state, nativeAccess: allowNativeSide(scope, state, config, Stack.of(scope)) };
}
