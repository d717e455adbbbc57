/** The readable page about the events, made from their JSON Schemas. */
import type { JsonSchema } from "@valibot/to-json-schema";
import type { CloudEvent } from "#core/contract/cloud-event.ts";
import type { DeliveryType, NativeEventType } from "#core/contract/events.ts";
import { fieldsNotYet } from "#core/contract/not-yet.ts";
import { deliveryExample, nativeExample } from "./examples.ts";
import { opening, receiving, rejections, sending } from "./prose.ts";
import { deliverySchemas, type EventSchema, envelopeJsonSchema, nativeSchemas } from "./schemas.ts";

/** Makes docs/events.md. */
export function eventsPage(): string {
  const natives = nativeSchemas.map((event) =>
    section(event, "native", nativeExample(event.type as NativeEventType)),
  );
  const deliveries = deliverySchemas.map((event) =>
    section(event, "delivery", deliveryExample(event.type as DeliveryType)),
  );
  return `${[
    opening,
    "## The envelope",
    fieldTable(envelopeJsonSchema),
    sending,
    receiving,
    "## native-events: what users do",
    ...natives,
    "## native-deliveries: what contacts do",
    ...deliveries,
    rejections,
  ].join("\n\n")}\n`;
}

function section(event: EventSchema, direction: string, example: CloudEvent): string {
  const arrow = direction === "native" ? "native system → Causeway" : "Causeway → native system";
  const data = propertiesOf(event.schema)["data"] ?? {};
  return [
    `### ${event.type} (${direction === "native" ? "in" : "out"})`,
    `*${arrow}.* ${event.summary}`,
    ...notYet(event.type, direction),
    fieldTable(data),
    `\`\`\`json\n${JSON.stringify(example, undefined, 2)}\n\`\`\``,
  ].join("\n\n");
}

/** Says of what is not carried yet that it is not. */
function notYet(type: string, direction: string): string[] {
  const fields: Readonly<Record<string, readonly string[]>> = direction === "native" ? fieldsNotYet : {};
  const named = fields[type]?.map((field) => `\`${field}\``).join(", ");
  return named === undefined ? [] : [`**Not carried yet**: ${named}; rejected with \`unsupported\`.`];
}

function fieldTable(schema: JsonSchema): string {
  return [
    "| field | type | required | limits | meaning |",
    "|---|---|---|---|---|",
    ...rows(schema, ""),
  ].join("\n");
}

function rows(schema: JsonSchema, prefix: string): string[] {
  const required = schema.required ?? [];
  return Object.entries(propertiesOf(schema)).flatMap(([key, field]) => {
    const name = `${prefix}${key}`;
    const row = [
      `\`${name}\``,
      typeOf(field),
      required.includes(key) ? "yes" : "no",
      boundsOf(field),
      meaningOf(field),
    ];
    return [`| ${row.join(" | ")} |`, ...rows(field, `${name}.`), ...rows(itemsOf(field), `${name}[].`)];
  });
}

function propertiesOf(schema: JsonSchema): Record<string, JsonSchema> {
  return (schema.properties ?? {}) as Record<string, JsonSchema>;
}

function itemsOf(schema: JsonSchema): JsonSchema {
  return (schema.items ?? {}) as JsonSchema;
}

function typeOf(field: JsonSchema): string {
  if (field.const !== undefined) return `\`${JSON.stringify(field.const)}\``;
  if (field.enum !== undefined) return field.enum.map((word) => `\`${word}\``).join(" ");
  if (field.type === "array") return `list of ${typeOf(itemsOf(field))}`;
  return field.format === undefined ? String(field.type) : `${field.type} (${field.format})`;
}

function boundsOf(field: JsonSchema): string {
  const [min, max, unit] =
    field.type === "array"
      ? [field.minItems, field.maxItems, " entries"]
      : field.type === "string"
        ? [field.minLength, field.maxLength, " characters"]
        : [field.minimum, field.maximum, ""];
  const bounds = [];
  if (min !== undefined && max !== undefined && max < Number.MAX_SAFE_INTEGER)
    bounds.push(`${min}–${max}${unit}`);
  else if (min === 1 && unit !== "") bounds.push("not empty");
  else if (min !== undefined) bounds.push(`≥ ${min}${unit}`);
  else if (max !== undefined) bounds.push(`≤ ${max}${unit}`);
  if (field.uniqueItems === true) bounds.push("each once");
  if (field.not !== undefined) bounds.push("must not end in `/` and digits");
  return bounds.join("; ");
}

function meaningOf(field: JsonSchema): string {
  const meaning = field.description ?? itemsOf(field).description ?? "";
  return field.default === undefined ? meaning : `${meaning} Default: \`${JSON.stringify(field.default)}\`.`;
}
