/** Reads a deployment's configuration: what is wrong is said in one line, with key, value and fix. */
import * as v from "valibot";
import { limits } from "#core/limits.ts";
import { parseRates } from "#core/rates.ts";
import { readCapabilities } from "#core/read-capabilities.ts";
import { prepareDomain } from "#core/xmpp/jid.ts";
import type { Config } from "./config.ts";
import { logRetentionDays } from "./definitions/logs.ts";

const matching = (pattern: RegExp, wanted: string) =>
  v.pipe(v.string(wanted), v.regex(pattern, wanted), v.description(wanted));
const oneOf = <const T extends readonly string[]>(options: T) => v.picklist(options, options.join(" or "));

/** `-c` always makes text. */
const flag = v.union(
  [
    v.boolean(),
    v.pipe(
      v.picklist(["true", "false"]),
      v.transform((text) => text === "true"),
    ),
  ],
  "true or false",
);
const number = (wanted: string, fits: (value: number) => boolean) =>
  v.pipe(
    v.union([v.number(), v.pipe(v.string(), v.regex(/^\d+$/), v.transform(Number))], wanted),
    v.check(fits, wanted),
  );
const list = <S extends v.GenericSchema<unknown, string>>(item: S, wanted: string) =>
  v.pipe(
    v.union(
      [
        v.array(v.unknown()),
        v.pipe(
          v.string(),
          v.transform((text) => text.split(",")),
        ),
      ],
      wanted,
    ),
    v.array(item, wanted),
    v.minLength(1, wanted),
  );

const domain = v.pipe(
  v.string(),
  v.check((text) => prepareDomain(text).ok && !text.includes("/"), "a domain like im.example.com"),
);
const queueArn = /^arn:aws[\w-]*:sqs:[a-z0-9-]+:\d{12}:[\w-]{1,75}\.fifo$/;
const cidr = matching(/^\d{1,3}(?:\.\d{1,3}){3}\/\d{1,2}$/, "a block of addresses like 10.7.0.0/16");
const vpcId = matching(/^vpc-[0-9a-f]{8,17}$/, "the id of a VPC like vpc-0123456789abcdef0");
const subnets = "the ids of subnets like subnet-0123456789abcdef0, in two zones";

const existingNetwork = v.strictObject({
  vpcId,
  subnetIds: list(matching(/^subnet-[0-9a-f]{8,17}$/, subnets), subnets),
  publicIp: v.exactOptional(flag),
});
const newNetwork = v.strictObject({
  cidr: v.exactOptional(cidr),
  natGateways: v.exactOptional(number("0, 1 or 2", (count) => [0, 1, 2].includes(count))),
  peering: v.exactOptional(v.strictObject({ vpcId, cidr })),
});
/** By the one key that tells them apart, so that complaints are about the one that was meant. */
const network = v.lazy((input): v.GenericSchema<unknown, Config["network"]> => {
  const isExisting =
    typeof input === "object" && input !== null && ("vpcId" in input || "subnetIds" in input);
  return isExisting ? existingNetwork : newNetwork;
});

const isPowerOfTwo = (count: number) => Number.isInteger(Math.log2(count));
const secretArn = /^arn:aws[\w-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:\S+$/;

const schema = v.strictObject({
  domains: list(domain, "a list of component domains like im.example.com"),
  xmppService: v.pipe(
    matching(/^xmpps?:\/\/[^/\s]+:\d{1,5}$/, "xmpps://host:port (TLS) or xmpp://host:port (plain)"),
    v.check((text) => URL.canParse(text), "xmpps://host:port with a port up to 65535"),
  ),
  xmppPlain: v.exactOptional(oneOf(["private", "allow"])),
  xmppSecretArn: v.exactOptional(
    matching(secretArn, "an ARN like arn:aws:secretsmanager:eu-central-1:123456789012:secret:xmpp-AbCdEf"),
  ),
  directory: v.exactOptional(oneOf(["announced", "open"]), "announced"),
  capabilities: v.exactOptional(v.unknown(), {}),
  rates: v.exactOptional(v.unknown(), {}),
  lanes: v.exactOptional(
    number(
      "a power of two up to 1024, like 8",
      (count) => count >= 1 && count <= 1024 && isPowerOfTwo(count),
    ),
    limits.lanes,
  ),
  standby: v.exactOptional(flag, true),
  network: v.exactOptional(network, {}),
  nativePrincipals: v.exactOptional(
    list(
      matching(
        /^(?:\d{12}|arn:aws[\w-]*:iam::\d{12}:(?:role|user)\/\S+)$/,
        "accounts of 12 digits, or ARNs of roles",
      ),
      "a list of accounts of 12 digits, or ARNs of roles",
    ),
  ),
  deliveriesQueueArn: v.exactOptional(
    matching(queueArn, "the ARN of a FIFO queue, which ends in .fifo: deliveries to a contact have an order"),
  ),
  encryption: v.exactOptional(
    matching(
      /^(?:aws|key|arn:aws[\w-]*:kms:[a-z0-9-]+:\d{12}:key\/[\w-]+)$/,
      "aws, key, or the ARN of a key of KMS",
    ),
    "aws",
  ),
  permissionsBoundaryArn: v.exactOptional(
    matching(
      /^arn:aws[\w-]*:iam::(?:\d{12}|aws):policy\/\S+$/,
      "the ARN of a policy like arn:aws:iam::123456789012:policy/boundary",
    ),
  ),
  removal: v.exactOptional(oneOf(["retain", "destroy"]), "retain"),
  logRetentionDays: v.exactOptional(
    number(`days that CloudWatch knows: ${logRetentionDays.join(", ")}`, (days) =>
      logRetentionDays.includes(days),
    ),
    30,
  ),
  alarmEmail: v.exactOptional(matching(/^[^@\s]+@[^@\s]+$/, "an address like oncall@example.com")),
  alarmTopicArn: v.exactOptional(
    matching(/^arn:aws[\w-]*:sns:[a-z0-9-]+:\d{12}:[\w-]+$/, "the ARN of a topic of SNS"),
  ),
  runbookUrl: v.exactOptional(matching(/^[^\s#]+$/, "a URL or path without #"), "docs/runbook.md"),
  transactionSearch: v.exactOptional(flag, false),
});

const keys = Object.keys(schema.entries);

function refuse(key: string, value: unknown, wanted: string): never {
  const is = value === undefined ? "is missing" : `is ${JSON.stringify(value)}`;
  throw new Error(`configuration: ${key} ${is}: set it to ${wanted}`);
}

function complain(issue: v.BaseIssue<unknown>): never {
  const path = (issue.path ?? []).map(({ key }) => String(key));
  const key = path.join(".") || "it";
  // A strict object says so of a key that it does not know.
  if (issue.type === "strict_object" && issue.expected === "never") {
    const known = path.length === 1 ? `; known are ${keys.join(", ")}` : "";
    throw new Error(`configuration: ${key} is unknown: leave it out${known}`);
  }
  const missing = issue.type === "strict_object" && issue.input === undefined;
  const entry = Object.entries<v.GenericSchema>(schema.entries).find(([name]) => name === path[0])?.[1];
  const described = missing && path.length === 1 && entry !== undefined ? v.getDescription(entry) : undefined;
  return refuse(key, issue.input, described ?? (missing ? "something" : issue.message));
}

/** Plain is a decision: the secret of a handshake and all messages can be read on the way. */
function plainOf({ xmppService, xmppPlain }: v.InferOutput<typeof schema>): Config["xmppPlain"] {
  if (xmppPlain === undefined && !xmppService.startsWith("xmpps:")) {
    throw new Error(
      `configuration: xmppService is ${JSON.stringify(xmppService)}, a plain stream: use xmpps://, or set xmppPlain to ` +
        "private where the server has a private address, or to allow to cross the open net unencrypted",
    );
  }
  return xmppPlain ?? "private";
}

/** One: a second would be taken in by the functions, and no connector would carry it (docs/decisions/0019). */
function theDomain(domains: readonly string[]): readonly string[] {
  if (domains.length === 1) return domains;
  return refuse("domains", domains, "one domain, and deploy once for each");
}

/** An object, or JSON behind `-c`. */
export function parsed(value: unknown): unknown {
  if (typeof value !== "string" || !/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

/**
 * Reads the deployment's configuration.
 *
 * @param declared what the configuration file exports
 * @param overrides single properties, as values or as text from the command line
 * @throws when a property is missing, wrong or unknown; the message names it, its value and what to do
 */
export function readConfig(declared: unknown, overrides: Readonly<Record<string, unknown>> = {}): Config {
  const changed = Object.entries(overrides).map(([key, value]) => [key, parsed(value)]);
  const merged = { ...(declared as object), ...Object.fromEntries(changed) };
  const read = v.safeParse(schema, merged, { abortEarly: true });
  if (!read.success) return complain(read.issues[0]);
  const { output } = read;
  const capabilities = readCapabilities(output.capabilities);
  if (!capabilities.ok) throw new Error(`configuration: capabilities: ${capabilities.error}`);
  const rates = parseRates(JSON.stringify(output.rates));
  if (!rates.ok) throw new Error(`configuration: rates: ${rates.error}`);
  const { xmppSecretArn, deliveriesQueueArn, permissionsBoundaryArn, alarmEmail, alarmTopicArn } = output;
  return {
    ...output,
    domains: theDomain(output.domains),
    xmppPlain: plainOf(output),
    capabilities: capabilities.value,
    rates: rates.value,
    nativePrincipals: output.nativePrincipals ?? [],
    ...{ xmppSecretArn, deliveriesQueueArn, permissionsBoundaryArn, alarmEmail, alarmTopicArn },
  };
}
