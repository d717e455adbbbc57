/** The holder of the lease stands still, or the table of the lease does, in the middle of messages both ways. */
import assert from "node:assert/strict";
import { testFaults } from "#test/harness/catalogue.ts";

/** What a loaded machine may add to what is promised. */
const loadMs = 3_000;

testFaults(["connector-freeze"], ({ takeOverMs, takeOverMsMax = 0 }) => {
  const [ms = Number.POSITIVE_INFINITY] = takeOverMs;
  assert.ok(ms <= takeOverMsMax + loadMs, `${ms} ms`);
});

testFaults(["lease-table-freeze"]);
