import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { SQSClient } from "@aws-sdk/client-sqs";
import { makeTable } from "./dynamodb-table.ts";
import type { AwsEnv } from "./env.ts";
import { makeQueues, type Queues } from "./queues.ts";
import type { Table } from "./table.ts";

const endpointOf = (endpoint: string | undefined) => (endpoint === undefined ? {} : { endpoint });

/** The ports of a process, over clients made from its environment. Nothing is connected before the first call. */
export function connectAws(env: AwsEnv): { readonly queues: Queues; readonly table: Table } {
  const { region, urls, deadLetterUrls } = env;
  const sqs = new SQSClient({ region, ...endpointOf(env.sqsEndpoint) });
  const dynamodb = new DynamoDBClient({ region, ...endpointOf(env.dynamodbEndpoint) });
  return {
    queues: makeQueues({ client: sqs, urls, deadLetterUrls }),
    table: makeTable({ client: dynamodb, name: env.table }),
  };
}
