import type { DeclaredCapabilities } from "#core/capabilities.ts";
import { limits } from "#core/limits.ts";
import type { DeclaredRates } from "#core/rates.ts";
import type { DeclaredTraces } from "#infra/definitions/environment.ts";
import type { FurtherDomain } from "./component-domains.ts";
import type { Endpoints } from "./endpoints.ts";
import type { Ports } from "./ports.ts";
import type { Account, Federation, ServerKind } from "./servers/server.ts";

/** Where somebody finds the engines. */
export interface EngineEndpoints {
  readonly sqsEndpoint: string;
  readonly dynamodbEndpoint: string;
}

export interface BridgeOptions {
  /** Folder of everything that the bridge keeps. */
  readonly stateDir: string;
  readonly server: ServerKind;
  readonly ports: Ports;
  /** Forget what an earlier run in this folder has left. */
  readonly fresh: boolean;
  readonly domain: string;
  readonly accounts: readonly Account[];
  readonly componentDomain: string;
  readonly furtherDomains?: readonly FurtherDomain[];
  /** Native users to announce, in each domain. */
  readonly users: readonly string[];
  readonly directory: "announced" | "open";
  readonly lanes: number;
  /** Where on this machine the connector looks for the server; default: where the server listens. */
  readonly componentPort?: number;
  /** Two share the domain by a lease: one stands by. */
  readonly connectors: 1 | 2;
  /** How a resync goes through the pairs; default: as deployed. */
  readonly resync?: { readonly pairsPerS: number; readonly settleS: number };
  /** What the native system can do; default: everything. */
  readonly capabilities?: DeclaredCapabilities;
  /** How much may come in; default: as deployed. */
  readonly rates?: DeclaredRates;
  /** Log now and then how each connector does; default: no. */
  readonly status?: boolean;
  /** Where traces go; default: nothing is recorded. */
  readonly traces?: DeclaredTraces;
  /** The net beyond this machine's server; default: there is none. */
  readonly federation?: Federation;
  /** Instances of one function at the same time. */
  readonly concurrency: number;
  /** Bundle functions and connector first; `false` where someone has just done so. */
  readonly build: boolean;
  /** Engines that run already, instead of our own. */
  readonly sqsEndpoint?: string;
  readonly dynamodbEndpoint?: string;
  /** What stands in front of the engines, apart for connectors and functions; default: nothing does. */
  readonly connectorEngines?: EngineEndpoints;
  readonly functionEngines?: EngineEndpoints;
  /** URLs of modules that connectors and functions load first. */
  readonly imports?: readonly string[];
  readonly log: (line: string) => void;
  /** Gives up starting. */
  readonly signal?: AbortSignal;
  /** Called when a process has got a new pid. */
  readonly onChange?: (endpoints: Endpoints) => void;
}

export const bridgeDefaults = {
  server: "prosody",
  fresh: false,
  domain: "localhost",
  accounts: [
    { name: "alice", password: "alice" },
    { name: "bob", password: "bob" },
  ],
  componentDomain: "im.localhost",
  users: ["nina", "noah"],
  directory: "announced",
  lanes: limits.lanes,
  connectors: 1,
  concurrency: 2,
  // test/run.ts has done so for everything that it starts.
  build: process.env["CAUSEWAY_BUNDLED"] !== "1",
} as const satisfies Partial<BridgeOptions>;
