/** What the command needs of a bridge: its walks, how far they are, and what still waits to be written. */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { GetQueueAttributesCommand, SQSClient } from "@aws-sdk/client-sqs";
import * as v from "valibot";
import { makeTable } from "#aws/dynamodb-table.ts";
import { type QueueUrls, readFunctionEnv } from "#aws/env.ts";
import { makeQueues } from "#aws/queues.ts";
import type { OfflineProgress } from "#aws/table.ts";
import { encodeItem, type WalkTask, writePack } from "#core/contract/envelope.ts";
import { queueOfDomain } from "#core/contract/queues.ts";
import { ok, type Result } from "#core/result.ts";
import { dynamodbClientFor, sqsClientFor } from "../aws-clients.ts";
import { chooseDomain, domainsAt, readEndpointsAs } from "../read-endpoints.ts";
import type { Options } from "./options.ts";

export interface Access {
  readonly domain: string;
  /** Puts a task into `walks`; throws where it is not taken. */
  begin(task: WalkTask): Promise<void>;
  progress(): Promise<OfflineProgress | undefined>;
  /** Messages that the connector has not taken yet; approximately, as SQS knows it. */
  waiting(): Promise<number>;
}

interface Parts {
  readonly sqs: SQSClient;
  readonly dynamodb: DynamoDBClient;
  readonly table: string;
  readonly urls: QueueUrls;
  /** Those that are served. */
  readonly domains: readonly string[];
}

const endpointsSchema = v.object({
  pid: v.exactOptional(v.number()),
  component: v.object({ domain: v.string() }),
  furtherComponents: v.optional(
    v.array(v.object({ domain: v.string(), queues: v.object({ outboundStanzas: v.string() }) })),
    [],
  ),
  sqs: v.object({
    endpoint: v.string(),
    queues: v.object({ walks: v.string(), outboundStanzas: v.string() }),
  }),
  dynamodb: v.object({ endpoint: v.string(), table: v.string() }),
});

/** As the environment of a function tells them: a further domain's own queues by its name. */
function urlsOf({ sqs, furtherComponents }: v.InferOutput<typeof endpointsSchema>): QueueUrls {
  const own = furtherComponents.map(({ domain, queues }) => [
    `outboundStanzas/${domain}`,
    queues.outboundStanzas,
  ]);
  return { ...sqs.queues, ...Object.fromEntries(own) };
}

function onThisMachine(path: string | undefined): Result<Parts, string> {
  const read = readEndpointsAs(endpointsSchema, path);
  if (!read.ok) return read;
  const { sqs, dynamodb } = read.value;
  const domains = domainsAt(read.value);
  return ok({
    sqs: sqsClientFor(sqs.endpoint),
    dynamodb: dynamodbClientFor(dynamodb.endpoint),
    table: dynamodb.table,
    urls: urlsOf(read.value),
    domains,
  });
}

function byEnvironment(env: NodeJS.ProcessEnv): Result<Parts, string> {
  const read = readFunctionEnv(["walks", "outboundStanzas"], env);
  if (!read.ok) return read;
  const { region, sqsEndpoint, dynamodbEndpoint, table, urls, domains } = read.value;
  const at = (endpoint: string | undefined) => (endpoint === undefined ? { region } : { region, endpoint });
  return ok({
    sqs: new SQSClient(at(sqsEndpoint)),
    dynamodb: new DynamoDBClient(at(dynamodbEndpoint)),
    table,
    urls,
    domains,
  });
}

/** The bridge that is meant; the error is for people. Nothing is asked of it yet. */
export function openAccess(options: Options, env: NodeJS.ProcessEnv): Result<Access, string> {
  const isByEnvironment = options.endpoints === undefined && env["CAUSEWAY_TABLE"] !== undefined;
  const parts = isByEnvironment ? byEnvironment(env) : onThisMachine(options.endpoints);
  if (!parts.ok) return parts;
  const { sqs, urls, domains } = parts.value;
  const chosen = chooseDomain(options.domain, domains);
  if (!chosen.ok) return chosen;
  const domain = chosen.value;
  const queues = makeQueues({ client: sqs, urls, deadLetterUrls: {} });
  const table = makeTable({ client: parts.value.dynamodb, name: parts.value.table });
  return ok({
    domain,
    async begin(task) {
      const [failure] = await queues.send("walks", [{ body: writePack([encodeItem(task)]) }]);
      if (failure !== undefined) throw new Error(`the queue walks takes nothing: ${failure.reason}`);
    },
    progress: () => table.walkProgress(domain),
    async waiting() {
      const name = "ApproximateNumberOfMessages";
      const command = new GetQueueAttributesCommand({
        QueueUrl: urls[queueOfDomain("outboundStanzas", domain, domains)],
        AttributeNames: [name],
      });
      return Number((await sqs.send(command)).Attributes?.[name] ?? 0);
    },
  });
}
