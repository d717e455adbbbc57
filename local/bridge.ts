import { randomBytes } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { limits } from "#core/limits.ts";
import type { EnvironmentSource } from "#infra/definitions/environment.ts";
import type { FunctionName } from "#infra/definitions/functions.ts";
import { announceUsers } from "./announce.ts";
import { localRegion, sqsClientFor } from "./aws-clients.ts";
import type { BridgeOptions } from "./bridge-options.ts";
import { domainsOf } from "./component-domains.ts";
import { type Connectors, type RunningConnector, startConnectors } from "./connectors.ts";
import { type Endpoints, endpointsOf } from "./endpoints.ts";
import {
  type Foundation,
  type FoundationContext,
  type Stop,
  seconds,
  startFoundation,
} from "./foundation.ts";
import { type Mappings, startMappings } from "./mappings.ts";
import { waitUntil } from "./wait-until.ts";

/** A whole bridge on this machine. */
export interface Bridge {
  readonly endpoints: Endpoints;
  readonly connectors: readonly RunningConnector[];
  /** Ends the connector that has the stream with a signal; resolves when it runs again and one is connected. */
  killConnector(signal: "SIGKILL" | "SIGTERM"): Promise<void>;
  /** Stops the connectors and keeps them down; resolves with what starts them again and waits until one is connected. */
  holdConnector(): Promise<() => Promise<void>>;
  /** Stops the XMPP server and starts it again; resolves when it serves and the connector is connected. */
  restartServer(): Promise<void>;
  /** Ends the XMPP server with SIGKILL; resolves when it serves again and the connector is connected. */
  killServer(): Promise<void>;
  /** Stops the XMPP server and keeps it down; resolves with what starts it again and waits until a connector is connected. */
  holdServer(): Promise<() => Promise<void>>;
  /** Ends the function's instances in the middle of whatever they do; new ones follow. */
  crashFunction(name: FunctionName): Promise<void>;
  /** Ends the SQS engine with SIGKILL; resolves when it serves again. */
  killSqs(): Promise<void>;
  /** Stops everything in order: first the connector with its drain, last the engines. */
  stop(): Promise<void>;
  /** Kills everything at once, and does not wait. */
  kill(): void;
}

const announcedMsMax = 15_000;
const secretBytes = 16;

/** Starts everything; rejects with nothing left running when a part fails. */
export async function startBridge(options: BridgeOptions): Promise<Bridge> {
  const stops: Stop[] = [];
  try {
    return await start(options, stops);
  } catch (error) {
    await stopAll(stops).catch(() => {});
    throw error;
  }
}

/** Stops what was started last first, and does not let one failure keep the rest running. */
async function stopAll(stops: Stop[]): Promise<void> {
  const failures: unknown[] = [];
  for (let stop = stops.pop(); stop !== undefined; stop = stops.pop()) {
    await stop().catch((error) => failures.push(error));
  }
  if (failures.length > 0) throw new AggregateError(failures, "not everything could be stopped");
}

const freshParts = ["xmpp", "sqs", "dynamodb", "logs"];

async function start(options: BridgeOptions, stops: Stop[]): Promise<Bridge> {
  const { ports, log, stateDir } = options;
  if (options.fresh) {
    for (const part of freshParts) rmSync(join(stateDir, part), { recursive: true, force: true });
  }
  let bridge: Bridge | undefined;
  const secret = randomBytes(secretBytes).toString("hex");
  mkdirSync(stateDir, { recursive: true });
  const secretFile = join(stateDir, "component-secret");
  writeFileSync(secretFile, secret, { mode: 0o600 });
  const context: FoundationContext & { secretFile: string } = {
    secret,
    secretFile,
    sqsEndpoint: options.sqsEndpoint ?? `http://127.0.0.1:${ports.sqs}`,
    dynamodbEndpoint: options.dynamodbEndpoint ?? `http://127.0.0.1:${ports.dynamodb}`,
    changed(pid) {
      if (pid !== undefined && bridge !== undefined) options.onChange?.(bridge.endpoints);
    },
  };
  const foundation = await startFoundation(options, context, stops);
  options.signal?.throwIfAborted();
  const { addresses, table } = foundation;
  const client = sqsClientFor(context.sqsEndpoint);
  stops.push(async () => client.destroy());
  const environment: EnvironmentSource = {
    urls: addresses.urls,
    deadLetterUrls: addresses.deadLetterUrls,
    table,
    domains: domainsOf(options),
    directory: options.directory,
    lanes: options.lanes,
    leased: options.connectors > 1,
    ...(options.resync && { resync: options.resync }),
    ...(options.rates && { rates: options.rates }),
    ...(options.traces && { traces: options.traces }),
    ...(options.capabilities && { capabilities: options.capabilities }),
  };
  const begun = performance.now();
  const mappings = startMappings({
    ...context,
    ...options.functionEngines,
    environment,
    addresses,
    concurrency: options.concurrency,
    ...(options.imports && { imports: options.imports }),
    logFolder: join(stateDir, "logs"),
    log,
  });
  stops.push(() => mappings.stop(limits.functionTimeoutS * 1000));
  const connectors = await startConnection(options, context, environment);
  stops.push(() => connectors.stop());
  await connectors.connected(options.signal);
  log(`connector and functions ready (${seconds(begun)})`);
  await announce(options, mappings, () =>
    announceUsers(client, addresses.urls.nativeEvents, domainsOf(options), options.users),
  );

  const parts = { ...foundation, connectors, mappings };
  const source = { ...options, ...context, ...addresses, region: localRegion, table };
  bridge = bridgeOf(parts, stops, () =>
    endpointsOf({ ...source, processes: processesOf(foundation, connectors) }),
  );
  return bridge;
}

function startConnection(
  options: BridgeOptions,
  context: FoundationContext & { readonly secretFile: string },
  environment: EnvironmentSource,
): Promise<Connectors> {
  const { ports, stateDir, log, connectors, componentPort = ports.component, furtherDomains } = options;
  const { connectorEngines, imports, status } = options;
  return startConnectors({
    ...context,
    ...connectorEngines,
    ...(imports && { imports }),
    ...(status && { status }),
    environment,
    componentPort,
    ...(furtherDomains && { furtherDomains }),
    healthPorts: [ports.health, ports.standby].slice(0, connectors),
    logFolder: join(stateDir, "logs"),
    onChange: context.changed,
    log,
  });
}

function processesOf({ server, dynamodb }: Foundation, { all }: Connectors): Endpoints["processes"] {
  return {
    ...(server.pid !== undefined && { xmpp: server.pid }),
    connectors: all.flatMap(({ pid }) => (pid === undefined ? [] : [pid])),
    ...(dynamodb?.pid !== undefined && { dynamodb: dynamodb.pid }),
    functions: process.pid,
  };
}

/** Announces the users and waits until they exist; a backlog from an earlier run may be ahead of them. */
async function announce(options: BridgeOptions, mappings: Mappings, send: () => Promise<string[]>) {
  const begun = performance.now();
  let known = false;
  const done = mappings.handled(await send()).then(() => {
    known = true;
  });
  await waitUntil(async () => known, {
    what: `announcement of the native users (see ${join(options.stateDir, "logs")}/function-native.log)`,
    timeoutMs: announcedMsMax,
    ...(options.signal && { signal: options.signal }),
  });
  await done;
  options.log(`native users ${options.users.join(", ")} announced (${seconds(begun)})`);
}

function bridgeOf(
  parts: Foundation & { connectors: Connectors; mappings: Mappings },
  stops: Stop[],
  endpoints: () => Endpoints,
): Bridge {
  const { server, sqs, dynamodb, connectors, mappings } = parts;
  return {
    get endpoints() {
      return endpoints();
    },
    connectors: connectors.all,
    killConnector: connectors.kill,
    holdConnector: connectors.hold,
    async restartServer() {
      await server.restart();
      await connectors.connected();
    },
    async killServer() {
      server.kill("SIGKILL");
      await server.up();
      await connectors.connected();
    },
    async holdServer() {
      const resume = await server.hold();
      return async () => {
        await resume();
        await connectors.connected();
      };
    },
    crashFunction: (name) => mappings.crash(name),
    async killSqs() {
      sqs?.kill("SIGKILL");
      await sqs?.up();
    },
    stop: () => stopAll(stops),
    kill() {
      connectors.killAll();
      for (const part of [server, sqs, dynamodb]) part?.kill("SIGKILL");
    },
  };
}
