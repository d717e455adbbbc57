import { join } from "node:path";
import { limits } from "#core/limits.ts";
import { askConnector, type ConnectorOptions, startConnector } from "./connector.ts";
import { type Supervised, supervise } from "./supervise.ts";
import { waitUntil } from "./wait-until.ts";

/** The connectors of a bridge: one, or two of which one stands by. */
export interface Connectors {
  readonly all: readonly RunningConnector[];
  /** Resolves when each domain's stream to the XMPP server is up, whoever has it. */
  connected(signal?: AbortSignal): Promise<void>;
  /** Ends the one that has the first domain's stream; resolves when it runs again and all are connected. */
  kill(signal: "SIGKILL" | "SIGTERM"): Promise<void>;
  /** Stops all and keeps them down; resolves with what starts them again and waits until all are connected. */
  hold(): Promise<() => Promise<void>>;
  stop(): Promise<void>;
  /** Kills all at once, and does not wait. */
  killAll(): void;
}

export interface RunningConnector {
  readonly pid: number | undefined;
  readonly healthPort: number;
}

export interface ConnectorsOptions extends Omit<ConnectorOptions, "healthPort" | "logFile" | "onStatus"> {
  /** One for each connector. */
  readonly healthPorts: readonly number[];
  readonly logFolder: string;
  /** Log now and then how each connector does. */
  readonly status?: boolean;
  readonly onChange: (pid: number | undefined) => void;
  readonly log: (line: string) => void;
}

const connectedMsMax = 30_000;
/** What a connector may take to stop, and a little more before it is killed. */
const stopMs = limits.stopMsMax + 2_000;

interface Each extends RunningConnector {
  readonly supervised: Supervised;
}

async function startOne(options: ConnectorsOptions, index: number, healthPort: number): Promise<Each> {
  const name = index === 0 ? "connector" : `connector-${index + 1}`;
  const settings = {
    ...options,
    healthPort,
    logFile: join(options.logFolder, `${name}.log`),
    ...(options.status && { onStatus: (line: string) => options.log(`${name}  ${line}`) }),
  };
  const supervised = await supervise({
    name,
    start: () => startConnector(settings),
    stopMs,
    onChange: options.onChange,
    log: options.log,
  });
  return {
    supervised,
    healthPort,
    get pid() {
      return supervised.pid;
    },
  };
}

/** Starts them; resolves when they run, connected or not. */
export async function startConnectors(options: ConnectorsOptions): Promise<Connectors> {
  const started = await Promise.allSettled(
    options.healthPorts.map((port, index) => startOne(options, index, port)),
  );
  const all = started.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  const stop = async () => {
    await Promise.all(all.map(({ supervised }) => supervised.stop()));
  };
  const failed = started.find((one) => one.status === "rejected");
  if (failed) {
    await stop();
    throw failed.reason;
  }

  /** The one that has the stream of a domain; `undefined` while none has. */
  const holder = async (domain: string | undefined) => {
    for (const each of all) {
      const healths = await askConnector(each.healthPort);
      if (healths?.some((health) => health.domain === domain && health.stream === "up")) return each;
    }
    return undefined;
  };
  const { domains } = options.environment;
  const areConnected = async () => {
    for (const domain of domains) if ((await holder(domain)) === undefined) return false;
    return true;
  };
  const connected = (signal?: AbortSignal) =>
    waitUntil(areConnected, {
      what: `connector's stream (see ${join(options.logFolder, "connector.log")})`,
      timeoutMs: connectedMsMax,
      ...(signal && { signal }),
    });
  return {
    all,
    connected,
    async kill(signal) {
      const victim = (await holder(domains[0])) ?? all[0];
      victim?.supervised.kill(signal);
      await victim?.supervised.up();
      await connected();
    },
    async hold() {
      const releases = await Promise.all(all.map(({ supervised }) => supervised.hold()));
      return async () => {
        await Promise.all(releases.map((release) => release()));
        await connected();
      };
    },
    stop,
    killAll() {
      for (const { supervised } of all) supervised.kill("SIGKILL");
    },
  };
}
