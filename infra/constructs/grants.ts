import { type IGrantable, PolicyStatement } from "aws-cdk-lib/aws-iam";
import { type QueueName, queueRefsOf } from "#core/contract/queues.ts";
import { type ComputeName, type EnvironmentSource, queueUseOf } from "../definitions/environment.ts";
import { connectorDefinition, functionDefinitions } from "../definitions/functions.ts";
import type { State } from "./state.ts";

const receiveActions = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"];
/** Lambda's poller, which works with the function's role, looks at the queue as well. */
const pollerActions = [...receiveActions, "sqs:GetQueueAttributes"];

/** X-Ray knows no resources: of the daemon for functions, of the OTLP endpoint for the connector. */
const traceActions = {
  functions: ["xray:PutTraceSegments"],
  connector: ["xray:PutSpans", "xray:PutSpansForIndexing"],
};

/** Lets it send its traces to CloudWatch, where they go there. */
export function grantTraces(
  name: ComputeName,
  grantee: IGrantable,
  { traces }: Pick<EnvironmentSource, "traces">,
): void {
  if (traces === undefined || traces.collector !== undefined) return;
  const actions = name === "connector" ? traceActions.connector : traceActions.functions;
  grantee.grantPrincipal.addToPrincipalPolicy(new PolicyStatement({ actions, resources: ["*"] }));
}

/** What SQS asks of whoever sends to or receives from a queue with a key of the customer's, and DynamoDB of its table's. */
const keyActions = ["kms:Decrypt", "kms:GenerateDataKey"];

/** Gives a function or the connector what its definition says and nothing more, each action by its name. */
export function grantUse(
  name: ComputeName,
  grantee: IGrantable,
  state: State,
  domains: readonly string[],
): void {
  const isConnector = name === "connector";
  const { receives, sends, table } = isConnector
    ? connectorDefinition
    : { ...functionDefinitions[name], receives: [functionDefinitions[name].queue] };
  const arnsOf = (kind: "queues" | "deadLetters", queues: readonly QueueName[]) =>
    queues
      .flatMap((queue) => queueRefsOf(queue, domains))
      .flatMap((queue) => state[kind][queue]?.queueArn ?? []);
  const statements = [
    { actions: isConnector ? receiveActions : pollerActions, resources: arnsOf("queues", receives) },
    {
      actions: ["sqs:SendMessage"],
      resources: [...arnsOf("queues", sends), ...arnsOf("deadLetters", queueUseOf(name).deadLetters)],
    },
    { actions: table.map((action) => `dynamodb:${action}`), resources: [state.table.tableArn] },
    ...(state.key === undefined ? [] : [{ actions: keyActions, resources: [state.key.keyArn] }]),
  ];
  for (const statement of statements) {
    grantee.grantPrincipal.addToPrincipalPolicy(new PolicyStatement(statement));
  }
}
