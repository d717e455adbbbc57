import assert from "node:assert/strict";

type Json = Readonly<Record<string, unknown>>;

/** Checks a document against what the specification of the embedded metric format requires. */
export function readMetrics(line: string): Record<string, { unit: string; value: number }> {
  assert.ok(!line.includes("\n"));
  const root = JSON.parse(line) as Json;
  const { Timestamp, CloudWatchMetrics } = root["_aws"] as Json;
  assert.ok(Number.isInteger(Timestamp));
  assert.ok(Array.isArray(CloudWatchMetrics) && CloudWatchMetrics.length === 1);
  const { Namespace, Dimensions, Metrics } = CloudWatchMetrics[0] as Json;
  assert.match(String(Namespace), /^[\x21-\x7e]{1,1024}$/);
  assert.ok(Array.isArray(Dimensions) && Dimensions.length > 0);
  for (const set of Dimensions as string[][]) {
    assert.ok(set.length > 0 && set.length <= 30);
    // A dimension's target is text of the root.
    for (const key of set) assert.match(String(root[key]), /^[\x21-\x7e]{1,1024}$/);
  }
  assert.ok(Array.isArray(Metrics) && Metrics.length <= 100);
  const found: Record<string, { unit: string; value: number }> = {};
  for (const { Name, Unit, ...more } of Metrics as { Name: string; Unit: string }[]) {
    assert.deepEqual(more, {});
    assert.ok(["Count", "Milliseconds", "None"].includes(Unit), Unit);
    const value = root[Name];
    assert.ok(typeof value === "number" && Number.isFinite(value), Name);
    assert.ok(found[Name] === undefined, `${Name} twice`);
    found[Name] = { unit: Unit, value };
  }
  return found;
}
