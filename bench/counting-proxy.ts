/** Stands before an engine and counts the requests that reach it, by kind, whatever process makes them. */
import { once } from "node:events";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";

/** SQS bills each 64 KiB of a request as one. */
const billedBytes = 64 * 1024;

export interface Counts {
  /** Requests, by the API's word for them: `Query`, `SendMessageBatch`, … */
  readonly requests: Readonly<Record<string, number>>;
  /** SQS sends as billed: one for each 64 KiB. */
  readonly billedSends: number;
}

export interface CountingProxy {
  readonly endpoint: string;
  /** What has come since the last call. */
  take(): Counts;
  close(): Promise<void>;
}

/** Starts a proxy on a free port before the engine at `target`. */
export async function startCountingProxy(target: string): Promise<CountingProxy> {
  let requests: Record<string, number> = {};
  let billedSends = 0;
  const server = createServer((incoming, answer) => {
    const { method, headers, url } = incoming;
    const kind = String(headers["x-amz-target"]).split(".").at(-1) ?? "";
    requests[kind] = (requests[kind] ?? 0) + 1;
    if (kind.startsWith("SendMessage")) {
      billedSends += Math.max(1, Math.ceil(Number(headers["content-length"] ?? 0) / billedBytes));
    }
    const outgoing = request(new URL(url ?? "/", target), { method, headers }, (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(answer);
    });
    // The client sees a broken connection, as it would without us.
    outgoing.on("error", () => answer.destroy());
    incoming.on("error", () => outgoing.destroy());
    incoming.pipe(outgoing);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    take() {
      const taken = { requests, billedSends };
      requests = {};
      billedSends = 0;
      return taken;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
