/** The AsyncAPI 3.0 document of both native queues. */
import type { CloudEvent } from "#core/contract/cloud-event.ts";
import type { DeliveryType, NativeEventType } from "#core/contract/events.ts";
import { deliveryExample, nativeExample } from "./examples.ts";
import { deliverySchemas, type EventSchema, nativeSchemas } from "./schemas.ts";

/** Makes the document; `version` is the bridge's. */
export function asyncApiDocument(version: string): Record<string, unknown> {
  const all = [...nativeSchemas, ...deliverySchemas];
  return {
    asyncapi: "3.0.0",
    info: {
      title: "Causeway native side",
      version,
      description:
        "How a chat system talks to Causeway: CloudEvents 1.0 in structured JSON, one per SQS message. docs/events.md explains.",
    },
    defaultContentType: "application/cloudevents+json",
    channels: {
      "native-events": channel(
        "native-events.fifo",
        "What native users do. Message group: the user, always.",
        nativeSchemas,
      ),
      "native-deliveries": channel(
        "native-deliveries.fifo",
        "What contacts do, and what became of events. In order per user and contact.",
        deliverySchemas,
      ),
    },
    operations: {
      "receive-native-events": {
        action: "receive",
        channel: { $ref: "#/channels/native-events" },
        summary: "Causeway acts on what native users do.",
      },
      "send-native-deliveries": {
        action: "send",
        channel: { $ref: "#/channels/native-deliveries" },
        summary: "Causeway tells what contacts do.",
      },
    },
    components: {
      messages: Object.fromEntries([
        ...nativeSchemas.map((event) => [
          event.name,
          message(event, nativeExample(event.type as NativeEventType)),
        ]),
        ...deliverySchemas.map((event) => [
          event.name,
          message(event, deliveryExample(event.type as DeliveryType)),
        ]),
      ]),
      schemas: Object.fromEntries(all.map(({ name, schema }) => [name, schema])),
    },
  };
}

function channel(address: string, description: string, events: readonly EventSchema[]) {
  return {
    address,
    description,
    messages: Object.fromEntries(
      events.map(({ name, type }) => [type, { $ref: `#/components/messages/${name}` }]),
    ),
    bindings: {
      sqs: {
        queue: {
          name: address,
          fifoQueue: true,
          deduplicationScope: "messageGroup",
          fifoThroughputLimit: "perMessageGroupId",
        },
        bindingVersion: "0.2.0",
      },
    },
  };
}

function message(event: EventSchema, example: CloudEvent) {
  return {
    name: event.type,
    summary: event.summary,
    payload: { $ref: `#/components/schemas/${event.name}` },
    examples: [{ payload: example }],
  };
}
