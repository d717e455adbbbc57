/** How each domain's stream is opened: by the variables that hold for all, and what `CAUSEWAY_XMPP_DOMAINS` says of one. */
import { readFileSync } from "node:fs";
import * as v from "valibot";
import { err, ok, type Result } from "#core/result.ts";
import { type Authorities, certificatesIn } from "./authorities.ts";
import { servedDomain } from "./domains.ts";
import { wanted } from "./env.ts";
import { text } from "./env-words.ts";
import type { SecretSource } from "./secret.ts";

export interface Connection extends Authorities {
  /** Prepared. */
  readonly domain: string;
  /** `xmpps://host:port` or `xmpp://host:port` of the component listener. */
  readonly service: string;
  /** Whether a plain stream may leave the private network. */
  readonly plainAllowed: boolean;
  readonly secret: SecretSource;
}

export const serviceSchema = v.pipe(
  v.string(),
  v.regex(/^xmpps?:\/\/[^/]+:\d+$/),
  v.check((service) => URL.canParse(service)),
  v.description(
    "the XMPP server's component listener, like xmpps://host:5348 (TLS) or xmpp://host:5347 (plain)",
  ),
);

export const plainSchema = v.pipe(
  v.picklist(["private", "allow"]),
  v.description('"allow" to let an unencrypted stream cross the open net, else "private"'),
);

export const secretArnSchema = v.pipe(
  v.string(),
  v.regex(/^arn:[^:]+:secretsmanager:[^:]*:[^:]*:secret:.+$/),
  v.description("the ARN of the component's secret in Secrets Manager"),
);

const settingsSchema = v.strictObject({
  service: v.optional(serviceSchema),
  ca: v.optional(v.pipe(v.string(), v.description("the certificate of the server's authority, as PEM text"))),
  caFile: v.optional(text("a PEM file with the authority of the server's certificate")),
  plain: v.optional(plainSchema),
  secret: v.optional(text("the component's secret")),
  secretFile: v.optional(text("the file that holds the component's secret")),
  secretArn: v.optional(secretArnSchema),
});

type Key = keyof typeof settingsSchema.entries;

/** What is set; the secret's keys are three places for one thing. */
export type Settings = Readonly<Partial<Record<Key, string | undefined>>>;

const variable = "CAUSEWAY_XMPP_DOMAINS";
const example = '{"im.example.com":{"service":"xmpps://host:5348"}}';

/** As people know a setting: by the variable for all, or by its place in the JSON. */
type NameOf = (key: Key) => string;

const nameForAll: NameOf = (key) =>
  `CAUSEWAY_XMPP_${key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
const nameFor =
  (domain: string): NameOf =>
  (key) =>
    `${variable}: ${domain}: ${key}`;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A domain's own settings. What stands there is never told: it may be a secret at the wrong place. */
function readSettings(domain: string, value: unknown): Result<Settings, string> {
  if (!isObject(value)) return err(`${variable}: ${domain}: set it to an object, like ${example}`);
  const keys: readonly string[] = Object.keys(settingsSchema.entries);
  const unknown = Object.keys(value).find((key) => !keys.includes(key));
  if (unknown !== undefined) {
    const all = keys.join(", ");
    return err(`${variable}: ${domain}: ${JSON.stringify(unknown)} is no setting, there are ${all}`);
  }
  const read = v.safeParse(settingsSchema, value, { abortEarly: true });
  if (read.success) return ok(read.output);
  const key = String(read.issues[0].path?.[0]?.key);
  return err(`${variable}: ${domain}: ${key} is wrong: set it to ${wanted(settingsSchema, key)}`);
}

function readObject(json: string): Result<Readonly<Record<string, unknown>>, string> {
  try {
    const value: unknown = JSON.parse(json);
    if (isObject(value)) return ok(value);
  } catch {
    // Said below, without the text: it may hold a secret.
  }
  return err(`${variable} is no JSON object: set it to what differs for a domain, like ${example}`);
}

/** The settings that domains have for themselves, by domain. */
function readOwn(domains: readonly string[], json: string): Result<ReadonlyMap<string, Settings>, string> {
  const object = readObject(json);
  if (!object.ok) return object;
  const own = new Map<string, Settings>();
  for (const [name, value] of Object.entries(object.value)) {
    const domain = servedDomain(name, domains);
    if (domain === undefined) {
      return err(`${variable}: ${JSON.stringify(name)} is not served: name one of ${domains.join(", ")}`);
    }
    if (own.has(domain)) return err(`${variable}: ${domain} is in it twice: name each domain once`);
    const settings = readSettings(domain, value);
    if (!settings.ok) return settings;
    own.set(domain, settings.value);
  }
  return ok(own);
}

/** The first that is set counts. A file is looked into at once, so that a wrong path ends the start. */
function readSecret(settings: Settings, nameOf: NameOf): Result<SecretSource | undefined, string> {
  const { secret = "", secretFile: file, secretArn: arn } = settings;
  if (secret !== "") return ok({ kind: "given", secret });
  if (file === undefined) return ok(arn === undefined ? undefined : { kind: "arn", arn });
  try {
    return readFileSync(file, "utf8").trim() === ""
      ? err(`${nameOf("secretFile")}: ${file} is empty: write the component's secret into it`)
      : ok({ kind: "file", file });
  } catch {
    return err(
      `${nameOf("secretFile")}: ${file} cannot be read: set it to a file that this process may read`,
    );
  }
}

/** What a domain says of them stands alone, without what holds for all; an empty text: those that Node trusts. */
function readAuthorities(domain: string, own: Settings, all: Settings): Result<Authorities, string> {
  const isOwn = own.ca !== undefined || own.caFile !== undefined;
  const { ca: pem = "", caFile } = isOwn ? own : all;
  const nameOf = isOwn ? nameFor(domain) : nameForAll;
  if (pem === "") return ok(caFile === undefined ? {} : { caFile });
  if (caFile !== undefined) return err(`${nameOf("caFile")} is set beside ${nameOf("ca")}: set one of them`);
  const read = certificatesIn(pem);
  return read.ok ? ok({ ca: read.value }) : err(`${nameOf("ca")} ${read.error}`);
}

function connectionOf(domain: string, own: Settings, all: Settings): Result<Connection, string> {
  const service = own.service ?? all.service;
  if (service === undefined) {
    return err(`${nameForAll("service")} is missing: set it to ${v.getDescription(serviceSchema)}`);
  }
  const ownSecret = readSecret(own, nameFor(domain));
  const secret = ownSecret.ok && ownSecret.value === undefined ? readSecret(all, nameForAll) : ownSecret;
  if (!secret.ok) return secret;
  if (secret.value === undefined) {
    return err(
      `${nameForAll("secret")} is missing: set it to the component's secret, or ${nameForAll("secretFile")} ` +
        `to a file that holds it, or ${nameForAll("secretArn")} to its place in Secrets Manager`,
    );
  }
  const authorities = readAuthorities(domain, own, all);
  if (!authorities.ok) return authorities;
  return ok({
    domain,
    service,
    ...authorities.value,
    plainAllowed: (own.plain ?? all.plain) === "allow",
    secret: secret.value,
  });
}

/**
 * The connection of each domain, in their order.
 *
 * @param json what differs for single domains
 * @param all what holds for every other
 * @returns or one line for people that names domain and setting, and never holds a secret
 */
export function readConnections(
  domains: readonly string[],
  json: string,
  all: Settings,
): Result<readonly Connection[], string> {
  const own = readOwn(domains, json);
  if (!own.ok) return own;
  const connections: Connection[] = [];
  for (const domain of domains) {
    const connection = connectionOf(domain, own.value.get(domain) ?? {}, all);
    if (!connection.ok) return connection;
    connections.push(connection.value);
  }
  return ok(connections);
}
