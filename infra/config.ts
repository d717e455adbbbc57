import { readDomains } from "#aws/domains.ts";
import type { Capabilities } from "#core/capabilities.ts";
import { parseRates, type Rates } from "#core/rates.ts";
import { parseCapabilities, readCapabilities } from "#core/read-capabilities.ts";
import type { DeclaredTraces } from "./definitions/environment.ts";
import { type DomainServer, readDomainServers } from "./domain-servers.ts";

/** What a deployment decides, read from the CDK context: `cdk.json`, or `-c key=value`. */
export interface Config {
  /** The component domains that we serve; the first is the default. */
  readonly domains: readonly string[];
  /** `xmpps://host:port` (TLS) or `xmpp://host:port` (plain) of the XMPP server's component listener. */
  readonly xmppService: string;
  /** What differs for domains at other servers, by domain. */
  readonly xmppDomains: Readonly<Record<string, DomainServer>>;
  /** How far a plain stream may go: to private addresses only, or anywhere. */
  readonly xmppPlain: "private" | "allow";
  /** Whether a user must be announced before anyone can reach it (design §9). */
  readonly directory: "announced" | "open";
  /** What the native system can do. */
  readonly capabilities: Capabilities;
  /** How much may come in. */
  readonly rates: Rates;
  /** Whether a second connector stands by. */
  readonly standby: boolean;
  /** Where traces go; `undefined`: nothing is recorded. */
  readonly traces: DeclaredTraces | undefined;
}

interface Setting {
  readonly key: string;
  readonly example: string;
  readonly pattern: RegExp;
}

const domain = "[\\p{L}\\p{N}-]+(\\.[\\p{L}\\p{N}-]+)*";

const settings = {
  domains: {
    key: "causeway:domains",
    example: "im.example.com,im.example.org",
    pattern: new RegExp(`^${domain}(,${domain})*$`, "u"),
  },
  xmppService: {
    key: "causeway:xmppService",
    example: "xmpps://xmpp.example.com:5348",
    pattern: /^xmpps?:\/\/[^/\s]+:\d{1,5}$/,
  },
  directory: { key: "causeway:directory", example: "announced", pattern: /^(announced|open)$/ },
  standby: { key: "causeway:standby", example: "true", pattern: /^(true|false)$/ },
} as const satisfies Record<
  Exclude<keyof Config, "capabilities" | "rates" | "traces" | "xmppPlain" | "xmppDomains">,
  Setting
>;

function read({ key, example, pattern }: Setting, context: (key: string) => unknown): string {
  const found = context(key);
  // cdk.json may say it without quotes; `-c` always makes text.
  const value = typeof found === "boolean" || typeof found === "number" ? String(found) : found;
  const fix = `set it in cdk.json under "context", or pass -c ${key}=${example}`;
  if (value === undefined) throw new Error(`CDK context "${key}" is missing: ${fix}`);
  if (typeof value !== "string" || !pattern.test(value)) {
    throw new Error(`CDK context "${key}" is ${JSON.stringify(value)}, not of the form ${example}: ${fix}`);
  }
  return value;
}

const capabilitiesKey = "causeway:capabilities";

/** An object in `cdk.json`, JSON behind `-c`; without it the native system can do everything. */
function readDeclared(context: (key: string) => unknown): Capabilities {
  const value = context(capabilitiesKey) ?? {};
  const declared = typeof value === "string" ? parseCapabilities(value) : readCapabilities(value);
  if (declared.ok) return declared.value;
  throw new Error(`CDK context "${capabilitiesKey}": ${declared.error}`);
}

const ratesKey = "causeway:rates";

/** The same; without it the defaults of `core/limits.ts`. */
function readRates(context: (key: string) => unknown): Rates {
  const value = context(ratesKey) ?? {};
  const rates = parseRates(typeof value === "string" ? value : JSON.stringify(value));
  if (rates.ok) return rates.value;
  throw new Error(`CDK context "${ratesKey}": ${rates.error}`);
}

const traceSettings = {
  to: {
    key: "causeway:traces",
    example: "aws",
    pattern: /^(off|aws|https?:\/\/[^/\s]+(\/\S*)?)$/,
  },
  ratio: { key: "causeway:traceRatio", example: "0.05", pattern: /^(0(\.\d+)?|1(\.0+)?)$/ },
} as const satisfies Record<string, Setting>;

/** Off unless it is said, since CloudWatch wants a setting of the whole account for it: docs/traces.md. */
function readTraces(context: (key: string) => unknown): DeclaredTraces | undefined {
  const { to, ratio } = traceSettings;
  const target = context(to.key) === undefined ? "off" : read(to, context);
  if (target === "off") return undefined;
  return {
    ...(target !== "aws" && { collector: target }),
    ...(context(ratio.key) !== undefined && { ratio: Number(read(ratio, context)) }),
  };
}

const plainKey = "causeway:xmppPlain";

/** Plain is a decision: the secret of a handshake and all messages can be read on the way. */
function readPlain(service: string, context: (key: string) => unknown): Config["xmppPlain"] {
  const value = context(plainKey);
  if (value === "private" || value === "allow") return value;
  const fix = `-c ${plainKey}=private where the server has a private address, or =allow to cross the open net unencrypted`;
  if (value !== undefined)
    throw new Error(`CDK context "${plainKey}" is ${JSON.stringify(value)}: pass ${fix}`);
  if (service.startsWith("xmpps:")) return "private";
  throw new Error(
    `CDK context "${settings.xmppService.key}" is ${JSON.stringify(service)}, a plain stream: use xmpps://, or pass ${fix}`,
  );
}

/** Prepared: as the bridge and the names of its queues have them. */
function readDomainList(context: (key: string) => unknown): Config["domains"] {
  const list = read(settings.domains, context);
  const domains = readDomains(list);
  if (domains.ok) return domains.value;
  throw new Error(`CDK context "${settings.domains.key}" is ${JSON.stringify(list)}: ${domains.error}`);
}

/**
 * Reads the deployment's configuration.
 *
 * @param context the value of a key of the CDK context, `undefined` where it is not set
 * @throws when a key is missing or wrong; the message names the key and what to do
 */
export function readConfig(context: (key: string) => unknown): Config {
  const xmppService = read(settings.xmppService, context);
  const domains = readDomainList(context);
  return {
    domains,
    xmppService,
    xmppDomains: readDomainServers(domains, context),
    xmppPlain: readPlain(xmppService, context),
    directory: read(settings.directory, context) === "open" ? "open" : "announced",
    capabilities: readDeclared(context),
    rates: readRates(context),
    standby: read(settings.standby, context) === "true",
    traces: readTraces(context),
  };
}
