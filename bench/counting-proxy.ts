/** Stands before an engine and counts the requests that reach it, by queue and kind, whatever process makes them. */
import { setTimeout as delay } from "node:timers/promises";
import { startAwsProxy } from "./faults/aws-proxy.ts";

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

const billOf = (bytes: number) => Math.max(1, Math.ceil(bytes / billedBytes));

/**
 * Starts a proxy on a free port before the engine at `upstream`.
 *
 * @param delayMs that each request takes longer: a network between
 */
export async function startCountingProxy(upstream: string, delayMs = 0): Promise<CountingProxy> {
  const counters = makeCounters();
  const { endpoint, close } = await startAwsProxy({
    upstream,
    async watch({ queue, action }, bytes) {
      const count = counters.of(queue, action);
      const isReceive = action === "ReceiveMessage";
      count.requests += 1;
      if (!isReceive) count.billed += billOf(bytes);
      if (delayMs > 0) await delay(delayMs);
      return (answerBytes) => {
        if (!isReceive) return;
        count.billed += billOf(answerBytes);
        if (answerBytes < emptyAnswerBytes) count.empty += 1;
      };
    },
  });
  return { endpoint, take: counters.take, close };
}
