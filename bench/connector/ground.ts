/** What both sides stand on: one real server, one client of it, a table. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dynamodbClientFor } from "#local/aws-clients.ts";
import { ensureTable } from "#local/engines/dynamodb.ts";
import type { ServerKind } from "#local/servers/server.ts";
import { startXmppServer } from "#local/servers/start-server.ts";
import { endsWithUs } from "../ending.ts";
import { freePort, startEngines } from "../engines.ts";
import { connectLoadClient, type LoadClient } from "../xmpp-client.ts";

export interface Ground {
  readonly folder: string;
  readonly componentPort: number;
  readonly componentDomain: string;
  readonly secret: string;
  readonly table: string;
  readonly dynamodbEndpoint: string;
  readonly serverPid: number;
  readonly client: LoadClient;
  stop(): Promise<void>;
}

const serverStopMs = 15_000;

export async function startGround(kind: ServerKind): Promise<Ground> {
  const folder = mkdtempSync(join(tmpdir(), "causeway-bench-"));
  const stops: (() => Promise<void>)[] = [];
  const stop = endsWithUs(async () => {
    for (const each of stops.reverse()) await each();
    rmSync(folder, { recursive: true });
  });
  const engines = await startEngines(folder);
  stops.push(engines.stop);
  const dynamodb = dynamodbClientFor(engines.endpoints.dynamodb);
  const table = await ensureTable(dynamodb).finally(() => dynamodb.destroy());
  const secret = randomBytes(8).toString("hex");
  const [componentDomain, domain] = ["im.localhost", "localhost"];
  const account = { name: "load", password: "load" };
  const [xmppPort, componentPort, httpPort] = [await freePort(), await freePort(), await freePort()];
  const server = await startXmppServer(kind, {
    folder: join(folder, "xmpp"),
    logFile: join(folder, `${kind}.log`),
    domain,
    accounts: [account],
    componentDomain,
    secret,
    xmppPort,
    componentPort,
    httpPort,
  });
  stops.push(() => server.stop(serverStopMs));
  const client = await connectLoadClient({ host: "127.0.0.1", port: xmppPort, domain }, account);
  stops.push(client.close);
  return {
    folder,
    componentPort,
    componentDomain,
    secret,
    table,
    dynamodbEndpoint: engines.endpoints.dynamodb,
    serverPid: server.pid,
    client,
    stop,
  };
}
