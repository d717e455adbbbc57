import { join } from "node:path";
import { stop as stopBundler } from "esbuild";
import { buildAll } from "#infra/build.ts";
import { dynamodbClientFor, sqsClientFor } from "./aws-clients.ts";
import type { BridgeOptions } from "./bridge-options.ts";
import { domainsOf } from "./component-domains.ts";
import { ensureTable, startDynamodbEngine } from "./engines/dynamodb.ts";
import { ensureQueues, type QueueAddresses, startSqsEngine } from "./engines/sqs.ts";
import type { Process } from "./process.ts";
import { startXmppServer } from "./servers/start-server.ts";
import { type Supervised, supervise } from "./supervise.ts";

/** How long a server may take to stop: one that is killed loses what it has routed and not yet handed over. */
const serverStopMs = 15_000;

/** The parts that run without each other, and what has to be stopped when one of them fails. */
export interface Foundation {
  readonly server: Supervised;
  readonly sqs: Supervised | undefined;
  readonly dynamodb: Supervised | undefined;
  readonly addresses: QueueAddresses;
  readonly table: string;
}

/** Stops one part. */
export type Stop = () => Promise<void>;

/** The time since `sinceMs`, for progress lines. */
export function seconds(sinceMs: number): string {
  return `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`;
}

export interface FoundationContext {
  readonly secret: string;
  readonly sqsEndpoint: string;
  readonly dynamodbEndpoint: string;
  readonly changed: (pid: number | undefined) => void;
}

/** Bundles the code and starts server and engines, all at the same time. */
export async function startFoundation(
  options: BridgeOptions,
  context: FoundationContext,
  stops: Stop[],
): Promise<Foundation> {
  const { stateDir, ports, log } = options;
  const logFile = (name: string) => join(stateDir, "logs", `${name}.log`);
  const part = async (
    name: string,
    start: () => Promise<Process>,
    stop: { readonly stopMs?: number } = {},
  ): Promise<Supervised> => {
    const begun = performance.now();
    const supervised = await supervise({ name, start, ...stop, onChange: context.changed, log });
    stops.push(() => supervised.stop());
    log(`${name} ready (${seconds(begun)})`);
    return supervised;
  };
  const startServer = () => {
    const settings = {
      folder: join(stateDir, "xmpp", options.server),
      logFile: logFile(options.server),
      domain: options.domain,
      accounts: options.accounts,
      componentDomains: [
        options.componentDomain,
        ...(options.furtherDomains ?? []).flatMap(({ domain, at }) => (at === undefined ? domain : [])),
      ],
      secret: context.secret,
      xmppPort: ports.xmpp,
      componentPort: ports.component,
      httpPort: ports.http,
      ...(options.federation && { federation: options.federation }),
    };
    return part(options.server, () => startXmppServer(options.server, settings), { stopMs: serverStopMs });
  };
  const startSqs = async () => {
    const settings = { port: ports.sqs, folder: join(stateDir, "sqs"), logFile: logFile("sqs") };
    const sqs =
      options.sqsEndpoint === undefined
        ? await part("SQS engine", () => startSqsEngine(settings))
        : undefined;
    const client = sqsClientFor(context.sqsEndpoint);
    const addresses = await ensureQueues(client, context.sqsEndpoint, domainsOf(options)).finally(() =>
      client.destroy(),
    );
    return { sqs, addresses };
  };
  const startDynamodb = async () => {
    const file = join(stateDir, "dynamodb", "causeway.db");
    const settings = { port: ports.dynamodb, file, logFile: logFile("dynamodb") };
    const dynamodb =
      options.dynamodbEndpoint === undefined
        ? await part("DynamoDB engine", () => startDynamodbEngine(settings))
        : undefined;
    const client = dynamodbClientFor(context.dynamodbEndpoint);
    const table = await ensureTable(client).finally(() => client.destroy());
    return { dynamodb, table };
  };
  const build = async () => {
    const begun = performance.now();
    log("bundling functions and connector …");
    await buildAll();
    // Else the bundler's process stays beside us for as long as we run, and a moment longer.
    await stopBundler();
    log(`functions and connector bundled (${seconds(begun)})`);
  };
  const all = [startServer(), startSqs(), startDynamodb(), options.build ? build() : undefined] as const;
  // All must have ended before the caller stops those that succeeded.
  await Promise.allSettled(all);
  const [server, sqs, dynamodb] = await Promise.all(all);
  return { server, ...sqs, ...dynamodb };
}
