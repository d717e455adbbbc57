/** What both sides stand on: one real server, one client of it, a table. */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { dynamodbClientFor } from "#local/aws-clients.ts";
import { ensureTable } from "#local/engines/dynamodb.ts";
import { freePort } from "#local/free-ports.ts";
import type { ServerKind } from "#local/servers/server.ts";
import { startXmppServer } from "#local/servers/start-server.ts";
import { assemble, type OnEnd, temporaryFolder } from "../ending.ts";
import { startEngines } from "../engines.ts";
import { connectLoadClient, type LoadClient } from "../xmpp-client.ts";

export interface Ground {
  readonly folder: string;
  readonly componentPort: number;
  readonly componentDomain: string;
  readonly secret: string;
  readonly table: string;
  readonly dynamodbEndpoint: string;
  readonly client: LoadClient;
  stop(): Promise<void>;
}

const serverStopMs = 15_000;

async function build(kind: ServerKind, onEnd: OnEnd) {
  const folder = temporaryFolder(onEnd);
  const engines = await startEngines(folder);
  onEnd(engines.stop);
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
    componentDomains: [componentDomain],
    secret,
    xmppPort,
    componentPort,
    httpPort,
  });
  onEnd(() => server.stop(serverStopMs));
  const client = await connectLoadClient({ host: "127.0.0.1", port: xmppPort, domain }, account);
  onEnd(client.close);
  return {
    folder,
    componentPort,
    componentDomain,
    secret,
    table,
    dynamodbEndpoint: engines.endpoints.dynamodb,
    client,
  };
}

export function startGround(kind: ServerKind): Promise<Ground> {
  return assemble((onEnd) => build(kind, onEnd));
}
