import { CfnOutput, type Stack } from "aws-cdk-lib";
import {
  AccountPrincipal,
  ArnPrincipal,
  type IPrincipal,
  ManagedPolicy,
  PolicyStatement,
} from "aws-cdk-lib/aws-iam";
import type { IKey } from "aws-cdk-lib/aws-kms";
import { type IQueue, Queue } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import type { Config } from "../config.ts";
import { queueParameter } from "../definitions/parameters.ts";

const eventActions = ["sqs:SendMessage", "sqs:GetQueueUrl"];
const deliveryActions = [
  "sqs:ReceiveMessage",
  "sqs:DeleteMessage",
  "sqs:ChangeMessageVisibility",
  "sqs:GetQueueAttributes",
  "sqs:GetQueueUrl",
];
/** What SQS asks of whoever sends to or receives from a queue with such a key. */
export const nativeKeyActions = ["kms:Decrypt", "kms:GenerateDataKey"];

export type NativeConfig = Pick<Config, "nativePrincipals" | "deliveriesQueueArn">;

/** The queues of the native system, and their key where it is the customer's. */
export interface NativeSide {
  readonly queues: Readonly<Record<"nativeEvents" | "nativeDeliveries", IQueue>>;
  readonly key: IKey | undefined;
}

type ParameterName = Parameters<typeof queueParameter>;

/** A policy for the role of a native system in the same account. */
function makePolicy(
  scope: Construct,
  { queues, key }: NativeSide,
  isOurs: boolean,
  stack: Stack,
): ManagedPolicy {
  const names: ParameterName[] = [
    ["nativeEvents", "url"],
    ["nativeEvents", "arn"],
    ["nativeDeliveries", "url"],
    ["nativeDeliveries", "arn"],
  ];
  const resources = names.map((name) =>
    stack.formatArn({
      service: "ssm",
      resource: "parameter",
      resourceName: queueParameter(...name).slice(1),
    }),
  );
  const policy = new ManagedPolicy(scope, "NativeAccess", {
    description: "Causeway: what the native system does with its two queues",
    statements: [
      new PolicyStatement({
        sid: "Events",
        actions: eventActions,
        resources: [queues.nativeEvents.queueArn],
      }),
      ...(isOurs
        ? [
            new PolicyStatement({
              sid: "Deliveries",
              actions: deliveryActions,
              resources: [queues.nativeDeliveries.queueArn],
            }),
          ]
        : []),
      new PolicyStatement({ sid: "Where", actions: ["ssm:GetParameter", "ssm:GetParameters"], resources }),
      ...(key === undefined
        ? []
        : [new PolicyStatement({ sid: "Key", actions: nativeKeyActions, resources: [key.keyArn] })]),
    ],
  });
  new CfnOutput(scope, "NativeAccessPolicy", {
    value: policy.managedPolicyArn,
    description: "Attach it to the role of the native system",
  });
  return policy;
}

/** An account, or a role or user by its ARN. */
export function principalOf(who: string): IPrincipal {
  return (/^\d{12}$/.test(who) ? new AccountPrincipal(who) : new ArnPrincipal(who)) as IPrincipal;
}

/** Lets the native system use its queues: by a policy in this account, by the queues' own policies from others. */
export function allowNativeSide(
  scope: Construct,
  state: NativeSide,
  config: NativeConfig,
  stack: Stack,
): ManagedPolicy {
  const { queues } = state;
  const isOurs = config.deliveriesQueueArn === undefined;
  const policy = makePolicy(scope, state, isOurs, stack);
  if (config.nativePrincipals.length === 0) return policy;
  const principals = config.nativePrincipals.map(principalOf);
  const allow = (queue: IQueue, actions: readonly string[]) => {
    if (!(queue instanceof Queue)) return;
    const resources = [queue.queueArn];
    queue.addToResourcePolicy(
      new PolicyStatement({ sid: "NativeSide", principals, actions: [...actions], resources }),
    );
  };
  allow(queues.nativeEvents, eventActions);
  if (isOurs) allow(queues.nativeDeliveries, deliveryActions);
  return policy;
}
