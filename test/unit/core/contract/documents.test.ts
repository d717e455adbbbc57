import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { nativeEventTypes } from "#core/contract/events.ts";
import { readNativeEvent } from "#core/contract/read-native-event.ts";
import { nativeExample } from "#local/docs/examples.ts";
import { deliverySchemas, nativeSchemas } from "#local/docs/schemas.ts";
import { generatedDocuments } from "#local/generate-docs.ts";

for (const [path, text] of Object.entries(generatedDocuments())) {
  test(`${path} is what the schemas say: npm run docs writes it anew`, () => {
    const committed = readFileSync(new URL(`../../../../${path}`, import.meta.url), "utf8");
    assert.ok(committed === text, `${path} is stale`);
  });

  test(`${path} keeps internal events to itself`, () => {
    assert.ok(!text.includes("internal."));
  });
}

for (const type of nativeEventTypes) {
  test(`the example of ${type} is read as it stands`, () => {
    const example = nativeExample(type);
    const read = readNativeEvent(JSON.stringify(example), ["im.example.com"]);
    assert.ok(read.ok, read.ok ? "" : read.error.text);
    const data: Record<string, unknown> = read.value.data;
    for (const [key, value] of Object.entries(example.data)) assert.deepEqual(data[key], value);
  });
}

test("every field of every event says what it means", () => {
  const lacking: string[] = [];
  const visit = (name: string, schema: unknown): void => {
    const { properties = {}, items } = schema as { properties?: Record<string, unknown>; items?: unknown };
    for (const [key, field] of Object.entries(properties)) {
      const { description, const: constant } = field as { description?: string; const?: unknown };
      if (description === undefined && constant === undefined) lacking.push(`${name}.${key}`);
      visit(`${name}.${key}`, field);
    }
    if (items !== undefined) visit(`${name}[]`, items);
  };
  for (const { name, schema } of [...nativeSchemas, ...deliverySchemas]) visit(name, schema);
  assert.deepEqual(lacking, []);
});

test("every reference inside the documents leads somewhere", () => {
  const documents = generatedDocuments();
  for (const path of ["docs/events.schema.json", "docs/asyncapi.json"]) {
    const document = JSON.parse(documents[path] ?? "");
    const references = (documents[path] ?? "").matchAll(/"\$ref": "#\/([^"]+)"/g);
    for (const [, pointer = ""] of references) {
      const target = pointer.split("/").reduce((node, key) => node?.[key], document);
      assert.ok(target !== undefined, pointer);
    }
  }
});
