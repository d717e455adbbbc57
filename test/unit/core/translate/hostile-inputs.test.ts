/** A small part of what `test/faults/hostile.test.ts` withstands, at every check. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { withstand } from "#test/harness/hostile/inputs.ts";
import { makeContext } from "./support.ts";

test("a few thousand hostile stanzas and events: no crash, nothing false, no wait", () => {
  const tally = withstand(makeContext(), 20_261_102, 4000);
  // Else it is all refused at the door, and shows nothing.
  assert.ok(tally.readable > 1000 && tally.accepted > 400, JSON.stringify(tally));
  assert.ok(tally.deliveries > 1000 && tally.stanzas > 400, JSON.stringify(tally));
});
