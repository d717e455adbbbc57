/** Reads a deployment's configuration: what is wrong is said in one line, with key, value and fix. */
import { isIP } from "node:net";
import * as v from "valibot";
import { readDomains, servedDomain } from "#aws/domains.ts";
import { endpointOf, isPrivateAddress } from "#aws/service.ts";
import { parseRates } from "#core/rates.ts";
import { readCapabilities } from "#core/read-capabilities.ts";
import { authoritiesIn } from "./authorities.ts";
import { checkReach } from "./check-network.ts";
import type { CheckedServer, Config, Deployment } from "./config.ts";
import { schema, wanted } from "./config-schema.ts";

const keys = Object.keys(schema.entries);

function refuse(key: string, value: unknown, wanted: string): never {
  const is = value === undefined ? "is missing" : `is ${JSON.stringify(value)}`;
  throw new Error(`configuration: ${key} ${is}: set it to ${wanted}`);
}

function wantedAt(key: string | undefined): string {
  return Object.entries(wanted).find(([name]) => name === key)?.[1] ?? "a value";
}

function complain(issue: v.BaseIssue<unknown>): never {
  const path = (issue.path ?? []).map(({ key }) => String(key));
  const key = path.join(".") || "it";
  // A strict object says so of a key that it does not know.
  if (issue.type === "strict_object" && issue.expected === "never") {
    const known = path.length === 1 ? `; known are ${keys.join(", ")}` : "";
    // Somebody may have written the secret itself.
    const value = /secret|password/i.test(key) ? "there" : JSON.stringify(issue.path?.at(-1)?.value);
    throw new Error(`configuration: ${key} is ${value}, and unknown: leave it out${known}`);
  }
  const isMissing = issue.type === "strict_object" && issue.input === undefined;
  return refuse(key, issue.input, isMissing ? wantedAt(path.at(-1)) : issue.message);
}

/** Plain is a decision: the secret of a handshake and all messages can be read on the way. */
function checkPlain(
  key: string,
  service: string,
  plainKey: string,
  plain: Config["xmppPlain"] | undefined,
): void {
  if (service.startsWith("xmpps:") || plain === "allow") return;
  const is = `configuration: ${key} is ${JSON.stringify(service)}, a plain stream`;
  if (plain === undefined) {
    throw new Error(
      `${is}: use xmpps://, or set ${plainKey} to private where the server has a private address, or to allow to ` +
        "cross the open net unencrypted",
    );
  }
  const { host } = endpointOf(service);
  // What a name leads to is seen when it is dialled.
  if (isIP(host) === 0 || isPrivateAddress(host)) return;
  throw new Error(
    `${is} to a public address, which ${plainKey} = private refuses: use xmpps://, or the server's private address, ` +
      `or set ${plainKey} to allow`,
  );
}

/** A key alone would be given to nobody. */
function checkSecretKey(
  [key, arn]: readonly [string, string | undefined],
  [secretKey, secretArn]: readonly [string, string | undefined],
): void {
  if (arn === undefined || secretArn !== undefined) return;
  throw new Error(
    `configuration: ${key} is ${JSON.stringify(arn)}, and ${secretKey} is missing: set that to the secret that has this ` +
      `key, or leave ${key} out: a secret that is made has the key of encryption`,
  );
}

/** A plain stream shows no certificate. */
function authoritiesOf(key: string, file: string, service: string): string {
  if (service.startsWith("xmpps:")) return authoritiesIn(key, file);
  throw new Error(
    `configuration: ${key} is ${JSON.stringify(file)}, and ${JSON.stringify(service)} is a plain stream: leave it out, ` +
      "or use xmpps://",
  );
}

/** Prepared: as the bridge and the names of its queues have them. */
function domainsOf(declared: readonly string[]): Config["domains"] {
  const domains = readDomains(declared.join(","));
  return domains.ok ? domains.value : refuse("domains", declared, `component domains: ${domains.error}`);
}

function domainServersOf(
  domains: readonly string[],
  { xmppDomains: declared, network }: Required<Pick<Deployment, "xmppDomains" | "network">>,
): Record<string, CheckedServer> {
  const servers: Record<string, CheckedServer> = {};
  for (const [name, { caFile, ...server }] of Object.entries(declared)) {
    const domain = servedDomain(name, domains);
    if (domain === undefined) {
      throw new Error(`configuration: xmppDomains.${name} is not served: name one of ${domains.join(", ")}`);
    }
    if (servers[domain] !== undefined)
      throw new Error(`configuration: xmppDomains.${name} is in it twice: name each domain once`);
    const key = `xmppDomains.${name}`;
    checkPlain(`${key}.service`, server.service, `${key}.plain`, server.plain);
    checkReach(`${key}.service`, server.service, network);
    checkSecretKey([`${key}.secretKeyArn`, server.secretKeyArn], [`${key}.secretArn`, server.secretArn]);
    servers[domain] = {
      ...server,
      ...(caFile !== undefined && { ca: authoritiesOf(`${key}.caFile`, caFile, server.service) }),
    };
  }
  return servers;
}

/** Off unless it is said: CloudWatch wants a setting of the whole account for it. */
function tracesOf({ traces, traceRatio }: v.InferOutput<typeof schema>): Config["traces"] {
  if (traces === "off") {
    if (traceRatio === undefined) return undefined;
    throw new Error(
      `configuration: traceRatio is ${traceRatio}, and traces is off: leave it out, or set traces to aws or the URL of ` +
        "an OTLP/HTTP collector",
    );
  }
  return {
    ...(traces !== "aws" && { collector: traces }),
    ...(traceRatio !== undefined && { ratio: traceRatio }),
  };
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
  const domains = domainsOf(output.domains);
  checkPlain("xmppService", output.xmppService, "xmppPlain", output.xmppPlain);
  checkReach("xmppService", output.xmppService, output.network);
  checkSecretKey(["xmppSecretKeyArn", output.xmppSecretKeyArn], ["xmppSecretArn", output.xmppSecretArn]);
  const rates = parseRates(JSON.stringify(output.rates));
  if (!rates.ok) throw new Error(`configuration: rates: ${rates.error}`);
  const { traces: _, traceRatio: __, xmppCaFile: caFile, ...rest } = output;
  return {
    ...rest,
    domains,
    xmppDomains: domainServersOf(domains, output),
    xmppPlain: output.xmppPlain ?? "private",
    capabilities: capabilities.value,
    rates: rates.value,
    traces: tracesOf(output),
    nativePrincipals: output.nativePrincipals ?? [],
    xmppCa: caFile === undefined ? undefined : authoritiesOf("xmppCaFile", caFile, output.xmppService),
    xmppSecretArn: output.xmppSecretArn,
    xmppSecretKeyArn: output.xmppSecretKeyArn,
    deliveriesQueueArn: output.deliveriesQueueArn,
    permissionsBoundaryArn: output.permissionsBoundaryArn,
    alarmEmail: output.alarmEmail,
    alarmTopicArn: output.alarmTopicArn,
  };
}
