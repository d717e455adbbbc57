/** What ECS and `curl` ask: is the process alive, are its streams up. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";

/** Of the whole process. */
export interface ProcessHealth {
  readonly domains: readonly Health[];
}

/** Of one domain. */
export interface Health {
  readonly domain: string;
  readonly stream: string;
  /** Absent for a connector that is alone. */
  readonly lease?: "standby" | "holder" | "ended";
  /** Whether the table of the lease has answered lately. */
  readonly leaseFresh?: boolean;
  readonly fence?: number;
  /** RFC 3339: since when the stream is up. */
  readonly since?: string;
  /** Stanzas read that are not in a queue yet. */
  readonly windowStanzas: number;
  /** Outbound messages received and not confirmed. */
  readonly held: number;
}

/** Whether a domain's connector does its part: its stream is up, or it watches over the one whose stream is. */
const isReady = ({ stream, lease, leaseFresh }: Health) =>
  stream === "up" || (stream === "standby" && lease === "standby" && leaseFresh === true);

/**
 * Serves `/live` (200 as long as the process answers) and `/ready` (200 where each domain has its stream or stands by,
 * else 503). Both tell how each domain is.
 *
 * @throws when the port is taken.
 */
export async function serveHealth(host: string, port: number, read: () => ProcessHealth): Promise<Server> {
  const server = createServer((request, response) => {
    const { url = "", method } = request;
    const known = method === "GET" && (url === "/live" || url === "/ready");
    const health = read();
    const status = known ? (url === "/live" || health.domains.every(isReady) ? 200 : 503) : 404;
    response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
    response.end(known ? JSON.stringify(health) : undefined);
  });
  server.listen(port, host);
  await once(server, "listening");
  return server;
}
