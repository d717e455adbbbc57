/** What is not carried yet is said in one place; the functions must agree with it. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { nativeEventTypes } from "#core/contract/events.ts";
import { typesNotYet } from "#core/contract/not-yet.ts";

test("every event type is carried out or named as not yet carried, never both", () => {
  const source = readFileSync(join(import.meta.dirname, "../../../functions/native-events.ts"), "utf8");
  const handled = nativeEventTypes.filter((type) => source.includes(`"${type}"`));
  assert.deepEqual([...handled, ...typesNotYet].sort(), [...nativeEventTypes].sort());
});
