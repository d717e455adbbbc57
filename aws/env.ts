/** The environment that all have in common, and that of functions, parsed once. */
import * as v from "valibot";
import type { Capabilities } from "#core/capabilities.ts";
import {
  environmentNameOf,
  outboundQueues,
  type QueueName,
  type QueueRef,
  queueNames,
  queueOfDomain,
} from "#core/contract/queues.ts";
import { limits } from "#core/limits.ts";
import { parseCapabilities } from "#core/read-capabilities.ts";
import { err, ok, type Result } from "#core/result.ts";
import { addressOfDomain, readDomains } from "./domains.ts";
import { text, url } from "./env-words.ts";
import { type TraceEnv, traceEntries, traceEnvOf } from "./trace-env.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

export const common = {
  AWS_REGION: v.optional(text("an AWS region, like us-east-1"), "us-east-1"),
  SQS_ENDPOINT: v.optional(url("the URL of an SQS engine, like http://127.0.0.1:9324, or leave it out")),
  DYNAMODB_ENDPOINT: v.optional(
    url("the URL of a DynamoDB engine, like http://127.0.0.1:8000, or leave it out"),
  ),
  CAUSEWAY_DOMAINS: v.pipe(
    v.string(),
    v.description("the component domains that are served, separated by commas"),
  ),
  CAUSEWAY_TABLE: v.pipe(v.string(), v.minLength(3), v.description("the name of the DynamoDB table")),
  ...traceEntries,
};

const wholeNumber = (least: number, most: number, description: string) =>
  v.pipe(
    v.string(),
    v.regex(/^\d+$/),
    v.transform(Number),
    v.minValue(least),
    v.maxValue(most),
    v.description(description),
  );

const functionSchema = v.object({
  ...common,
  CAUSEWAY_RESYNC_PAIRS_PER_S: v.optional(
    wholeNumber(1, 1000, "the pairs of a resync in a second, 1 to 1000"),
    String(limits.resyncPairsPerS),
  ),
  CAUSEWAY_RESYNC_SETTLE_S: v.optional(
    wholeNumber(1, limits.queueDelaySMax, `seconds until silence is offline, 1 to ${limits.queueDelaySMax}`),
    String(limits.resyncSettleS),
  ),
  CAUSEWAY_DIRECTORY: v.optional(
    v.pipe(v.picklist(["announced", "open"]), v.description('"announced" or "open"')),
    "announced",
  ),
  CAUSEWAY_CAPABILITIES: v.optional(v.string(), "{}"),
});

export interface AwsEnv {
  readonly region: string;
  readonly sqsEndpoint?: string;
  readonly dynamodbEndpoint?: string;
  readonly table: string;
  /** The component domains that we serve; the first is the default. */
  readonly domains: readonly [string, ...string[]];
  /** The queues that this process uses; others are absent. */
  readonly urls: QueueUrls;
  readonly deadLetterUrls: QueueUrls;
  readonly traces: TraceEnv;
}

export type QueueUrls = Partial<Record<QueueRef, string>>;

/** How a resync goes through the pairs; the limits of the same names are the defaults. */
export interface ResyncPace {
  readonly pairsPerS: number;
  readonly settleS: number;
}

export interface FunctionEnv extends AwsEnv {
  readonly directory: "announced" | "open";
  readonly resync: ResyncPace;
  /** What the native system can do. */
  readonly capabilities: Capabilities;
}

/** The URLs that the environment tells, and those that follow from them: a further domain's own queues. */
function queueUrls(env: Environment, prefix: string, domains: readonly string[]): Result<QueueUrls, string> {
  const urls: QueueUrls = {};
  for (const queue of queueNames) {
    const url = env[prefix + environmentNameOf(queue)];
    if (url !== undefined && url !== "") urls[queue] = url;
  }
  for (const queue of outboundQueues) {
    const url = urls[queue];
    if (url === undefined) continue;
    for (const domain of domains.slice(1)) {
      const own = addressOfDomain(url, domain);
      // Else two domains would share a queue.
      if (own === undefined) {
        const name = prefix + environmentNameOf(queue);
        return err(
          `${name} is ${JSON.stringify(url)}: set it to a URL that ends in .fifo, as the queues of ${domain} are named after it`,
        );
      }
      urls[queueOfDomain(queue, domain, domains)] = own;
    }
  }
  return ok(urls);
}

export function missingQueue(urls: QueueUrls, prefix: string, needed: readonly QueueName[]) {
  const missing = needed.find((queue) => urls[queue] === undefined);
  return missing && `${prefix}${environmentNameOf(missing)} is missing: set it to the URL of that queue`;
}

type Schema = v.ObjectSchema<v.ObjectEntries, undefined>;

/** What a variable is to be set to. */
export function wanted(schema: { readonly entries: v.ObjectEntries }, name: string): string {
  const entry = Object.entries(schema.entries).find(([key]) => key === name)?.[1];
  const inner = entry !== undefined && "wrapped" in entry ? (entry.wrapped as v.GenericSchema) : entry;
  return (inner && v.getDescription(inner)) ?? "something else";
}

/** Complains about the first wrong variable in one line that names it and the way out. */
export function parse<const S extends Schema>(schema: S, env: Environment): Result<v.InferOutput<S>, string> {
  const parsed = v.safeParse(schema, env, { abortEarly: true });
  if (parsed.success) return ok(parsed.output);
  const name = String(parsed.issues[0].path?.[0]?.key ?? "environment");
  const value = env[name];
  const complaint = value === undefined ? "is missing" : `is ${JSON.stringify(value)}`;
  return err(`${name} ${complaint}: set it to ${wanted(schema, name)}`);
}

export function awsEnv(
  env: Environment,
  read: v.InferOutput<v.ObjectSchema<typeof common, undefined>>,
): Result<AwsEnv, string> {
  const list = read.CAUSEWAY_DOMAINS;
  const domains = readDomains(list);
  if (!domains.ok) {
    const wish = wanted(v.object(common), "CAUSEWAY_DOMAINS");
    return err(`CAUSEWAY_DOMAINS is ${JSON.stringify(list)}: set it to ${wish}: ${domains.error}`);
  }
  const urls = queueUrls(env, "CAUSEWAY_QUEUE_", domains.value);
  if (!urls.ok) return urls;
  const deadLetterUrls = queueUrls(env, "CAUSEWAY_DEAD_LETTERS_", domains.value);
  if (!deadLetterUrls.ok) return deadLetterUrls;
  return ok({
    region: read.AWS_REGION,
    ...(read.SQS_ENDPOINT === undefined ? {} : { sqsEndpoint: read.SQS_ENDPOINT }),
    ...(read.DYNAMODB_ENDPOINT === undefined ? {} : { dynamodbEndpoint: read.DYNAMODB_ENDPOINT }),
    table: read.CAUSEWAY_TABLE,
    domains: domains.value,
    urls: urls.value,
    deadLetterUrls: deadLetterUrls.value,
    traces: traceEnvOf(read),
  });
}

/** A function's environment; `needed` names the queues that it sends to. The error is one line for people. */
export function readFunctionEnv(
  needed: readonly QueueName[],
  env: Environment = process.env,
): Result<FunctionEnv, string> {
  const parsed = parse(functionSchema, env);
  if (!parsed.ok) return parsed;
  const aws = awsEnv(env, parsed.value);
  if (!aws.ok) return aws;
  const missing = missingQueue(aws.value.urls, "CAUSEWAY_QUEUE_", needed);
  if (missing !== undefined) return err(missing);
  const read = parsed.value;
  const capabilities = parseCapabilities(read.CAUSEWAY_CAPABILITIES);
  if (!capabilities.ok) return err(`CAUSEWAY_CAPABILITIES: ${capabilities.error}`);
  return ok({
    ...aws.value,
    capabilities: capabilities.value,
    directory: read.CAUSEWAY_DIRECTORY,
    resync: { pairsPerS: read.CAUSEWAY_RESYNC_PAIRS_PER_S, settleS: read.CAUSEWAY_RESYNC_SETTLE_S },
  });
}
