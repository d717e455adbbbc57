/** One example of every event; the documents show them and a test holds them against the schemas. */
import { readFileSync } from "node:fs";
import type { CloudEvent } from "#core/contract/cloud-event.ts";
import { deliveryTypes } from "#core/contract/delivery-events.ts";
import { type DeliveryType, type NativeEventType, nativeEventTypes } from "#core/contract/events.ts";

type ExampleData = Record<string, unknown>;

interface ExampleFile {
  readonly native: Record<NativeEventType, ExampleData>;
  readonly deliveries: Record<DeliveryType, ExampleData>;
}

const file: ExampleFile = JSON.parse(readFileSync(new URL("./examples.json", import.meta.url), "utf8"));

/** An event as the native system would send it. */
export function nativeExample(type: NativeEventType): CloudEvent {
  return event(
    type,
    `evt-${1 + nativeEventTypes.indexOf(type)}`,
    "https://chat.example.com",
    file.native[type],
  );
}

/** An event as we would send it. */
export function deliveryExample(type: DeliveryType): CloudEvent {
  return event(type, `7.${1 + deliveryTypes.indexOf(type)}`, "xmpp:im.example.com", file.deliveries[type]);
}

function event(type: string, id: string, source: string, data: ExampleData): CloudEvent {
  return {
    specversion: "1.0",
    id,
    source,
    type,
    time: "2026-11-02T09:30:00Z",
    datacontenttype: "application/json",
    data,
  };
}
