/** Reads what the bridge delivers, by the same schemas that its documents are made of. */
import * as v from "valibot";
import { cloudEventSchema } from "#core/contract/cloud-event.ts";
import { deliveryData } from "#core/contract/delivery-events.ts";
import type { Delivery, DeliveryType } from "#core/contract/events.ts";
import { err, ok, type Result } from "#core/result.ts";

/** What is known of an event that cannot be shown, since it is unknown or not as the contract says. */
export interface UnreadableEvent {
  readonly text: string;
  readonly id?: string;
  readonly user?: unknown;
  readonly domain?: unknown;
}

export function readDelivery(body: string): Result<Delivery, UnreadableEvent> {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return err({ text: "an event that is no JSON" });
  }
  const event = v.safeParse(cloudEventSchema, value);
  if (!event.success) return err({ text: "an event that is no CloudEvent" });
  const { id, type, data } = event.output;
  const known = { id: nameOf(event.output), user: data["user"], domain: data["domain"] };
  if (!Object.hasOwn(deliveryData, type)) return err({ ...known, text: `an event of unknown type ${type}` });
  const read = v.safeParse(deliveryData[type as DeliveryType], data);
  if (!read.success) {
    const path = v.getDotPath(read.issues[0]) ?? "";
    return err({ ...known, text: `${type} (${id}) is not what the contract says: data.${path}` });
  }
  return ok({ ...event.output, data: read.output } as Delivery);
}

/** What tells an event from all others: its source and id (CloudEvents 1.0 §3.1.1). */
export function nameOf(event: { source: string; id: string }): string {
  return `${event.source} ${event.id}`;
}
