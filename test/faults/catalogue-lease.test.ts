/** The holder of the lease stands still, or the table of the lease does, in the middle of messages both ways. */
import assert from "node:assert/strict";
import { limits } from "#core/limits.ts";
import { testFaults } from "#test/harness/catalogue.ts";

/** What comes on top of the lease, and what a loaded machine may add. */
const promisedMs = 2_000;
const loadMs = 3_000;

testFaults(["connector-freeze"], ({ takeOverMs }) => {
  const [ms = Number.POSITIVE_INFINITY] = takeOverMs;
  assert.ok(ms <= limits.leaseMs + promisedMs + loadMs, `${ms} ms`);
});

testFaults(["lease-table-freeze"]);
