/**
 * The whole of the default deployment, so that no change of a template goes unseen. After a change that is meant:
 *
 *     UPDATE_SNAPSHOT=1 node --test test/unit/infra/snapshot.test.ts
 */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { compute, type Json, observability, root, state } from "./templates.ts";

const file = join(root, "test/fixtures/templates.snapshot");

/** Hashes of code change with every line of it; what the core's defaults are is tested elsewhere. */
function masked(value: Json): Json {
  if (typeof value === "string")
    return value.startsWith("{") ? "JSON" : value.replace(/[0-9a-f]{64}/g, "HASH");
  if (Array.isArray(value)) return value.map(masked);
  if (typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, masked(inner)]));
}

test("the templates of the default deployment are as they were", () => {
  const templates = JSON.parse(JSON.stringify({ state, compute, observability })) as Json;
  const now = `${JSON.stringify(masked(templates), null, 1)}\n`;
  if (process.env["UPDATE_SNAPSHOT"] === "1") writeFileSync(file, now);
  assert.deepEqual(JSON.parse(now), JSON.parse(readFileSync(file, "utf8")));
});
