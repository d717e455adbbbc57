/** A connector ends in the middle of messages both ways, and its standby takes over. */
import assert from "node:assert/strict";
import { limits } from "#core/limits.ts";
import { testFaults } from "#test/harness/catalogue.ts";

/** The promise of the hand-over, and of what comes on top of a dead holder's lease. */
const promisedMs = 2_000;
/** What a loaded machine may add. */
const loadMs = 3_000;

testFaults(["connector-stop"], ({ takeOverMs, strokes }) => {
  assert.equal(takeOverMs.length, strokes);
  for (const ms of takeOverMs) assert.ok(ms <= promisedMs + loadMs, `${ms} ms`);
});

testFaults(["connector-kill"], ({ takeOverMs, strokes }) => {
  assert.equal(takeOverMs.length, strokes);
  for (const ms of takeOverMs) assert.ok(ms <= limits.leaseMs + promisedMs + loadMs, `${ms} ms`);
});
