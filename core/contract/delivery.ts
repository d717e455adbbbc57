/** Makers of the events that we send to the native system. */
import { limits } from "../limits.ts";
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
  /** The queue's id of the message, for events that cannot be named by their own. */
  readonly messageId: string;
}

/** Makes the `event.rejected` that answers a refused event. */
export function rejected(rejection: Rejection, origin: RejectionOrigin): DeliveryOf<"event.rejected"> {
  const { notJsonObject: _, ...said } = rejection;
  const { messageId, ...rest } = origin;
  const id = rejectedId(rejection);
  return id === undefined
    ? makeDelivery("event.rejected", { ...rest, id: `rejected ${messageId}` }, { ...said, messageId })
    : makeDelivery("event.rejected", { ...rest, id }, said);
}

/** A function of the refused event's source and id, where both could be read and fit; a source has no blanks. */
function rejectedId({ source, id }: Rejection): string | undefined {
  if (source === undefined || id === undefined || source.includes(" ")) return undefined;
  const name = `rejected ${source} ${id}`;
  return name.length <= limits.idCharsMax ? name : undefined;
}
