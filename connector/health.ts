/** What ECS and `curl` ask: is the process alive, is its stream up. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";

export interface Health {
  readonly domain: string;
  readonly stream: string;
  readonly fence?: number;
  /** RFC 3339: since when the stream is up. */
  readonly since?: string;
  /** Stanzas read that are not in a queue yet. */
  readonly windowStanzas: number;
  /** Outbound messages received and not confirmed. */
  readonly held: number;
}

/**
 * Serves `/live` (200 as long as the process answers) and `/ready` (200 with the stream up, else 503).
 *
 * @throws when the port is taken.
 */
export async function serveHealth(host: string, port: number, read: () => Health): Promise<Server> {
  const server = createServer((request, response) => {
    const { url = "", method } = request;
    const known = method === "GET" && (url === "/live" || url === "/ready");
    const health = read();
    const status = known ? (url === "/live" || health.stream === "up" ? 200 : 503) : 404;
    response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
    response.end(known ? JSON.stringify(health) : undefined);
  });
  server.listen(port, host);
  await once(server, "listening");
  return server;
}
