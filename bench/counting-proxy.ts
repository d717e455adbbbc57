/** Stands before an engine and counts the requests that reach it, by queue and kind, whatever process makes them. */
import { once } from "node:events";
import { createServer, type IncomingMessage, request } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/** SQS bills each 64 KiB of a request as one. */
const billedBytes = 64 * 1024;
/** An answer to a receive that brings nothing is shorter. */
const emptyAnswerBytes = 40;

export interface Count {
  requests: number;
  /** One for each 64 KiB that it carries, there or back. */
  billed: number;
  /** Receives that brought nothing. */
  empty: number;
}

export interface Counts {
  /** Requests, by the API's word for them: `Query`, `SendMessageBatch`, … */
  readonly requests: Readonly<Record<string, number>>;
  /** SQS sends as billed: one for each 64 KiB. */
  readonly billedSends: number;
  /** The same by queue, as its URL ends; what names no queue is under an empty name. */
  readonly byQueue: Readonly<Record<string, Readonly<Record<string, Count>>>>;
}

export interface CountingProxy {
  readonly endpoint: string;
  /** What has come since the last call. */
  take(): Counts;
  close(): Promise<void>;
}

async function bytesOf(incoming: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of incoming) pieces.push(piece);
  return Buffer.concat(pieces);
}

function makeCounters() {
  let byQueue: Record<string, Record<string, Count>> = {};
  return {
    of(queue: string, kind: string): Count {
      byQueue[queue] ??= {};
      const kinds = byQueue[queue];
      kinds[kind] ??= { requests: 0, billed: 0, empty: 0 };
      return kinds[kind];
    },
    take(): Counts {
      const requests: Record<string, number> = {};
      let billedSends = 0;
      for (const kinds of Object.values(byQueue)) {
        for (const [kind, count] of Object.entries(kinds)) {
          requests[kind] = (requests[kind] ?? 0) + count.requests;
          if (kind.startsWith("SendMessage")) billedSends += count.billed;
        }
      }
      const taken = { requests, billedSends, byQueue };
      byQueue = {};
      return taken;
    },
  };
}

/**
 * Starts a proxy on a free port before the engine at `target`.
 *
 * @param delayMs that each request takes longer: a network between
 */
export async function startCountingProxy(target: string, delayMs = 0): Promise<CountingProxy> {
  const counters = makeCounters();
  const server = createServer(async (incoming, answer) => {
    const { method, headers, url } = incoming;
    const body = await bytesOf(incoming).catch(() => undefined);
    if (body === undefined) return;
    const kind = String(headers["x-amz-target"]).split(".").at(-1) ?? "";
    // Bodies of stanzas are JSON within JSON, so that no other `"QueueUrl":` stands unescaped before it.
    const queue = /"QueueUrl":"[^"]*\/([^"/]*)"/.exec(body.toString("latin1"))?.[1] ?? "";
    const count = counters.of(queue, kind);
    count.requests += 1;
    const bill = (bytes: number) => Math.max(1, Math.ceil(bytes / billedBytes));
    if (kind !== "ReceiveMessage") count.billed += bill(body.length);
    if (delayMs > 0) await delay(delayMs);
    const outgoing = request(new URL(url ?? "/", target), { method, headers }, (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers);
      let bytes = 0;
      response.on("data", (piece: Buffer) => {
        bytes += piece.length;
      });
      response.on("end", () => {
        if (kind !== "ReceiveMessage") return;
        count.billed += bill(bytes);
        if (bytes < emptyAnswerBytes) count.empty += 1;
      });
      response.pipe(answer);
    });
    // The client sees a broken connection, as it would without us.
    outgoing.on("error", () => answer.destroy());
    answer.on("close", () => outgoing.destroy());
    outgoing.end(body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    take: counters.take,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
