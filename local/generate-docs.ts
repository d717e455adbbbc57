/** `npm run docs`: writes what docs/ says about events and capabilities from the schemas in core. */
import { readFileSync, writeFileSync } from "node:fs";
import { asyncApiDocument } from "./docs/asyncapi.ts";
import { capabilitiesPage } from "./docs/capabilities.ts";
import { eventsPage } from "./docs/page.ts";
import { jsonSchemaDocument } from "./docs/schemas.ts";

const root = new URL("../", import.meta.url);

/** Every generated document, by its path in the repository. */
export function generatedDocuments(): Record<string, string> {
  const { version } = JSON.parse(readFileSync(new URL("package.json", root), "utf8"));
  return {
    "docs/events.md": eventsPage(),
    "docs/capabilities.md": capabilitiesPage(),
    "docs/events.schema.json": json(jsonSchemaDocument()),
    "docs/asyncapi.json": json(asyncApiDocument(version)),
  };
}

function json(document: unknown): string {
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

if (import.meta.main) {
  for (const [path, text] of Object.entries(generatedDocuments())) {
    writeFileSync(new URL(path, root), text);
    console.log(`wrote ${path}`);
  }
}
