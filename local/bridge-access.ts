/** The bridge that a command is for: the one whose file is named, that of the environment, or the usual one here. */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { SQSClient } from "@aws-sdk/client-sqs";
import { makeTable } from "#aws/dynamodb-table.ts";
import { type QueueUrls, readFunctionEnv } from "#aws/env.ts";
import type { QueueName } from "#core/contract/queues.ts";
import { ok, type Result } from "#core/result.ts";
import type { Bridge } from "./ops/bridge.ts";
import { localBridge } from "./ops/bridge-local.ts";

export interface BridgeAccess extends Pick<Bridge, "sqs" | "table" | "domains"> {
  readonly urls: QueueUrls;
}

/** As the functions have it. */
function byEnvironment(env: NodeJS.ProcessEnv, queues: readonly QueueName[]): Result<BridgeAccess, string> {
  const read = readFunctionEnv(queues, env);
  if (!read.ok) return read;
  const { region, sqsEndpoint, dynamodbEndpoint, table, urls, domains } = read.value;
  const at = (endpoint: string | undefined) => (endpoint === undefined ? { region } : { region, endpoint });
  const client = new DynamoDBClient(at(dynamodbEndpoint));
  return ok({
    sqs: new SQSClient(at(sqsEndpoint)),
    table: makeTable({ client, name: table }),
    urls,
    domains,
  });
}

/**
 * The error is for people. Nothing is asked of the bridge yet.
 *
 * @param path of the file that `npm start` writes, where it is named
 * @param queues whose URLs the environment has to tell
 */
export function openBridge(
  path: string | undefined,
  env: NodeJS.ProcessEnv,
  queues: readonly QueueName[],
): Result<BridgeAccess, string> {
  const isByEnvironment = path === undefined && env["CAUSEWAY_TABLE"] !== undefined;
  return isByEnvironment ? byEnvironment(env, queues) : localBridge(path);
}
