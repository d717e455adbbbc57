import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { SQSClient } from "@aws-sdk/client-sqs";
import { limits } from "#core/limits.ts";
import { makeTable } from "./dynamodb-table.ts";
import type { AwsEnv } from "./env.ts";
import { makeQueues, type Queues } from "./queues.ts";
import type { Table } from "./table.ts";

const endpointOf = (endpoint: string | undefined) => (endpoint === undefined ? {} : { endpoint });

/** Without what writes out all that each call says and is told, for a log that nobody keeps. */
export function unlogged<C extends SQSClient | DynamoDBClient>(client: C): C {
  client.middlewareStack.remove("loggerMiddleware");
  return client;
}

/**
 * The ports of a process, over clients made from its environment. Nothing is connected before the first call.
 *
 * @param requestMsMax without an answer, or the next piece of one, for so long a request has failed: the SDK by itself
 *   would wait for ever, and a function that its timeout ends leaves notes as if an item had killed it
 */
export function connectAws(
  env: Omit<AwsEnv, "traces">,
  requestMsMax: number = limits.awsRequestMsMax,
): { readonly queues: Queues; readonly table: Table } {
  const { region, urls, deadLetterUrls, domains } = env;
  // So that the long polls and calls of one domain never wait for a connection behind those of others.
  const agent = { maxSockets: limits.awsSocketsMax * domains.length };
  const common = (silenceMsMax: number) => ({
    region,
    maxAttempts: limits.awsAttemptsMax,
    requestHandler: {
      connectionTimeout: limits.awsConnectMsMax,
      requestTimeout: requestMsMax,
      throwOnRequestTimeout: true,
      // The SDK's request timeout ends with the first byte of an answer.
      socketTimeout: silenceMsMax,
      httpAgent: agent,
      httpsAgent: agent,
    },
  });
  // What we send is signed with its SHA-256, and TLS vouches for what we get: MD5 on top only takes time.
  const sqsClient = (silenceMsMax: number) =>
    unlogged(new SQSClient({ ...common(silenceMsMax), md5: false, ...endpointOf(env.sqsEndpoint) }));
  const dynamodb = unlogged(
    new DynamoDBClient({ ...common(requestMsMax), ...endpointOf(env.dynamodbEndpoint) }),
  );
  const queues = makeQueues({
    client: sqsClient(requestMsMax),
    // A long poll is silent for as long as it may be.
    pollClient: sqsClient(limits.receiveWaitS * 1000 + requestMsMax),
    urls,
    deadLetterUrls,
  });
  return { queues, table: makeTable({ client: dynamodb, name: env.table }) };
}
