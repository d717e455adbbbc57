import { hash, randomFillSync } from "node:crypto";
import { type TraceParts, writeTrace } from "#core/trace.ts";

const traceBytes = 16;
const spanBytes = 8;

/** Random bytes for many traces: asking the system for each costs more than all else that a stanza costs. */
const pool = Buffer.alloc(256 * (traceBytes + spanBytes));
let used = pool.length;

function take(bytes: number): number {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += bytes;
  return used - bytes;
}

function takeHex(bytes: number): string {
  const start = take(bytes);
  return pool.toString("hex", start, start + bytes);
}

export const newSpanId = () => takeHex(spanBytes);

export function newTraceParts(): TraceParts {
  return { traceId: takeHex(traceBytes), spanId: takeHex(spanBytes) };
}

/** Ids that are the same whenever they are made for the same thing. */
export function tracePartsOf(id: string): TraceParts {
  const digits = hash("sha256", id);
  return { traceId: digits.slice(0, 2 * traceBytes), spanId: digits.slice(-2 * spanBytes) };
}

/** Digits of a trace id that decide: the last ones, which are random in every scheme of ids (Trace Context 2 §2.2.3). */
const decidingDigits = 8;

/** Whether a trace is sampled: by its id, so that whoever asks of the same id and ratio says the same. */
export function isChosen(traceId: string, ratio: number): boolean {
  if (ratio <= 0 || ratio >= 1) return ratio >= 1;
  return Number.parseInt(traceId.slice(-decidingDigits), 16) < ratio * 16 ** decidingDigits;
}

/** A new W3C trace context of which nothing is recorded, for what shall be found in logs by one id. */
export function newTrace(): string {
  return writeTrace(newTraceParts(), false);
}
