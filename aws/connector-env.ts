/** The connector's environment, parsed once. */
import { readFileSync } from "node:fs";
import * as v from "valibot";
import type { QueueName } from "#core/contract/queues.ts";
import { limits } from "#core/limits.ts";
import { parseRates, type Rates } from "#core/rates.ts";
import { err, ok, type Result } from "#core/result.ts";
import { type AwsEnv, awsEnv, common, type Environment, missingQueue, parse } from "./env.ts";
import { text } from "./env-words.ts";
import type { SecretSource } from "./secret.ts";

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
  /** How much may come in. */
  readonly rates: Rates;
  /** Whether to tell a person how it goes. */
  readonly status: boolean;
  readonly healthHost: string;
  readonly healthPort: number;
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
  const rates = parseRates(read.CAUSEWAY_RATES);
  if (!rates.ok) return err(`CAUSEWAY_RATES: ${rates.error}`);
  const [domain, ...more] = read.CAUSEWAY_DOMAINS;
  if (domain === undefined) throw new Error("a list of domains that was read is never empty");
  if (more.length > 0) {
    return err("CAUSEWAY_DOMAINS names several: a connector serves one, set it to that component domain");
  }
  return ok({
    ...aws,
    domain,
    service: read.CAUSEWAY_XMPP_SERVICE,
    ...(read.CAUSEWAY_XMPP_CA_FILE !== undefined && { caFile: read.CAUSEWAY_XMPP_CA_FILE }),
    plainAllowed: read.CAUSEWAY_XMPP_PLAIN === "allow",
    secret: secret.value,
    lanes: read.CAUSEWAY_LANES,
    leased: read.CAUSEWAY_LEASE === "on",
    rates: rates.value,
    status: read.CAUSEWAY_STATUS === "1",
    healthHost: read.CAUSEWAY_HEALTH_HOST,
    healthPort: read.CAUSEWAY_HEALTH_PORT,
  });
}
