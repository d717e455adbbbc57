import { Duration, RemovalPolicy, type Stack } from "aws-cdk-lib";
import { Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import {
  Architecture,
  Code,
  EventSourceMapping,
  Function as LambdaFunction,
  RecursiveLoop,
  Runtime,
} from "aws-cdk-lib/aws-lambda";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import { type EnvironmentSource, environmentOf } from "../definitions/environment.ts";
import { type FunctionName, functionDefinitions, functionNames } from "../definitions/functions.ts";
import { grantTraces, grantUse } from "./grants.ts";
import type { State } from "./state.ts";

/** A log group that is ours from the start, so that logs never stay for ever. */
export function makeLogGroup(stack: Stack, id: string): LogGroup {
  return new LogGroup(stack, id, {
    retention: RetentionDays.ONE_MONTH,
    removalPolicy: RemovalPolicy.DESTROY,
  });
}

function makeFunction(
  stack: Stack,
  name: FunctionName,
  state: State,
  source: EnvironmentSource,
  folder: string,
): void {
  const definition = functionDefinitions[name];
  const title = `${name.charAt(0).toUpperCase()}${name.slice(1)}Function`;
  const logGroup = makeLogGroup(stack, `${title}Logs`);
  // A role of our own: Lambda's managed policy may write every log group of the account.
  const role = new Role(stack, `${title}Role`, { assumedBy: new ServicePrincipal("lambda.amazonaws.com") });
  logGroup.grantWrite(role);
  grantUse(name, role, state, source.domains);
  if (source.traces !== undefined && source.traces.collector === undefined) grantTraces(name, role);
  const lambda = new LambdaFunction(stack, title, {
    description: `Causeway: reads ${definition.queue}`,
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    handler: "index.handler",
    code: Code.fromAsset(folder, { exclude: ["*.map"] }),
    timeout: Duration.seconds(definition.timeoutS),
    memorySize: definition.memoryMb,
    environment: environmentOf(name, source),
    // A long walk calls itself step by step: Lambda would take it for a loop after some 16 of them, and stop it.
    recursiveLoop: definition.sends.some((queue) => queue === definition.queue)
      ? RecursiveLoop.ALLOW
      : RecursiveLoop.TERMINATE,
    logGroup,
    role,
  });
  new EventSourceMapping(stack, `${title}Mapping`, {
    target: lambda,
    eventSourceArn: state.queues[definition.queue].queueArn,
    batchSize: definition.batchSize,
    maxConcurrency: definition.concurrencyMax,
    reportBatchItemFailures: true,
  });
}

/** Every function with its queue's event source mapping. */
export function makeFunctions(
  stack: Stack,
  state: State,
  source: EnvironmentSource,
  folderOf: (name: FunctionName) => string,
): void {
  for (const name of functionNames) makeFunction(stack, name, state, source, folderOf(name));
}
