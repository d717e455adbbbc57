import { type IGrantable, PolicyStatement } from "aws-cdk-lib/aws-iam";
import { type QueueName, queueRefsOf } from "#core/contract/queues.ts";
import { type ComputeName, queueUseOf } from "../definitions/environment.ts";
import { connectorDefinition, functionDefinitions } from "../definitions/functions.ts";
import type { State } from "./state.ts";

const receiveActions = [
  "sqs:ReceiveMessage",
  "sqs:DeleteMessage",
  "sqs:ChangeMessageVisibility",
  // Lambda's poller asks for it.
  "sqs:GetQueueAttributes",
];

/** What functions do with the table: transactions need the rights of their parts. */
const tableActions = [
  "dynamodb:GetItem",
  "dynamodb:Query",
  "dynamodb:PutItem",
  "dynamodb:UpdateItem",
  "dynamodb:DeleteItem",
];

/** A walk after a gap goes through the whole table. */
export const walkActions = [...tableActions, "dynamodb:Scan"];

// The connector has its lease and fence, and knows nothing else of the table.
const leaseActions = ["dynamodb:GetItem", "dynamodb:UpdateItem"];

function tableActionsOf(name: ComputeName): string[] {
  if (name === "connector") return leaseActions;
  return name === "walk" ? walkActions : tableActions;
}

/** X-Ray knows no resources: of the daemon for functions, of the OTLP endpoint for the connector. */
const traceActions = {
  functions: ["xray:PutTraceSegments"],
  connector: ["xray:PutSpans", "xray:PutSpansForIndexing"],
};

/** Lets it send its traces to CloudWatch. */
export function grantTraces(name: ComputeName, grantee: IGrantable): void {
  const actions = name === "connector" ? traceActions.connector : traceActions.functions;
  grantee.grantPrincipal.addToPrincipalPolicy(new PolicyStatement({ actions, resources: ["*"] }));
}

/** Gives a function or the connector what its definition says and nothing more, each action by its name. */
export function grantUse(
  name: ComputeName,
  grantee: IGrantable,
  state: State,
  domains: readonly string[],
): void {
  const { receives, sends } =
    name === "connector"
      ? connectorDefinition
      : { receives: [functionDefinitions[name].queue], sends: functionDefinitions[name].sends };
  const arnsOf = (kind: "queues" | "deadLetters", queues: readonly QueueName[]) =>
    queues
      .flatMap((queue) => queueRefsOf(queue, domains))
      .flatMap((queue) => state[kind][queue]?.queueArn ?? []);
  const statements = [
    { actions: receiveActions, resources: arnsOf("queues", receives) },
    {
      actions: ["sqs:SendMessage"],
      resources: [...arnsOf("queues", sends), ...arnsOf("deadLetters", queueUseOf(name).deadLetters)],
    },
    { actions: tableActionsOf(name), resources: [state.table.tableArn] },
  ];
  for (const statement of statements) {
    grantee.grantPrincipal.addToPrincipalPolicy(new PolicyStatement(statement));
  }
}
