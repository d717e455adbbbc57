/** Domains that are at another XMPP server than the rest, from the CDK context. */
import { servedDomain } from "#aws/domains.ts";

export interface DomainServer {
  /** `xmpps://host:port` (TLS) or `xmpp://host:port` (plain) of that server's component listener. */
  readonly service: string;
  /** How far a plain stream may go: to private addresses only, or anywhere. */
  readonly plain?: "private" | "allow";
}

const key = "causeway:xmppDomains";
const example = '{"im.example.org":{"service":"xmpps://xmpp.example.org:5348"}}';

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function refuse(fault: string): never {
  throw new Error(`CDK context "${key}": ${fault}`);
}

function parse(value: unknown): unknown {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value);
  } catch {
    return refuse(`it is no JSON: pass an object like ${example}`);
  }
}

function readServer(domain: string, value: unknown): DomainServer {
  if (!isObject(value))
    return refuse(`${domain} is ${JSON.stringify(value)}: set it to an object like ${example}`);
  const { service, plain, ...others } = value;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) refuse(`${domain}.${unknown} is no setting: there are service and plain`);
  if (typeof service !== "string" || !/^xmpps?:\/\/[^/\s]+:\d{1,5}$/.test(service)) {
    return refuse(
      `${domain}.service is ${JSON.stringify(service)}: set it to the component listener, like xmpps://host:5348`,
    );
  }
  if (plain !== undefined && plain !== "private" && plain !== "allow") {
    return refuse(`${domain}.plain is ${JSON.stringify(plain)}: set it to "private" or "allow"`);
  }
  if (plain === undefined && service.startsWith("xmpp:")) {
    return refuse(
      `${domain}.service is ${JSON.stringify(service)}, a plain stream: use xmpps://, or set ${domain}.plain to "private" where the server has a private address, or to "allow" to cross the open net unencrypted`,
    );
  }
  return plain === undefined ? { service } : { service, plain };
}

/**
 * Reads what differs for single domains: an object in `cdk.json`, JSON behind `-c`; nothing without it.
 *
 * @param domains the prepared domains that are served
 * @throws when it is wrong; the message names the key, the domain and what to do
 */
export function readDomainServers(
  domains: readonly string[],
  context: (key: string) => unknown,
): Readonly<Record<string, DomainServer>> {
  const found = parse(context(key) ?? {});
  if (!isObject(found)) return refuse(`it is no object: set it to one like ${example}`);
  const servers: Record<string, DomainServer> = {};
  for (const [name, value] of Object.entries(found)) {
    const domain = servedDomain(name, domains);
    if (domain === undefined) {
      return refuse(`${JSON.stringify(name)} is not served: name one of ${domains.join(", ")}`);
    }
    if (servers[domain] !== undefined) refuse(`${domain} is in it twice: name each domain once`);
    servers[domain] = readServer(domain, value);
  }
  return servers;
}
