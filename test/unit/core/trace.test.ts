import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isSampled, isTraceparent, partsOfTrace, unsampled, writeTrace } from "#core/trace.ts";

const hex = (digits: number) => fc.stringMatching(new RegExp(`^[0-9a-f]{${digits - 1}}[1-9a-f]$`));

test("what is written is read again, with its flag", () => {
  fc.assert(
    fc.property(hex(32), hex(16), fc.boolean(), (traceId, spanId, sampled) => {
      const trace = writeTrace({ traceId, spanId }, sampled);
      assert.deepEqual(partsOfTrace(trace), { traceId, spanId });
      assert.equal(isSampled(trace), sampled);
      assert.deepEqual(partsOfTrace(unsampled(trace)), { traceId, spanId });
      assert.equal(isSampled(unsampled(trace)), false);
    }),
  );
});

const ids = "0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331";

for (const [what, trace] of [
  ["an empty text", ""],
  ["another form", "1-5759e988-bd862e3fe1be46a994272793"],
  ["the forbidden version", `ff-${ids}-01`],
  ["no trace", `00-${"0".repeat(32)}-b7ad6b7169203331-01`],
  ["no span", `00-0af7651916cd43dd8448eb211c80319c-${"0".repeat(16)}-01`],
  ["capitals", `00-${ids.toUpperCase()}-01`],
  ["too much", `00-${ids}-01-and-more`],
] as const) {
  test(`${what} is no context, and passes as it is`, () => {
    assert.equal(isTraceparent(trace), false);
    assert.equal(partsOfTrace(trace), undefined);
    assert.equal(unsampled(trace), trace);
  });
}

test("only the lowest flag says sampled", () => {
  for (const [flags, expected] of [
    ["00", false],
    ["01", true],
    ["02", false],
    ["03", true],
    ["fe", false],
  ] as const) {
    assert.equal(isSampled(`00-${ids}-${flags}`), expected, flags);
  }
});
