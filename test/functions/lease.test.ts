/** The lease of a domain's stream on the real engine. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeTable } from "#aws/dynamodb-table.ts";
import { limits } from "#core/limits.ts";
import { dynamodbClientFor } from "#local/aws-clients.ts";
import { sendTwice } from "#test/harness/functions.ts";
import { useEngines } from "#test/harness/use-engines.ts";

const engines = await useEngines();
const { table } = engines;
let domains = 0;
const { leaseMs } = limits;
const { signal } = new AbortController();

/** A domain that nobody has held. */
function freshDomain(): string {
  domains += 1;
  return `im${domains}.example.com`;
}

test("the lease of a domain that was never held is free, and whoever takes it holds it", async () => {
  const domain = freshDomain();
  const seen = await table.readLease(domain, signal);
  assert.deepEqual(seen, { version: 0, leaseMs: 0, leaving: false });
  assert.equal(await table.takeLease(domain, "a", leaseMs, seen, signal), true);
  assert.deepEqual(await table.readLease(domain, signal), {
    holder: "a",
    version: 1,
    leaseMs,
    leaving: false,
  });
  assert.equal(await table.takeLease(domain, "b", leaseMs, seen, signal), false, "seen free before");
});

test("of many that take what they saw at once exactly one gets it", async () => {
  const domain = freshDomain();
  const seen = await table.readLease(domain, signal);
  const takers = Array.from({ length: 12 }, (_, index) => `taker${index}`);
  const taken = await Promise.all(
    takers.map((taker) => table.takeLease(domain, taker, leaseMs, seen, signal)),
  );
  assert.equal(taken.filter(Boolean).length, 1);
  const { holder } = await table.readLease(domain, signal);
  assert.equal(holder, takers[taken.indexOf(true)]);
});

test("a lease that was renewed since it was seen is not taken; one that was not is", async () => {
  const domain = freshDomain();
  await table.takeLease(domain, "a", leaseMs, await table.readLease(domain, signal), signal);
  const old = await table.readLease(domain, signal);
  assert.equal(await table.renewLease(domain, "a", true, signal), true);
  assert.equal(await table.takeLease(domain, "b", leaseMs, old, signal), false);
  const seen = await table.readLease(domain, signal);
  assert.equal(seen.leaving, true);
  assert.equal(await table.takeLease(domain, "b", leaseMs, seen, signal), true);
  assert.equal((await table.readLease(domain, signal)).leaving, false);
  assert.equal(await table.renewLease(domain, "a", false, signal), false, "it is b's");
  await table.releaseLease(domain, "a", signal);
  assert.equal((await table.readLease(domain, signal)).holder, "b", "a has nothing to release");
});

test("a released lease is free at once", async () => {
  const domain = freshDomain();
  await table.takeLease(domain, "a", leaseMs, await table.readLease(domain, signal), signal);
  await table.releaseLease(domain, "a", signal);
  const seen = await table.readLease(domain, signal);
  assert.equal(seen.holder, undefined);
  assert.equal(await table.takeLease(domain, "b", leaseMs, seen, signal), true);
});

test("fences grow with each taking and each stream, and only the holder gets one", async () => {
  const domain = freshDomain();
  const alone = await table.takeFence(domain);
  await table.takeLease(domain, "a", leaseMs, await table.readLease(domain, signal), signal);
  const first = await table.takeFence(domain, "a");
  const second = await table.takeFence(domain, "a");
  assert.ok(first > alone + 1, "the taking itself made those before it old");
  assert.ok(second > first);
  await table.takeLease(domain, "b", leaseMs, await table.readLease(domain, signal), signal);
  await assert.rejects(table.takeFence(domain, "a"), { name: "ConditionalCheckFailedException" });
  assert.ok((await table.takeFence(domain, "b")) > second + 1);
});

test("calls that the SDK repeats, as their answers were lost, end as they should", async (t) => {
  const domain = freshDomain();
  const client = dynamodbClientFor(engines.endpoints.dynamodb);
  t.after(() => client.destroy());
  sendTwice(client);
  const repeating = makeTable({ client, name: engines.tableName });
  const seen = await repeating.readLease(domain, signal);
  assert.equal(await repeating.takeLease(domain, "a", leaseMs, seen, signal), true);
  assert.equal(await repeating.renewLease(domain, "a", false, signal), true);
  await repeating.releaseLease(domain, "a", signal);
  assert.equal((await repeating.readLease(domain, signal)).holder, undefined);
});
