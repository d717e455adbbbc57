import { join } from "node:path";
import * as v from "valibot";
import type { Health } from "#connector/health.ts";
import { connectorFolder } from "#infra/build.ts";
import { type EnvironmentSource, environmentOf } from "#infra/definitions/environment.ts";
import { connectorDefinition } from "#infra/definitions/functions.ts";
import type { FurtherDomain } from "./component-domains.ts";
import { importArguments } from "./function-instance.ts";
import { localEnvironment } from "./mappings.ts";
import { type Process, startServing } from "./process.ts";
import { youngGenerationMb } from "./young-generation.ts";

export interface ConnectorOptions {
  readonly environment: EnvironmentSource;
  readonly componentPort: number;
  readonly secret: string;
  /** A file that holds it instead, read for each stream. */
  readonly secretFile?: string;
  /** Those that are elsewhere say where. */
  readonly furtherDomains?: readonly FurtherDomain[];
  readonly healthPort: number;
  readonly sqsEndpoint: string;
  readonly dynamodbEndpoint: string;
  readonly logFile: string;
  /** URLs of modules to load first. */
  readonly imports?: readonly string[];
  /** Called now and then with a line that tells how each of its domains is; default: it tells nothing. */
  readonly onStatus?: (line: string) => void;
}

const healthSchema = v.object({
  domains: v.array(
    v.object({
      domain: v.string(),
      stream: v.string(),
      lease: v.exactOptional(v.picklist(["standby", "holder", "ended"])),
      leaseFresh: v.exactOptional(v.boolean()),
      fence: v.exactOptional(v.number()),
      since: v.exactOptional(v.string()),
      windowStanzas: v.number(),
      held: v.number(),
    }),
  ),
});

const askMsMax = 2_000;

/** What the connector at a URL says of each of its domains; `undefined` when it does not. */
export async function askConnectorAt(url: string): Promise<readonly Health[] | undefined> {
  try {
    const answer = await fetch(`${url}/live`, { signal: AbortSignal.timeout(askMsMax) });
    return answer.ok ? v.parse(healthSchema, await answer.json()).domains : undefined;
  } catch {
    return undefined;
  }
}

/** The same of one on this machine. */
export function askConnector(healthPort: number): Promise<readonly Health[] | undefined> {
  return askConnectorAt(`http://127.0.0.1:${healthPort}`);
}

/** Whether all of the connector's streams to the XMPP server are up. */
export async function isConnected(healthPort: number): Promise<boolean> {
  return (await askConnector(healthPort))?.every(({ stream }) => stream === "up") ?? false;
}

/** What differs for domains at other servers, as the connector's environment has it. */
function ownSettings(furtherDomains: readonly FurtherDomain[]): Record<string, string> {
  const own = furtherDomains.flatMap(({ domain, at }) =>
    at === undefined
      ? []
      : [[domain, { service: `xmpp://127.0.0.1:${at.componentPort}`, secret: at.secret }] as const],
  );
  return own.length === 0 ? {} : { CAUSEWAY_XMPP_DOMAINS: JSON.stringify(Object.fromEntries(own)) };
}

/** Starts the bundled connector; resolves when it tells how it is, connected or not. */
export async function startConnector(options: ConnectorOptions): Promise<Process> {
  const program = {
    name: "connector",
    command: process.execPath,
    args: [
      ...importArguments(options.imports),
      "--enable-source-maps",
      // The young generation is three semi-spaces.
      `--max-semi-space-size=${Math.ceil(youngGenerationMb(connectorDefinition.memoryMb) / 3)}`,
      join(connectorFolder, "index.mjs"),
    ],
    env: {
      PATH: "/usr/bin:/bin",
      ...localEnvironment(options.sqsEndpoint, options.dynamodbEndpoint),
      ...environmentOf("connector", options.environment),
      CAUSEWAY_XMPP_SERVICE: `xmpp://127.0.0.1:${options.componentPort}`,
      ...(options.secretFile === undefined
        ? { CAUSEWAY_XMPP_SECRET: options.secret }
        : { CAUSEWAY_XMPP_SECRET_FILE: options.secretFile }),
      ...ownSettings(options.furtherDomains ?? []),
      CAUSEWAY_HEALTH_PORT: String(options.healthPort),
      ...(options.onStatus && { CAUSEWAY_STATUS: "1" }),
    },
    logFile: options.logFile,
    ...(options.onStatus && { onErrorLine: options.onStatus }),
  };
  return await startServing(program, async () => (await askConnector(options.healthPort)) !== undefined);
}
