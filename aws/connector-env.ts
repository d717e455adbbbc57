/** The connector's environment, parsed once. */
import * as v from "valibot";
import type { QueueName } from "#core/contract/queues.ts";
import { limits } from "#core/limits.ts";
import { parseRates, type Rates } from "#core/rates.ts";
import { err, ok, type Result } from "#core/result.ts";
import {
  type Connection,
  plainSchema,
  readConnections,
  secretArnSchema,
  serviceSchema,
} from "./connections.ts";
import { type AwsEnv, awsEnv, common, type Environment, missingQueue, parse } from "./env.ts";
import { text } from "./env-words.ts";

const powerOfTwo = (value: number) => Number.isInteger(Math.log2(value));

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
  CAUSEWAY_XMPP_SERVICE: v.optional(serviceSchema),
  CAUSEWAY_XMPP_CA: v.optional(v.string()),
  CAUSEWAY_XMPP_CA_FILE: v.optional(text("a PEM file with the authority of the server's certificate")),
  CAUSEWAY_XMPP_PLAIN: v.optional(plainSchema, "private"),
  CAUSEWAY_XMPP_SECRET: v.optional(v.string()),
  CAUSEWAY_XMPP_SECRET_FILE: v.optional(text("the file that holds the component's secret")),
  CAUSEWAY_XMPP_SECRET_ARN: v.optional(secretArnSchema),
  CAUSEWAY_XMPP_DOMAINS: v.optional(v.string(), "{}"),
  CAUSEWAY_LEASE: v.optional(
    v.pipe(v.picklist(["on", "off"]), v.description('"on" where connectors share a domain, else "off"')),
    "off",
  ),
  CAUSEWAY_RATES: v.optional(v.string(), "{}"),
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

export interface ConnectorEnv extends AwsEnv {
  /** One for each domain, in their order. */
  readonly connections: readonly Connection[];
  readonly lanes: number;
  /** Whether connectors share the domains by leases. */
  readonly leased: boolean;
  /** How much may come in. */
  readonly rates: Rates;
  /** Whether to tell a person how it goes. */
  readonly status: boolean;
  readonly healthHost: string;
  readonly healthPort: number;
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
  const aws = awsEnv(env, read);
  if (!aws.ok) return aws;
  const missing =
    missingQueue(aws.value.urls, "CAUSEWAY_QUEUE_", connectorQueues) ??
    missingQueue(aws.value.deadLetterUrls, "CAUSEWAY_DEAD_LETTERS_", connectorDeadLetters);
  if (missing !== undefined) return err(missing);
  const rates = parseRates(read.CAUSEWAY_RATES);
  if (!rates.ok) return err(`CAUSEWAY_RATES: ${rates.error}`);
  const connections = readConnections(aws.value.domains, read.CAUSEWAY_XMPP_DOMAINS, {
    service: read.CAUSEWAY_XMPP_SERVICE,
    ca: read.CAUSEWAY_XMPP_CA,
    caFile: read.CAUSEWAY_XMPP_CA_FILE,
    plain: read.CAUSEWAY_XMPP_PLAIN,
    secret: read.CAUSEWAY_XMPP_SECRET,
    secretFile: read.CAUSEWAY_XMPP_SECRET_FILE,
    secretArn: read.CAUSEWAY_XMPP_SECRET_ARN,
  });
  if (!connections.ok) return connections;
  return ok({
    ...aws.value,
    connections: connections.value,
    lanes: read.CAUSEWAY_LANES,
    leased: read.CAUSEWAY_LEASE === "on",
    rates: rates.value,
    status: read.CAUSEWAY_STATUS === "1",
    healthHost: read.CAUSEWAY_HEALTH_HOST,
    healthPort: read.CAUSEWAY_HEALTH_PORT,
  });
}
