/** Makers of the events that we send to the native system. */
import type { CloudEvent } from "./cloud-event.ts";
import type { DeliveryData, DeliveryOf, DeliveryType } from "./events.ts";
import type { Rejection } from "./rejection.ts";

/** Where a delivery comes from. */
export interface DeliveryOrigin {
  /** Deterministic function of the cause, so that a repeat repeats it. */
  readonly id: string;
  /** The XMPP domain that it happened on. */
  readonly domain: string;
  /** Every domain served: `data` names the domain only where there are several. */
  readonly domains: readonly string[];
  /** RFC 3339. */
  readonly time: string;
  /** W3C `traceparent`. */
  readonly trace?: string;
}

/** Makes the CloudEvent of a delivery. */
export function makeDelivery<T extends DeliveryType>(
  type: T,
  origin: DeliveryOrigin,
  data: DeliveryData<T>,
): DeliveryOf<T> {
  const { id, domain, domains, time, trace } = origin;
  const said = data as Record<string, unknown>;
  const event: CloudEvent = {
    specversion: "1.0",
    id,
    source: `xmpp:${domain}`,
    type,
    time,
    datacontenttype: "application/json",
    ...(trace === undefined ? {} : { traceparent: trace }),
    data: "user" in said && domains.length > 1 ? { domain, ...said } : said,
  };
  // The compiler cannot see that `type` and `data` come from the same T.
  return event as unknown as DeliveryOf<T>;
}

/** Where an `event.rejected` comes from; its id is made from the refused event. */
export interface RejectionOrigin extends Omit<DeliveryOrigin, "id"> {
  /** The queue's id of the message, for events whose own could not be read. */
  readonly messageId: string;
}

/** Makes the `event.rejected` that answers a refused event. */
export function rejected(rejection: Rejection, origin: RejectionOrigin): DeliveryOf<"event.rejected"> {
  const { notJsonObject: _, ...said } = rejection;
  const { messageId, ...rest } = origin;
  const known = rejection.id !== undefined && rejection.source !== undefined;
  const about = known ? `${rejection.source} ${rejection.id}` : messageId;
  return makeDelivery(
    "event.rejected",
    { ...rest, id: `rejected ${about}` },
    known ? said : { ...said, messageId },
  );
}
