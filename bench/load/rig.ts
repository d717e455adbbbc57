/** A whole bridge with everything in processes of its own, and what they take. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { bridgeDefaults } from "#local/bridge-options.ts";
import type { Endpoints } from "#local/endpoints.ts";
import { freePorts } from "#local/free-ports.ts";
import type { ServerKind } from "#local/servers/server.ts";
import { startChild } from "../child.ts";
import { type CountingProxy, startCountingProxy } from "../counting-proxy.ts";
import { assemble, type OnEnd, temporaryFolder } from "../ending.ts";
import { startEngines } from "../engines.ts";
import { openRates } from "../open-rates.ts";
import type { BridgeOrder } from "./bridge-process.ts";

export interface RigOptions {
  readonly server: ServerKind;
  readonly users: readonly string[];
  readonly accounts: readonly string[];
  /** Counts requests on the wire, each of which then takes so many milliseconds longer. */
  readonly counted?: { readonly delayMs: number };
}

export interface Rig {
  readonly endpoints: Endpoints;
  readonly pids: Readonly<Record<"connector" | "functions" | "sqs" | "dynamodb" | "xmpp", number>>;
  /** Where `counted` was asked for. */
  readonly proxies: { readonly sqs: CountingProxy; readonly dynamodb: CountingProxy } | undefined;
  /** What each function and connector has logged so far, by the name of its file. */
  logs(): ReadonlyMap<string, string>;
  stop(): Promise<void>;
}

async function build({ server, users, accounts, counted }: RigOptions, onEnd: OnEnd) {
  const folder = temporaryFolder(onEnd);
  const engines = await startEngines(folder);
  onEnd(engines.stop);
  const proxies = counted && {
    sqs: await startCountingProxy(engines.endpoints.sqs, counted.delayMs),
    dynamodb: await startCountingProxy(engines.endpoints.dynamodb),
  };
  if (proxies) for (const { close } of Object.values(proxies)) onEnd(close);
  const order: BridgeOrder = {
    ...bridgeDefaults,
    build: false,
    server,
    users,
    accounts: accounts.map((name) => ({ name, password: name })),
    stateDir: join(folder, "bridge"),
    ports: await freePorts(),
    rates: openRates,
    sqsEndpoint: proxies?.sqs.endpoint ?? engines.endpoints.sqs,
    dynamodbEndpoint: proxies?.dynamodb.endpoint ?? engines.endpoints.dynamodb,
  };
  const bridge = await startChild<{ endpoints: Endpoints }>({
    command: [join(import.meta.dirname, "bridge-process.ts")],
    env: { PATH: "/usr/bin:/bin", HOME: order.stateDir },
    logFile: join(folder, "bridge.log"),
    order,
  });
  onEnd(bridge.stop);
  const { endpoints } = bridge.first;
  const { connectors, xmpp = 0 } = endpoints.processes;
  const logFolder = join(order.stateDir, "logs");
  return {
    endpoints,
    pids: { connector: connectors[0] ?? 0, functions: bridge.pid, xmpp, ...engines.pids },
    proxies,
    logs() {
      const ours = readdirSync(logFolder).filter((file) => /^(?:function-|connector)/.test(file));
      return new Map(ours.map((file) => [file, readFileSync(join(logFolder, file), "utf8")]));
    },
  };
}

/** Starts a bridge whose inbound rates are out of the way. Whoever starts it has bundled the code. */
export function startRig(options: RigOptions): Promise<Rig> {
  return assemble((onEnd) => build(options, onEnd));
}
