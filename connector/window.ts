/**
 * The inbound window (invariant 3): what was read after the oldest stanza that is not yet in a queue.
 * Not merely what is waiting: one slow lane holds the reading back, however fast the others are.
 */
import type { Limits } from "#core/limits.ts";

/** A stanza's place in the window, from reading to durable. */
export interface Ticket {
  readonly sequence: number;
  /** Bytes read before it. */
  readonly offset: number;
  done: boolean;
}

export interface Window {
  enter(bytes: number): Ticket;
  leave(ticket: Ticket): void;
  /** Whether one more chunk could break a limit; `aheadBytes` were read and have not entered yet. */
  isFull(aheadBytes: number): boolean;
  /** Stanzas that have not left. */
  size(): number;
}

export function makeWindow(
  limits: Pick<Limits, "windowStanzasMax" | "windowBytesMax" | "readChunkBytes">,
): Window {
  /** In reading order; the first one that is not done is the oldest. */
  let tickets: Ticket[] = [];
  let first = 0;
  let entered = 0;
  let bytesRead = 0;
  let open = 0;

  return {
    enter(bytes) {
      const ticket = { sequence: entered, offset: bytesRead, done: false };
      entered += 1;
      open += 1;
      bytesRead += bytes;
      tickets.push(ticket);
      return ticket;
    },
    leave(ticket) {
      if (ticket.done) return;
      ticket.done = true;
      open -= 1;
      while (tickets[first]?.done) first += 1;
      if (first > 2 * limits.windowStanzasMax || first === tickets.length) {
        tickets = tickets.slice(first);
        first = 0;
      }
    },
    isFull(aheadBytes) {
      const oldest = tickets[first];
      if (oldest === undefined) return false;
      return (
        entered - oldest.sequence >= limits.windowStanzasMax ||
        bytesRead - oldest.offset + aheadBytes + limits.readChunkBytes > limits.windowBytesMax
      );
    },
    size: () => open,
  };
}
