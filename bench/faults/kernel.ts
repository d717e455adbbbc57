/** What the kernel holds of TCP connections of this machine; by Linux's /proc. */
import { readFileSync } from "node:fs";

/** proc(5): addresses are `<hex>:<port in hex>`, queues `<sent and not taken>:<taken and not read>`. */
const columns = { local: 1, remote: 2, queues: 4 } as const;

function portOf(address: string): number {
  return Number.parseInt(address.split(":")[1] ?? "", 16);
}

/**
 * Bytes that a listener's connections hold on their way to those who have connected to it: written and not yet sent,
 * or received and not yet read. None where the kernel does not say.
 */
export function bytesUnderWay(port: number, table = readTable()): number {
  const sockets = table.split("\n").map((line) => line.trim().split(/\s+/));
  return sockets.reduce((sum, fields) => {
    const [written = "0", unread = "0"] = (fields[columns.queues] ?? "").split(":");
    const isOwn = portOf(fields[columns.local] ?? "") === port;
    const isOther = portOf(fields[columns.remote] ?? "") === port;
    const bytes = isOwn ? Number.parseInt(written, 16) : isOther ? Number.parseInt(unread, 16) : 0;
    return sum + (Number.isNaN(bytes) ? 0 : bytes);
  }, 0);
}

function readTable(): string {
  try {
    return readFileSync("/proc/net/tcp", "utf8");
  } catch {
    return "";
  }
}
