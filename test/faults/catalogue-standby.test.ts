/** A connector ends in the middle of messages both ways, and its standby takes over. */
import assert from "node:assert/strict";
import { testFaults } from "#test/harness/catalogue.ts";

/** What a loaded machine may add to what is promised. */
const loadMs = 3_000;

testFaults(["connector-stop", "connector-kill"], ({ takeOverMs, takeOverMsMax = 0, strokes }) => {
  assert.equal(takeOverMs.length, strokes);
  for (const ms of takeOverMs) assert.ok(ms <= takeOverMsMax + loadMs, `${ms} ms`);
});
