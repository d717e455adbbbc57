import { join } from "node:path";
import type { Health } from "#connector/health.ts";
import { connectorFolder } from "#infra/build.ts";
import { type EnvironmentSource, environmentOf } from "#infra/definitions/environment.ts";
import { localEnvironment } from "./mappings.ts";
import { type Process, startServing } from "./process.ts";

export interface ConnectorOptions {
  readonly environment: EnvironmentSource;
  readonly componentPort: number;
  readonly secret: string;
  /** A file that holds it instead, read for each stream. */
  readonly secretFile?: string;
  readonly healthPort: number;
  readonly sqsEndpoint: string;
  readonly dynamodbEndpoint: string;
  readonly logFile: string;
}

const askMsMax = 1_000;

/** What the connector says of itself; `undefined` when it does not. */
export async function askConnector(healthPort: number): Promise<Health | undefined> {
  try {
    const signal = AbortSignal.timeout(askMsMax);
    const answer = await fetch(`http://127.0.0.1:${healthPort}/live`, { signal });
    return answer.ok ? ((await answer.json()) as Health) : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the connector's stream to the XMPP server is up. */
export async function isConnected(healthPort: number): Promise<boolean> {
  return (await askConnector(healthPort))?.stream === "up";
}

/** Starts the bundled connector; resolves when it tells how it is, connected or not. */
export async function startConnector(options: ConnectorOptions): Promise<Process> {
  const program = {
    name: "connector",
    command: process.execPath,
    args: ["--enable-source-maps", join(connectorFolder, "index.mjs")],
    env: {
      PATH: "/usr/bin:/bin",
      ...localEnvironment(options.sqsEndpoint, options.dynamodbEndpoint),
      ...environmentOf("connector", options.environment),
      CAUSEWAY_XMPP_SERVICE: `xmpp://127.0.0.1:${options.componentPort}`,
      ...(options.secretFile === undefined
        ? { CAUSEWAY_XMPP_SECRET: options.secret }
        : { CAUSEWAY_XMPP_SECRET_FILE: options.secretFile }),
      CAUSEWAY_HEALTH_PORT: String(options.healthPort),
    },
    logFile: options.logFile,
  };
  return await startServing(program, async () => (await askConnector(options.healthPort)) !== undefined);
}
