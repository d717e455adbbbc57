import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { readDomains } from "#aws/domains.ts";
import type { Capabilities } from "#core/capabilities.ts";
import { parseCapabilities } from "#core/read-capabilities.ts";
import { err, ok, type Result } from "#core/result.ts";
import { bridgeDefaults } from "./bridge-options.ts";
import type { FurtherDomain } from "./component-domains.ts";
import { parseArguments } from "./parse-arguments.ts";
import { defaultPorts, type Ports, portsAt } from "./ports.ts";
import { type ServerKind, serverKinds } from "./servers/server.ts";

export interface StartOptions {
  readonly server: ServerKind;
  readonly ports: Ports;
  readonly stateDir: string;
  readonly fresh: boolean;
  /** What the native system can do, where a file says so. */
  readonly capabilities?: Capabilities;
  readonly connectors: 1 | 2;
  /** Show every trace in the terminal. */
  readonly trace: boolean;
  /** Show now and then in the terminal how each connector does. */
  readonly status: boolean;
  /** Absent for the usual one. */
  readonly componentDomain?: string;
  readonly furtherDomains?: readonly FurtherDomain[];
  readonly help: boolean;
}

type PortName = keyof Ports;
const portNames = Object.keys(defaultPorts) as PortName[];
const portMax = 65_535;

/** What the server of each port is, for help and error messages. */
const portWords: Readonly<Record<PortName, string>> = {
  xmpp: "XMPP clients",
  component: "XMPP component",
  http: "HTTP and WebSocket of the XMPP server",
  sqs: "SQS engine",
  dynamodb: "DynamoDB engine",
  page: "status page",
  health: "connector's health",
  standby: "second connector's health",
};

/** The option that moves a port. */
export function portOption(name: PortName): string {
  return `--${name}-port`;
}

/** What a port is for. */
export function portPurpose(name: PortName): string {
  return portWords[name];
}

export const helpText = `npm start -- [options]     the whole bridge on this machine

  --server prosody|ejabberd   the XMPP server (default: prosody)
  --connectors 1|2            a second one stands by and takes over (default: 1)
  --component-domain DOMAIN   a component domain, as often as there are to be several (default: im.localhost)
  --port-offset N             moves every port by N
${portNames
  .map((name) => `  ${portOption(name).padEnd(26)}  ${portWords[name]} (default: ${defaultPorts[name]})`)
  .join("\n")}
  --state-dir DIR             where everything is kept (default: .local)
  --capabilities FILE         JSON of what the native system can do: docs/capabilities.md (default: everything)
  --trace                     shows the way of every stanza and event: docs/traces.md
  --status                    says every 10 s how each connector does
  --fresh                     forgets what an earlier run has kept
  --help                      this text

Environment: SQS_ENDPOINT and DYNAMODB_ENDPOINT name engines that run already; CAUSEWAY_RATES changes how much may come in:
docs/policy.md.
`;

function readPort(text: string, min: number): number | undefined {
  const port = Number(text);
  return /^\d+$/.test(text) && port >= min && port <= portMax ? port : undefined;
}

function readCapabilitiesFile(file: string): Result<Capabilities, string> {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return err(`--capabilities: ${file} cannot be read`);
  }
  const read = parseCapabilities(text);
  return read.ok ? read : err(`--capabilities: ${file}: ${read.error}`);
}

type ComponentDomains = Pick<StartOptions, "componentDomain" | "furtherDomains">;

/** Each time it is given it may name several, too. */
function readComponentDomains(given: unknown): Result<ComponentDomains, string> {
  if (!Array.isArray(given)) return ok({});
  const list = given.join(",");
  const domains = readDomains(list);
  if (!domains.ok)
    return err(`--component-domain: ${JSON.stringify(list)} cannot be served: ${domains.error}`);
  const { domain: host } = bridgeDefaults;
  if (domains.value.includes(host)) {
    return err(`--component-domain: ${host} is the domain of the accounts, choose another`);
  }
  const [componentDomain, ...further] = domains.value;
  return ok({
    componentDomain,
    ...(further.length > 0 && { furtherDomains: further.map((domain) => ({ domain })) }),
  });
}

/** Reads the command line; the error is a sentence for people. */
export function readStartOptions(args: readonly string[], root: string): Result<StartOptions, string> {
  const text = { type: "string" } as const;
  const flag = { type: "boolean", default: false } as const;
  const options = {
    server: text,
    connectors: text,
    "component-domain": { ...text, multiple: true },
    "port-offset": text,
    "state-dir": text,
    capabilities: text,
    fresh: flag,
    trace: flag,
    status: flag,
    help: { ...flag, short: "h" },
    ...Object.fromEntries(portNames.map((name) => [`${name}-port`, text])),
  };
  const read = parseArguments({ args, options });
  if (!read.ok) return read;
  const values: Record<string, string | boolean | (string | boolean)[] | undefined> = read.value.values;
  const server = serverKinds.find((kind) => kind === (values["server"] ?? "prosody"));
  if (server === undefined) {
    return err(`--server must be ${serverKinds.join(" or ")}, not ${JSON.stringify(values["server"])}`);
  }
  const connectors = ([1, 2] as const).find((count) => String(count) === (values["connectors"] ?? "1"));
  if (connectors === undefined)
    return err(`--connectors must be 1 or 2, not ${JSON.stringify(values["connectors"])}`);
  const domains = readComponentDomains(values["component-domain"]);
  if (!domains.ok) return domains;
  const offset = readPort(String(values["port-offset"] ?? "0"), 0);
  if (offset === undefined) return err("--port-offset must be a number from 0 on");
  const chosen: Partial<Record<PortName, number>> = {};
  for (const name of portNames) {
    const value = values[`${name}-port`];
    if (value === undefined) continue;
    const port = readPort(String(value), 1);
    if (port === undefined) return err(`${portOption(name)} must be a port number from 1 to ${portMax}`);
    chosen[name] = port;
  }
  const ports = portsAt(offset, chosen);
  const clash = portNames.find((name) =>
    portNames.some((other) => other !== name && ports[other] === ports[name]),
  );
  if (clash !== undefined) return err(`port ${ports[clash]} is wanted twice: see ${portOption(clash)}`);
  const beyond = portNames.find((name) => ports[name] > portMax);
  if (beyond !== undefined)
    return err(`port ${ports[beyond]} does not exist: choose a smaller --port-offset`);
  const file = values["capabilities"];
  const capabilities = file === undefined ? undefined : readCapabilitiesFile(resolve(root, String(file)));
  if (capabilities?.ok === false) return capabilities;
  return ok({
    server,
    ports,
    connectors,
    stateDir: resolve(root, String(values["state-dir"] ?? ".local")),
    fresh: values["fresh"] === true,
    trace: values["trace"] === true,
    status: values["status"] === true,
    ...domains.value,
    help: values["help"] === true,
    ...(capabilities && { capabilities: capabilities.value }),
  });
}
