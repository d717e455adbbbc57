import { createConnection, createServer } from "node:net";

const host = "127.0.0.1";

/** The ports of one bridge, all on 127.0.0.1. */
export interface Ports {
  readonly xmpp: number;
  readonly component: number;
  readonly http: number;
  readonly sqs: number;
  readonly dynamodb: number;
  readonly page: number;
  /** Where the connector says how it is. */
  readonly health: number;
  /** Where a second connector says how it is. */
  readonly standby: number;
}

export const defaultPorts: Ports = {
  xmpp: 5222,
  component: 5347,
  http: 5280,
  sqs: 9324,
  dynamodb: 8000,
  page: 8080,
  health: 8081,
  standby: 8082,
};

/** The default ports, all moved by `offset`, with single ones chosen by hand. */
export function portsAt(offset: number, chosen: Partial<Ports> = {}): Ports {
  const moved = Object.entries(defaultPorts).map(([name, port]) => [name, port + offset] as const);
  return { ...(Object.fromEntries(moved) as unknown as Ports), ...chosen };
}

/** Whether nobody listens on this port of 127.0.0.1 or of all addresses. */
export async function isFree(port: number): Promise<boolean> {
  return await new Promise<boolean>((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** Whether a connection to the port is accepted. */
async function accepts(port: number): Promise<boolean> {
  return await new Promise<boolean>((resolve) => {
    const socket = createConnection({ port, host });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

/** Whether connections to all of these ports are accepted. */
export async function portsAccept(ports: readonly number[]): Promise<boolean> {
  for (const port of ports) if (!(await accepts(port))) return false;
  return true;
}
