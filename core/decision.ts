/**
 * The words that decisions are made of: a cause comes in, a pure function decides, changes and effects come
 * out. Handlers commit the changes, then send the effects.
 */
import type { CloudEvent } from "./contract/cloud-event.ts";
import type { UserId } from "./mapping.ts";
import type { BareJid } from "./xmpp/jid.ts";

/** Everything in 1:1 belongs to one pair: a native user of one of our domains, and a contact outside. */
export interface Pair {
  readonly domain: string;
  readonly user: UserId;
  readonly contact: BareJid;
}

/**
 * What made us decide. A stanza's id is `<fence>.<seq>`, an event's `<source> <id>`; ids of effects and of
 * delivered events derive from it, so that a repeat of the cause repeats the ids.
 */
export interface Cause {
  readonly id: string;
  /** The side that it came from; each item keeps one mark a side. */
  readonly side: "xmpp" | "native";
  /** Grows with every cause of its side; compared as text. Lower than the item's mark: already taken in. */
  readonly mark: string;
  /** RFC 3339: when the stanza was read, or the `time` of the event. */
  readonly time: string;
  /** W3C trace context. */
  readonly trace: string;
  /** Queues passed so far. */
  readonly hops: number;
}

/**
 * The condition of a stanza that follows deliveries: none, that the contact may see the user's presence, or that it
 * was not told the same of late (`limits.toldKeptS`).
 */
export type StanzaCondition = "always" | "seen-by-contact" | "not-told";

/** A stanza to the pair's contact, on the pair's group unless said otherwise. */
export interface StanzaEffect {
  readonly kind: "stanza";
  readonly id: string;
  readonly xml: string;
  readonly written?: string;
  /** It leaves after the deliveries of the same pair are in their queue, and only on this condition. */
  readonly afterwards?: StanzaCondition;
  readonly expires?: string;
  readonly availability?: { readonly ghost: string; readonly version: number };
  /** The contact sees the ghost no more: no broadcast that is on its way may follow. */
  readonly parting?: true;
  /** The native side is told when it has been routed. */
  readonly confirm?: boolean;
  /** It has its place in the order of the user's broadcasts: it goes where they go, in the user's group. */
  readonly amongBroadcasts?: true;
}

/** An event for the native system, on the pair's group; its deduplication id is the event's id. */
export interface DeliverEffect {
  readonly kind: "deliver";
  readonly event: CloudEvent;
}

/** An event to ourselves, in the user's group of `native-events`, where availability has its one writer. */
export interface InternalEffect {
  readonly kind: "internal";
  readonly event: CloudEvent;
}

export type Effect = StanzaEffect | DeliverEffect | InternalEffect;

/** Mark of a stanza: text order is the order of (fence, seq). */
export function stanzaMark(fence: number, seq: number): string {
  return `${String(fence).padStart(12, "0")}.${String(seq).padStart(16, "0")}`;
}

/** The {@link Cause.id} of the stanza that a mark is of. */
export function stanzaCauseId(mark: string): string {
  return mark.split(".").map(Number).join(".");
}

/** Mark of a queue message: SQS sequence numbers are decimal numbers of up to 39 digits. */
export function queueMark(sequenceNumber: string): string {
  return sequenceNumber.padStart(40, "0");
}
