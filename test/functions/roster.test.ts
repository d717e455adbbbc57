/** Pages of a roster: never more than asked for, and nobody twice or left out. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { PairState } from "#core/pair.ts";
import { announce, domain, pairOf } from "#test/harness/functions.ts";
import { useEngines } from "#test/harness/use-engines.ts";

const engines = await useEngines();

/** Pairs that are not known have no availability beside them, so a page of items holds twice as many. */
const states: readonly PairState[] = [
  { state: "both", preApproved: false },
  { state: "none", preApproved: true },
  { state: "from", preApproved: false, blocked: true },
];

test("pages hold as many as were asked for at the most, and together everybody once", async () => {
  await announce(engines, "paula");
  const contacts = Array.from({ length: 13 }, (_, index) => `c${String(index).padStart(2, "0")}@example.org`);
  for (const [index, text] of contacts.entries()) {
    const state = states[index % states.length];
    assert.ok(state);
    const record = { state, marks: { xmpp: "", native: "" }, version: 1, outbox: [] };
    assert.ok(await engines.table.commitPair(pairOf("paula", text), undefined, record));
  }
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await engines.table.roster(domain, pairOf("paula", "x@example.org").user, cursor, 3);
    assert.ok(page.entries.length <= 3);
    seen.push(...page.entries.map(({ contact }) => contact));
    cursor = page.cursor;
  } while (cursor !== undefined);
  assert.deepEqual(seen, contacts);
});
