import { randomBytes } from "node:crypto";

/** A new W3C trace context, sampled; every stanza read and every event without one begins its own. */
export function newTrace(): string {
  return `00-${randomBytes(16).toString("hex")}-${randomBytes(8).toString("hex")}-01`;
}
