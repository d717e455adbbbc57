/** The environment, parsed once; the only reader of `process.env` outside `local/`, `infra/` and tests. */
import { readFileSync } from "node:fs";
import * as v from "valibot";
import { environmentNameOf, type QueueName, queueNames } from "#core/contract/queues.ts";
import { limits } from "#core/limits.ts";
import { err, ok, type Result } from "#core/result.ts";

type Environment = Readonly<Record<string, string | undefined>>;

const filled = v.pipe(v.string(), v.minLength(1));
const port = v.pipe(
  v.string(),
  v.regex(/^\d+$/, "must be a port number"),
  v.transform(Number),
  v.maxValue(65_535, "must be a port number"),
);
const powerOfTwo = (value: number) => Number.isInteger(Math.log2(value));

const common = {
  AWS_REGION: v.optional(filled, "us-east-1"),
  SQS_ENDPOINT: v.optional(filled),
  DYNAMODB_ENDPOINT: v.optional(filled),
  CAUSEWAY_DOMAINS: v.pipe(
    filled,
    v.transform((text) => text.split(",").map((domain) => domain.trim())),
    v.check((domains) => domains.every((domain) => domain !== ""), "must be domains separated by commas"),
  ),
  CAUSEWAY_TABLE: v.pipe(v.string(), v.minLength(3, "must be the name of a DynamoDB table")),
};

const functionSchema = v.object({
  ...common,
  CAUSEWAY_DIRECTORY: v.optional(
    v.picklist(["announced", "open"], 'must be "announced" or "open"'),
    "announced",
  ),
});

const connectorSchema = v.object({
  ...common,
  CAUSEWAY_LANES: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^\d+$/, "must be a number"),
      v.transform(Number),
      v.check(
        (lanes) => lanes >= 1 && lanes <= 1024 && powerOfTwo(lanes),
        "must be a power of two up to 1024",
      ),
    ),
    String(limits.lanes),
  ),
  CAUSEWAY_XMPP_SERVICE: v.pipe(filled, v.regex(/^xmpp:\/\/[^/]+:\d+$/, "must look like xmpp://host:5347")),
  CAUSEWAY_XMPP_SECRET: v.optional(filled),
  CAUSEWAY_XMPP_SECRET_FILE: v.optional(filled),
  CAUSEWAY_HEALTH_HOST: v.optional(filled, "127.0.0.1"),
  CAUSEWAY_HEALTH_PORT: v.optional(port, "8081"),
});

export interface AwsEnv {
  readonly region: string;
  readonly sqsEndpoint?: string;
  readonly dynamodbEndpoint?: string;
  readonly table: string;
  /** The queues that this process uses; others are absent. */
  readonly urls: Partial<Record<QueueName, string>>;
  readonly deadLetterUrls: Partial<Record<QueueName, string>>;
}

export interface FunctionEnv extends AwsEnv {
  /** The component domains that we serve; the first is the default. */
  readonly domains: readonly string[];
  readonly directory: "announced" | "open";
}

export interface ConnectorEnv extends AwsEnv {
  readonly domain: string;
  /** `xmpp://host:port` of the component listener. */
  readonly service: string;
  readonly secret: string;
  readonly lanes: number;
  readonly healthHost: string;
  readonly healthPort: number;
}

function queueUrls(env: Environment, prefix: string): Partial<Record<QueueName, string>> {
  const urls: Partial<Record<QueueName, string>> = {};
  for (const queue of queueNames) {
    const url = env[prefix + environmentNameOf(queue)];
    if (url !== undefined && url !== "") urls[queue] = url;
  }
  return urls;
}

function missingQueue(
  urls: Partial<Record<QueueName, string>>,
  prefix: string,
  needed: readonly QueueName[],
) {
  const missing = needed.find((queue) => urls[queue] === undefined);
  return missing && `${prefix}${environmentNameOf(missing)} is missing: set it to the URL of that queue`;
}

function parse<const S extends v.GenericSchema>(
  schema: S,
  env: Environment,
): Result<v.InferOutput<S>, string> {
  const parsed = v.safeParse(schema, env, { abortEarly: true });
  if (parsed.success) return ok(parsed.output);
  const [issue] = parsed.issues;
  const name = v.getDotPath(issue) ?? "environment";
  const value = env[name];
  return err(
    value === undefined ? `${name} is missing` : `${name} is ${JSON.stringify(value)}: ${issue.message}`,
  );
}

function awsEnv(env: Environment, read: v.InferOutput<v.ObjectSchema<typeof common, undefined>>): AwsEnv {
  return {
    region: read.AWS_REGION,
    ...(read.SQS_ENDPOINT === undefined ? {} : { sqsEndpoint: read.SQS_ENDPOINT }),
    ...(read.DYNAMODB_ENDPOINT === undefined ? {} : { dynamodbEndpoint: read.DYNAMODB_ENDPOINT }),
    table: read.CAUSEWAY_TABLE,
    urls: queueUrls(env, "CAUSEWAY_QUEUE_"),
    deadLetterUrls: queueUrls(env, "CAUSEWAY_DEAD_LETTERS_"),
  };
}

/** A function's environment; `needed` names the queues that it sends to. The error is one line for people. */
export function readFunctionEnv(
  needed: readonly QueueName[],
  env: Environment = process.env,
): Result<FunctionEnv, string> {
  const parsed = parse(functionSchema, env);
  if (!parsed.ok) return parsed;
  const aws = awsEnv(env, parsed.value);
  const missing = missingQueue(aws.urls, "CAUSEWAY_QUEUE_", needed);
  if (missing !== undefined) return err(missing);
  return ok({ ...aws, domains: parsed.value.CAUSEWAY_DOMAINS, directory: parsed.value.CAUSEWAY_DIRECTORY });
}

function readSecret(read: v.InferOutput<typeof connectorSchema>): Result<string, string> {
  if (read.CAUSEWAY_XMPP_SECRET !== undefined) return ok(read.CAUSEWAY_XMPP_SECRET);
  const file = read.CAUSEWAY_XMPP_SECRET_FILE;
  if (file === undefined) return err("CAUSEWAY_XMPP_SECRET or CAUSEWAY_XMPP_SECRET_FILE is missing");
  try {
    const secret = readFileSync(file, "utf8").trim();
    return secret === "" ? err(`CAUSEWAY_XMPP_SECRET_FILE: ${file} is empty`) : ok(secret);
  } catch {
    return err(`CAUSEWAY_XMPP_SECRET_FILE: ${file} cannot be read`);
  }
}

const connectorQueues = [
  "messageStanzas",
  "presenceStanzas",
  "iqStanzas",
  "outboundStanzas",
  "outboundPresence",
] as const satisfies readonly QueueName[];

/** The connector's environment. The error is one line for people; it never holds the secret. */
export function readConnectorEnv(env: Environment = process.env): Result<ConnectorEnv, string> {
  const parsed = parse(connectorSchema, env);
  if (!parsed.ok) return parsed;
  const read = parsed.value;
  const secret = readSecret(read);
  if (!secret.ok) return secret;
  const aws = awsEnv(env, read);
  const missing =
    missingQueue(aws.urls, "CAUSEWAY_QUEUE_", connectorQueues) ??
    missingQueue(aws.deadLetterUrls, "CAUSEWAY_DEAD_LETTERS_", connectorQueues);
  if (missing !== undefined) return err(missing);
  const [domain] = read.CAUSEWAY_DOMAINS;
  if (domain === undefined) return err("CAUSEWAY_DOMAINS is missing");
  return ok({
    ...aws,
    domain,
    service: read.CAUSEWAY_XMPP_SERVICE,
    secret: secret.value,
    lanes: read.CAUSEWAY_LANES,
    healthHost: read.CAUSEWAY_HEALTH_HOST,
    healthPort: read.CAUSEWAY_HEALTH_PORT,
  });
}
