import { randomFillSync } from "node:crypto";

const traceBytes = 16;
const spanBytes = 8;

/** Random bytes for many traces: asking the system for each costs more than all else that a stanza costs. */
const pool = Buffer.alloc(256 * (traceBytes + spanBytes));
let used = pool.length;

function takeHex(bytes: number): string {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += bytes;
  return pool.toString("hex", used - bytes, used);
}

/** A new W3C trace context, sampled; every stanza read and every event without one begins its own. */
export function newTrace(): string {
  return `00-${takeHex(traceBytes)}-${takeHex(spanBytes)}-01`;
}
