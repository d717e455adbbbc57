/** JSON Schemas of every event, converted from the schemas that the bridge itself reads with. */
import { type JsonSchema, toJsonSchema } from "@valibot/to-json-schema";
import * as v from "valibot";
import { cloudEventSchema } from "#core/contract/cloud-event.ts";
import { deliveryData, deliveryTypes } from "#core/contract/delivery-events.ts";
import { nativeEventTypes } from "#core/contract/events.ts";
import { nativeData } from "#core/contract/native-events.ts";

/** One event type in one direction. */
export interface EventSchema {
  readonly name: string;
  readonly type: string;
  readonly summary: string;
  readonly schema: JsonSchema;
}

/** The envelope alone, with any data. */
export const envelopeJsonSchema = jsonSchemaOf(cloudEventSchema);
/** What the native system sends. */
export const nativeSchemas = nativeEventTypes.map((type) => eventSchema("native", type, nativeData[type]));
/** What we send. */
export const deliverySchemas = deliveryTypes.map((type) => eventSchema("delivery", type, deliveryData[type]));

/** The JSON Schema document: a definition per event and direction. */
export function jsonSchemaDocument(): JsonSchema {
  const all = [...nativeSchemas, ...deliverySchemas];
  const anyOf = (schemas: readonly EventSchema[]) => ({
    anyOf: schemas.map(({ name }) => ({ $ref: `#/$defs/${name}` })),
  });
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    $id: "urn:causeway:events",
    title: "Causeway events",
    description: "Generated from core/contract by `npm run docs`.",
    anyOf: [{ $ref: "#/$defs/native" }, { $ref: "#/$defs/delivery" }],
    $defs: {
      native: { description: "What may be sent to native-events.", ...anyOf(nativeSchemas) },
      delivery: { description: "What comes from native-deliveries.", ...anyOf(deliverySchemas) },
      ...Object.fromEntries(all.map(({ name, schema }) => [name, schema])),
    },
  };
}

function eventSchema(direction: string, type: string, data: v.GenericSchema): EventSchema {
  const schema = jsonSchemaOf(v.object({ ...cloudEventSchema.entries, type: v.literal(type), data }));
  return { name: `${direction}.${type}`, type, summary: summaryOf(data), schema };
}

function summaryOf(data: v.GenericSchema): string {
  const summary = v.getDescription(data);
  if (summary === undefined) throw new Error("an event type without a description");
  return summary;
}

/** The JSON Schema of what is read with a schema. */
export function jsonSchemaOf(schema: v.GenericSchema): JsonSchema {
  // What a `check` demands is said beside it as metadata where JSON Schema can say it.
  const { $schema: _, ...converted } = toJsonSchema(schema, {
    target: "draft-2020-12",
    typeMode: "input",
    ignoreActions: ["check"],
  });
  return converted;
}
