/** The readable page about capabilities, made from their schema. */
import type { JsonSchema } from "@valibot/to-json-schema";
import { allCapabilities, capabilitiesSchema } from "#core/capabilities.ts";
import { featuresFor } from "#core/disco.ts";
import { limits } from "#core/limits.ts";
import { jsonSchemaOf } from "./schemas.ts";

const opening = `<!-- Generated from core/capabilities.ts by \`npm run docs\`. -->
# Capabilities

What your chat system can do is declared once. What it can do is offered to contacts, whose clients see it in service discovery (XEP-0030) and in each user's presence (XEP-0115); what it cannot do is not offered, and falls back by rule where a contact uses it all the same. Nothing is lost in silence. Without a declaration it can do everything.

Declare only what differs from the defaults, as one JSON object of at most ${limits.capabilitiesBytesMax} bytes:

- on AWS in \`infra/causeway.config.ts\`, as \`capabilities\`; a wrong one fails the synthesis;
- on one machine in a file: \`npm start -- --capabilities FILE\`;
- a function itself reads the environment variable \`CAUSEWAY_CAPABILITIES\`.

\`\`\`json
{ "edits": false, "reactions": { "allowed": ["👍", "❤️"], "max": 1 }, "attachments": { "bytesMax": 10000000 } }
\`\`\`

When they change, users' presence is announced anew the next time that they tell it, and whoever probes gets it at once.`;

/** Makes docs/capabilities.md. */
export function capabilitiesPage(): string {
  const table = ["| property | values | default | meaning | offered as |", "|---|---|---|---|---|"];
  return `${[opening, [...table, ...rows(jsonSchemaOf(capabilitiesSchema), "")].join("\n")].join("\n\n")}\n`;
}

function rows(schema: JsonSchema, prefix: string): string[] {
  return Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>).flatMap(([key, field]) => {
    const name = `${prefix}${key}`;
    const cells = [
      `\`${name}\``,
      alternativesOf(field).map(valuesOf).join(" "),
      defaultOf(field),
      field.description ?? "",
      offeredAs(name, field),
    ];
    const inner = alternativesOf(field).flatMap((alternative) => rows(alternative, `${name}.`));
    return [`| ${cells.join(" | ")} |`, ...inner];
  });
}

/** The features of service discovery that are gone when it is switched off. */
function offeredAs(name: string, field: JsonSchema): string {
  const off = field.enum?.includes("off") ? "off" : false;
  const without = featuresFor({ ...allCapabilities, [name]: off });
  const gone = featuresFor(allCapabilities).filter((feature) => !without.includes(feature));
  return gone.map((feature) => `\`${feature}\``).join(" ");
}

function alternativesOf(field: JsonSchema): JsonSchema[] {
  return (field.anyOf ?? [field]) as JsonSchema[];
}

function valuesOf({ const: constant, enum: words, type, items, minimum, maximum }: JsonSchema): string {
  if (constant !== undefined) return `\`${JSON.stringify(constant)}\``;
  if (words !== undefined) return words.map((word) => `\`${JSON.stringify(word)}\``).join(" ");
  if (type === "array") return `list of ${valuesOf(items as JsonSchema)}`;
  if (type === "boolean") return "`true` `false`";
  if (minimum === undefined) return String(type);
  return maximum === undefined || maximum === Number.MAX_SAFE_INTEGER
    ? `≥ ${minimum}`
    : `${minimum}–${maximum}`;
}

function defaultOf(field: JsonSchema): string {
  return field.default === undefined ? "–" : `\`${JSON.stringify(field.default)}\``;
}
