/** The environment, parsed once; the only reader of `process.env` outside `local/`, `infra/` and tests. */
import { readFileSync } from "node:fs";
import * as v from "valibot";
import type { Capabilities } from "#core/capabilities.ts";
import { environmentNameOf, type QueueName, queueNames } from "#core/contract/queues.ts";
import { limits } from "#core/limits.ts";
import { parseCapabilities } from "#core/read-capabilities.ts";
import { err, ok, type Result } from "#core/result.ts";
import { prepareDomain } from "#core/xmpp/jid.ts";
import type { SecretSource } from "./secret.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Text; the description says what to set the variable to, and stands in every complaint about it. */
const text = (description: string) => v.pipe(v.string(), v.minLength(1), v.description(description));
const url = (description: string) =>
  v.pipe(v.string(), v.regex(/^https?:\/\/[^/]/), v.description(description));

const powerOfTwo = (value: number) => Number.isInteger(Math.log2(value));

const domains = v.pipe(
  v.string(),
  v.transform((list) => list.split(",").map((domain) => prepareDomain(domain.trim()))),
  v.check((prepared) => prepared.every(({ ok: isDomain }) => isDomain)),
  // As stanzas name them: prepared, so that a capital letter here does not make every stanza a stranger's.
  v.transform((prepared) => [...new Set(prepared.flatMap((domain) => (domain.ok ? domain.value : [])))]),
  v.description("the component domains that are served, separated by commas"),
);

const common = {
  AWS_REGION: v.optional(text("an AWS region, like us-east-1"), "us-east-1"),
  SQS_ENDPOINT: v.optional(url("the URL of an SQS engine, like http://127.0.0.1:9324, or leave it out")),
  DYNAMODB_ENDPOINT: v.optional(
    url("the URL of a DynamoDB engine, like http://127.0.0.1:8000, or leave it out"),
  ),
  CAUSEWAY_DOMAINS: domains,
  CAUSEWAY_TABLE: v.pipe(v.string(), v.minLength(3), v.description("the name of the DynamoDB table")),
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

const connectorSchema = v.object({
  ...common,
  CAUSEWAY_LANES: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^\d+$/),
      v.transform(Number),
      v.check((lanes) => lanes >= 1 && lanes <= 1024 && powerOfTwo(lanes)),
      v.description("a power of two up to 1024"),
    ),
    String(limits.lanes),
  ),
  CAUSEWAY_XMPP_SERVICE: v.pipe(
    v.string(),
    v.regex(/^xmpps?:\/\/[^/]+:\d+$/),
    v.check((service) => URL.canParse(service)),
    v.description(
      "the XMPP server's component listener, like xmpps://host:5348 (TLS) or xmpp://host:5347 (plain)",
    ),
  ),
  CAUSEWAY_XMPP_CA_FILE: v.optional(text("a PEM file with the authority of the server's certificate")),
  CAUSEWAY_XMPP_PLAIN: v.optional(
    v.pipe(
      v.picklist(["private", "allow"]),
      v.description('"allow" to let an unencrypted stream cross the open net, else "private"'),
    ),
    "private",
  ),
  CAUSEWAY_XMPP_SECRET: v.optional(v.string()),
  CAUSEWAY_XMPP_SECRET_FILE: v.optional(text("the file that holds the component's secret")),
  CAUSEWAY_XMPP_SECRET_ARN: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^arn:[^:]+:secretsmanager:[^:]*:[^:]*:secret:.+$/),
      v.description("the ARN of the component's secret in Secrets Manager"),
    ),
  ),
  CAUSEWAY_LEASE: v.optional(
    v.pipe(v.picklist(["on", "off"]), v.description('"on" where connectors share a domain, else "off"')),
    "off",
  ),
  CAUSEWAY_STATUS: v.optional(v.pipe(v.picklist(["0", "1"]), v.description('"1" for lines of status')), "0"),
  CAUSEWAY_HEALTH_HOST: v.optional(text("the address to be healthy at, like 127.0.0.1"), "127.0.0.1"),
  CAUSEWAY_HEALTH_PORT: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^\d+$/),
      v.transform(Number),
      v.maxValue(65_535),
      v.description("a port number"),
    ),
    "8081",
  ),
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

/** How a resync goes through the pairs; the limits of the same names are the defaults. */
export interface ResyncPace {
  readonly pairsPerS: number;
  readonly settleS: number;
}

export interface FunctionEnv extends AwsEnv {
  /** The component domains that we serve; the first is the default. */
  readonly domains: readonly string[];
  readonly directory: "announced" | "open";
  readonly resync: ResyncPace;
  /** What the native system can do. */
  readonly capabilities: Capabilities;
}

export interface ConnectorEnv extends AwsEnv {
  readonly domain: string;
  /** `xmpps://host:port` or `xmpp://host:port` of the component listener. */
  readonly service: string;
  /** PEM file of the only authorities to trust. */
  readonly caFile?: string;
  /** Whether a plain stream may leave the private network. */
  readonly plainAllowed: boolean;
  readonly secret: SecretSource;
  readonly lanes: number;
  /** Whether connectors share the domain by a lease. */
  readonly leased: boolean;
  /** Whether to tell a person how it goes. */
  readonly status: boolean;
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

type Schema = typeof functionSchema | typeof connectorSchema;

/** What a variable is to be set to. */
function wanted(schema: Schema, name: string): string {
  const entry = Object.entries(schema.entries).find(([key]) => key === name)?.[1];
  const inner = entry?.type === "optional" ? entry.wrapped : entry;
  return (inner && v.getDescription(inner)) ?? "something else";
}

/** Complains about the first wrong variable in one line that names it and the way out. */
function parse<const S extends Schema>(schema: S, env: Environment): Result<v.InferOutput<S>, string> {
  const parsed = v.safeParse(schema, env, { abortEarly: true });
  if (parsed.success) return ok(parsed.output);
  const name = String(parsed.issues[0].path?.[0]?.key ?? "environment");
  const value = env[name];
  const complaint = value === undefined ? "is missing" : `is ${JSON.stringify(value)}`;
  return err(`${name} ${complaint}: set it to ${wanted(schema, name)}`);
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
  const read = parsed.value;
  const capabilities = parseCapabilities(read.CAUSEWAY_CAPABILITIES);
  if (!capabilities.ok) return err(`CAUSEWAY_CAPABILITIES: ${capabilities.error}`);
  return ok({
    ...aws,
    domains: read.CAUSEWAY_DOMAINS,
    capabilities: capabilities.value,
    directory: read.CAUSEWAY_DIRECTORY,
    resync: { pairsPerS: read.CAUSEWAY_RESYNC_PAIRS_PER_S, settleS: read.CAUSEWAY_RESYNC_SETTLE_S },
  });
}

/** The first that is set counts. A file is looked into at once, so that a wrong path ends the start. */
function readSecret(read: v.InferOutput<typeof connectorSchema>): Result<SecretSource, string> {
  const { CAUSEWAY_XMPP_SECRET: given = "", CAUSEWAY_XMPP_SECRET_FILE: file } = read;
  const { CAUSEWAY_XMPP_SECRET_ARN: arn } = read;
  if (given !== "") return ok({ kind: "given", secret: given });
  if (file === undefined && arn !== undefined) return ok({ kind: "arn", arn });
  if (file === undefined) {
    return err(
      "CAUSEWAY_XMPP_SECRET is missing: set it to the component's secret, or CAUSEWAY_XMPP_SECRET_FILE to a file that holds it, or CAUSEWAY_XMPP_SECRET_ARN to its place in Secrets Manager",
    );
  }
  try {
    return readFileSync(file, "utf8").trim() === ""
      ? err(`CAUSEWAY_XMPP_SECRET_FILE: ${file} is empty: write the component's secret into it`)
      : ok({ kind: "file", file });
  } catch {
    return err(
      `CAUSEWAY_XMPP_SECRET_FILE: ${file} cannot be read: set it to a file that this process may read`,
    );
  }
}

const connectorQueues = [
  "messageStanzas",
  "presenceStanzas",
  "iqStanzas",
  "outboundStanzas",
  "outboundPresence",
  "walks",
] as const satisfies readonly QueueName[];

/** Stanzas that cannot go on are kept beside their queue; a walk's task is our own and always can. */
const connectorDeadLetters = connectorQueues.filter((queue) => queue !== "walks");

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
    missingQueue(aws.deadLetterUrls, "CAUSEWAY_DEAD_LETTERS_", connectorDeadLetters);
  if (missing !== undefined) return err(missing);
  const [domain] = read.CAUSEWAY_DOMAINS;
  if (domain === undefined) throw new Error("a list of domains that was read is never empty");
  return ok({
    ...aws,
    domain,
    service: read.CAUSEWAY_XMPP_SERVICE,
    ...(read.CAUSEWAY_XMPP_CA_FILE !== undefined && { caFile: read.CAUSEWAY_XMPP_CA_FILE }),
    plainAllowed: read.CAUSEWAY_XMPP_PLAIN === "allow",
    secret: secret.value,
    lanes: read.CAUSEWAY_LANES,
    leased: read.CAUSEWAY_LEASE === "on",
    status: read.CAUSEWAY_STATUS === "1",
    healthHost: read.CAUSEWAY_HEALTH_HOST,
    healthPort: read.CAUSEWAY_HEALTH_PORT,
  });
}
