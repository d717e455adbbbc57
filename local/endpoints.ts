import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { QueueName } from "#core/contract/queues.ts";
import type { Ports } from "./ports.ts";
import type { Account, ServerKind } from "./servers/server.ts";

/** What others need to know to use a running bridge: the content of `.local/endpoints.json` (design §10). */
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
  readonly users: readonly string[];
  readonly sqsEndpoint: string;
  readonly region: string;
  readonly urls: Readonly<Record<QueueName, string>>;
  readonly deadLetterUrls: Readonly<Record<QueueName, string>>;
  readonly dynamodbEndpoint: string;
  readonly table: string;
  readonly stateDir: string;
  readonly secretFile: string;
  readonly connectors: number;
  readonly processes: Processes;
}

const host = "127.0.0.1";

/** The endpoints of a running bridge. */
export function endpointsOf(source: EndpointsSource): Endpoints {
  const { ports, domain } = source;
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
    sqs: {
      endpoint: source.sqsEndpoint,
      region: source.region,
      queues: { ...source.urls, deadLetters: source.deadLetterUrls },
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

/** Reads the endpoints of a bridge that runs in another process; `undefined` where none does. */
export function readEndpoints(file: string): Endpoints | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Endpoints;
  } catch {
    return undefined;
  }
}
