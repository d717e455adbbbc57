/** The event types of both directions, inferred from their schemas. */
import type * as v from "valibot";
import type { CloudEvent, EventOf } from "./cloud-event.ts";
import type { deliveryData } from "./delivery-events.ts";
import { internalData, nativeData } from "./native-events.ts";

export type NativeEventType = keyof typeof nativeData;
export type InternalEventType = keyof typeof internalData;
export type DeliveryType = keyof typeof deliveryData;

/** Types that the native system may send. */
export const nativeEventTypes = Object.keys(nativeData) as NativeEventType[];

const readable = { ...nativeData, ...internalData };
type Readable = typeof readable;

/** Data of an event that was read: parsed, prepared, and always with its domain. */
export type NativeData<T extends keyof Readable> = v.InferOutput<Readable[T]> & { domain: string };

/** One event of `native-events`, ours included; a union that `type` tells apart. */
export type NativeEvent = {
  [T in keyof Readable]: EventOf<T, NativeData<T>>;
}[keyof Readable];

/** One of {@link NativeEvent}, by its type. */
export type NativeEventOf<T extends keyof Readable> = Extract<NativeEvent, { type: T }>;

export type DeliveryData<T extends DeliveryType> = v.InferOutput<(typeof deliveryData)[T]>;

/** One event of `native-deliveries`; a union that `type` tells apart. */
export type Delivery = { [T in DeliveryType]: EventOf<T, DeliveryData<T>> }[DeliveryType];

/** One of {@link Delivery}, by its type. */
export type DeliveryOf<T extends DeliveryType> = Extract<Delivery, { type: T }>;

/** The data schema for an event type; internal types only for what comes from ourselves. */
export function nativeSchema(event: CloudEvent): Readable[keyof Readable] | undefined {
  if (Object.hasOwn(nativeData, event.type)) return nativeData[event.type as NativeEventType];
  const internal = event.source.startsWith("causeway:") && Object.hasOwn(internalData, event.type);
  return internal ? internalData[event.type as InternalEventType] : undefined;
}
