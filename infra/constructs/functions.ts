import { Duration, Validations } from "aws-cdk-lib";
import { Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import {
  Architecture,
  Code,
  EventSourceMapping,
  type IFunction,
  Function as LambdaFunction,
  RecursiveLoop,
  Runtime,
} from "aws-cdk-lib/aws-lambda";
import type { ILogGroup } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import { type EnvironmentSource, environmentOf } from "../definitions/environment.ts";
import {
  callsItself,
  type FunctionDefinition,
  type FunctionName,
  functionDefinitions,
  functionNames,
} from "../definitions/functions.ts";
import { grantTraces, grantUse } from "./grants.ts";
import { type Logging, makeLogGroup } from "./logs.ts";
import type { State } from "./state.ts";

export interface BridgeFunction {
  readonly lambda: IFunction;
  readonly roleArn: string;
  readonly logGroup: ILogGroup;
}

export interface FunctionsOptions {
  readonly state: State;
  readonly source: EnvironmentSource;
  readonly logging: Logging;
  /** The folder that holds a function's bundle. */
  readonly folderOf: (name: FunctionName) => string;
}

function acknowledge(lambda: LambdaFunction, mapping: EventSourceMapping, role: Role): void {
  Validations.of(lambda).acknowledge(
    {
      id: "Serverless-LambdaDLQ",
      reason:
        "Its mapping calls it and waits for the answer; what cannot be used goes to the dead letters of its queue.",
    },
    {
      id: "Serverless-LambdaTracing",
      reason:
        "An invocation has many stanzas: each has a trace of its own, which the function itself goes on with.",
    },
  );
  Validations.of(role).acknowledge({
    id: "AwsSolutions-IAM5[Resource::*]",
    reason: "xray:PutTraceSegments, where traces go to CloudWatch, knows no resources.",
  });
  Validations.of(mapping).acknowledge({
    id: "Serverless-LambdaEventSourceMappingDestination",
    reason: "Mappings of SQS have none: the queue has dead letters.",
  });
}

/** A lane is a message group, and a FIFO queue runs at most one invocation per group. AWS takes 2 to 1,000. */
function concurrencyOf({ queue, concurrencyMax }: FunctionDefinition, lanes: number): number {
  const isLaned = queue === "messageStanzas" || queue === "presenceStanzas";
  return isLaned ? Math.min(Math.max(lanes, 2), 1000) : concurrencyMax;
}

function makeFunction(scope: Construct, name: FunctionName, options: FunctionsOptions): BridgeFunction {
  const { state, source, logging, folderOf } = options;
  const definition = functionDefinitions[name];
  const title = `${name.charAt(0).toUpperCase()}${name.slice(1)}Function`;
  const logGroup = makeLogGroup(scope, `${title}Logs`, logging);
  // A role of our own: Lambda's managed policy may write every log group of the account.
  const role = new Role(scope, `${title}Role`, { assumedBy: new ServicePrincipal("lambda.amazonaws.com") });
  logGroup.grantWrite(role);
  grantUse(name, role, state, source.domains);
  grantTraces(name, role, source);
  const lambda = new LambdaFunction(scope, title, {
    description: `Causeway: reads ${definition.queue}`,
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    handler: "index.handler",
    code: Code.fromAsset(folderOf(name), { exclude: ["*.map"] }),
    timeout: Duration.seconds(definition.timeoutS),
    memorySize: definition.memoryMb,
    environment: environmentOf(name, source),
    // AWS ends what it takes for a loop, the last of our guards, and an alarm tells of it. A long walk is none: it
    // calls itself step by step, and would be ended after some 16 of them.
    recursiveLoop: callsItself(name) ? RecursiveLoop.ALLOW : RecursiveLoop.TERMINATE,
    logGroup,
    role,
  });
  const mapping = new EventSourceMapping(scope, `${title}Mapping`, {
    target: lambda,
    eventSourceArn: state.queues[definition.queue].queueArn,
    batchSize: definition.batchSize,
    maxConcurrency: concurrencyOf(definition, source.lanes),
    reportBatchItemFailures: true,
  });
  acknowledge(lambda, mapping, role);
  return { roleArn: role.roleArn, lambda: lambda as IFunction, logGroup: logGroup as ILogGroup };
}

/** Every function with its role, its log and its queue's event source mapping. */
export function makeFunctions(
  scope: Construct,
  options: FunctionsOptions,
): Readonly<Record<FunctionName, BridgeFunction>> {
  const made = functionNames.map((name) => [name, makeFunction(scope, name, options)]);
  return Object.fromEntries(made) as Record<FunctionName, BridgeFunction>;
}
