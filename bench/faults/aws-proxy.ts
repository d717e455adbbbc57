/** Stands in front of an engine. */
import { startTcpProxy } from "./tcp-proxy.ts";

export interface AwsProxy {
  /** URL for clients. */
  readonly endpoint: string;
  close(): Promise<void>;
}

/** Starts on a free port of 127.0.0.1 in front of an engine's URL, which need not serve yet. */
export async function startAwsProxy(options: {
  readonly upstream: string;
  readonly random: () => number;
}): Promise<AwsProxy> {
  const proxy = await startTcpProxy(Number(new URL(options.upstream).port));
  return { endpoint: `http://127.0.0.1:${proxy.port}`, close: () => proxy.close() };
}
