import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type OutboundQueue, type QueueName, type QueueRef, queueOfDomain } from "#core/contract/queues.ts";
import { perQueue } from "#infra/definitions/queues.ts";
import { domainsOf, type FurtherDomain } from "./component-domains.ts";
import type { Ports } from "./ports.ts";
import type { Account, ServerKind } from "./servers/server.ts";

/** What others need to know to use a running bridge: the content of `.local/endpoints.json`. */
export interface Endpoints {
  /** The process of `npm start`. */
  readonly pid: number;
  readonly page: string;
  readonly xmpp: {
    readonly server: ServerKind;
    readonly host: string;
    readonly port: number;
    readonly domain: string;
    readonly websocket: string;
    readonly accounts: readonly { readonly jid: string; readonly password: string }[];
  };
  readonly component: {
    readonly host: string;
    readonly port: number;
    readonly domain: string;
    readonly users: readonly string[];
    /** The file that holds the component's secret. */
    readonly secretFile: string;
  };
  /** The component domains beside the first one, with the queues that each has for itself; absent without any. */
  readonly furtherComponents?: readonly FurtherComponent[];
  readonly sqs: {
    readonly endpoint: string;
    readonly region: string;
    /** Queue URLs by name, and below `deadLetters` those of their dead letters. */
    readonly queues: Readonly<Record<QueueName, string>> & {
      readonly deadLetters: Readonly<Record<QueueName, string>>;
    };
  };
  readonly dynamodb: { readonly endpoint: string; readonly table: string };
  /** Where each connector says how it is. */
  readonly health: readonly string[];
  /** The folder of everybody's logs. */
  readonly logs: string;
  /** Process ids; an engine that was named by its endpoint has none. */
  readonly processes: Processes;
}

export interface FurtherComponent {
  readonly host: string;
  readonly port: number;
  readonly domain: string;
  readonly users: readonly string[];
  readonly queues: OutboundUrls & { readonly deadLetters: OutboundUrls };
}

type OutboundUrls = Readonly<Record<OutboundQueue, string>>;

export interface Processes {
  readonly xmpp?: number;
  readonly connectors: readonly number[];
  readonly dynamodb?: number;
  readonly functions: number;
}

export interface EndpointsSource {
  readonly server: ServerKind;
  readonly ports: Ports;
  readonly domain: string;
  readonly accounts: readonly Account[];
  readonly componentDomain: string;
  readonly furtherDomains?: readonly FurtherDomain[];
  readonly users: readonly string[];
  readonly sqsEndpoint: string;
  readonly region: string;
  readonly urls: Readonly<Record<QueueRef, string>>;
  readonly deadLetterUrls: Readonly<Record<QueueRef, string>>;
  readonly dynamodbEndpoint: string;
  readonly table: string;
  readonly stateDir: string;
  readonly secretFile: string;
  readonly connectors: number;
  readonly processes: Processes;
}

const host = "127.0.0.1";

/** Those that every bridge has, by their names. */
function sharedUrls(urls: Readonly<Record<QueueRef, string>>): Record<QueueName, string> {
  return perQueue((queue) => urls[queue]);
}

function furtherComponents(source: EndpointsSource): FurtherComponent[] {
  const domains = domainsOf(source);
  return (source.furtherDomains ?? []).map(({ domain, at }) => {
    const own = (urls: Readonly<Record<QueueRef, string>>) => {
      const urlOf = (queue: OutboundQueue) => urls[queueOfDomain(queue, domain, domains)] ?? "";
      return { outboundStanzas: urlOf("outboundStanzas"), outboundPresence: urlOf("outboundPresence") };
    };
    return {
      host,
      port: at?.componentPort ?? source.ports.component,
      domain,
      users: source.users,
      queues: { ...own(source.urls), deadLetters: own(source.deadLetterUrls) },
    };
  });
}

/** The endpoints of a running bridge. */
export function endpointsOf(source: EndpointsSource): Endpoints {
  const { ports, domain } = source;
  const further = furtherComponents(source);
  return {
    pid: process.pid,
    page: `http://${host}:${ports.page}`,
    xmpp: {
      server: source.server,
      host,
      port: ports.xmpp,
      domain,
      websocket: `ws://${host}:${ports.http}/xmpp-websocket`,
      accounts: source.accounts.map(({ name, password }) => ({ jid: `${name}@${domain}`, password })),
    },
    component: {
      host,
      port: ports.component,
      domain: source.componentDomain,
      users: source.users,
      secretFile: source.secretFile,
    },
    ...(further.length > 0 && { furtherComponents: further }),
    sqs: {
      endpoint: source.sqsEndpoint,
      region: source.region,
      queues: { ...sharedUrls(source.urls), deadLetters: sharedUrls(source.deadLetterUrls) },
    },
    dynamodb: { endpoint: source.dynamodbEndpoint, table: source.table },
    health: [ports.health, ports.standby].slice(0, source.connectors).map((port) => `http://${host}:${port}`),
    logs: join(source.stateDir, "logs"),
    processes: source.processes,
  };
}

/** Writes the endpoints file in one step: a reader sees the whole old or the whole new one. */
export function writeEndpoints(file: string, endpoints: Endpoints): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, `${JSON.stringify(endpoints, undefined, 2)}\n`);
  renameSync(`${file}.new`, file);
}

/** Removes the endpoints file; it may be missing. */
export function removeEndpoints(file: string): void {
  rmSync(file, { force: true });
}
