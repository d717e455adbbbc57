/** A whole bridge with everything in processes of its own, and what they take. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { bridgeDefaults } from "#local/bridge-options.ts";
import type { Endpoints } from "#local/endpoints.ts";
import { freePorts } from "#local/free-ports.ts";
import { tailOf } from "#local/process.ts";
import type { ServerKind } from "#local/servers/server.ts";
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

async function startBridgeProcess(order: BridgeOrder, logFile: string) {
  const log = openSync(logFile, "a");
  const child = fork(join(import.meta.dirname, "bridge-process.ts"), {
    env: { PATH: "/usr/bin:/bin", HOME: order.stateDir },
    stdio: ["ignore", log, log, "ipc"],
  });
  closeSync(log);
  const exited = once(child, "exit");
  const stop = async () => {
    if (child.connected) child.disconnect();
    await exited;
  };
  child.send(order);
  const failed = exited.then(() => {
    throw new Error(`the bridge did not start; ${logFile} ends:\n${tailOf(logFile)}`);
  });
  const [{ endpoints }] = (await Promise.race([once(child, "message"), failed])) as [
    { endpoints: Endpoints },
  ];
  failed.catch(() => {});
  return { endpoints, pid: child.pid ?? 0, stop };
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
  const bridge = await startBridgeProcess(order, join(folder, "bridge.log"));
  onEnd(bridge.stop);
  const { connectors, xmpp = 0 } = bridge.endpoints.processes;
  const logFolder = join(order.stateDir, "logs");
  return {
    endpoints: bridge.endpoints,
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
