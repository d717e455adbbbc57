/** Whatever comes in, from either side: no crash, no hang, nothing false goes out. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { seed } from "#test/harness/env.ts";
import { withstand, withstandExtremes } from "#test/harness/hostile/inputs.ts";
import { makeContext } from "#test/unit/core/translate/support.ts";

const count = 200_000;

test(`${count} hostile stanzas and events, seed ${seed}`, (t) => {
  const tally = withstand(makeContext(), seed, count);
  t.diagnostic(`seed ${seed}: ${JSON.stringify(tally)}`);
  assert.ok(tally.readable > count / 4 && tally.accepted > count / 10, JSON.stringify(tally));
});

test("stanzas at the limits and far beyond", (t) => {
  t.diagnostic(JSON.stringify(withstandExtremes(makeContext())));
});
