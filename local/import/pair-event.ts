/** The event that brings a pair into the bridge. */
import { hashId, nativeEventsGroup } from "#aws/hash.ts";
import type { OutgoingMessage } from "#aws/queues.ts";
import type { CloudEvent } from "#core/contract/cloud-event.ts";
import { asciiJson } from "#core/contract/envelope.ts";
import type { NativeEventType } from "#core/contract/events.ts";
import type { ImportedPair, Subscription } from "./read-line.ts";

/** What all events of an import have in common. */
export interface EventOrigin {
  /** The domain that the users are on; undefined for the bridge's first one. */
  readonly domain: string | undefined;
  /** RFC 3339: when the file was last written. */
  readonly time: string;
}

/** Every default spelled out: what is imported must not change with them. */
const changes: Readonly<Record<Subscription, { type: NativeEventType; data: Record<string, boolean> }>> = {
  to: { type: "contact.requested", data: { mutual: false } },
  from: { type: "contact.accepted", data: { preApprove: true, mutual: false } },
  both: { type: "contact.requested", data: { mutual: true } },
};

/** The same pair with the same subscription makes the same event, whenever and from wherever it is imported. */
export function pairEvent({ user, contact, subscription }: ImportedPair, origin: EventOrigin): CloudEvent {
  const { domain, time } = origin;
  const { type, data } = changes[subscription];
  return {
    specversion: "1.0",
    id: hashId("import", domain ?? "", user, contact, subscription),
    source: "urn:causeway:import",
    type,
    time,
    datacontenttype: "application/json",
    data: { ...(domain === undefined ? {} : { domain }), user, contact, ...data },
  };
}

/** The event as a message of `native-events`. */
export function pairMessage(pair: ImportedPair, origin: EventOrigin): OutgoingMessage {
  const event = pairEvent(pair, origin);
  return { body: asciiJson(event), group: nativeEventsGroup(pair.user), dedup: event.id };
}
