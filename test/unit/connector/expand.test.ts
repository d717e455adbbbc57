import assert from "node:assert/strict";
import { test } from "node:test";
import { type ExpandContext, expandItem } from "#connector/expand.ts";
import { makeVersions } from "#connector/versions.ts";
import type { OutboundItem } from "#core/contract/envelope.ts";
import { limits } from "#core/limits.ts";
import { domain } from "./support.ts";

const context = (): ExpandContext => ({
  domain,
  now: () => Date.parse("2026-11-23T10:00:00Z"),
  versions: makeVersions(10),
  limits,
});

const item = (more: Partial<OutboundItem>): OutboundItem => ({
  id: "e1",
  time: "2026-11-23T10:00:00Z",
  trace: "t",
  hops: 1,
  xml: `<presence from="nina@${domain}/causeway"/>`,
  ...more,
});

test("a template with no recipients is no stanza", () => {
  const expanded = expandItem(item({ recipients: [] }), context());
  assert.deepEqual(expanded.ok && [...expanded.value], []);
});

test("a template with one recipient that is no bare address is refused as a whole", () => {
  for (const wrong of ["a@b/c", "@@", ""]) {
    const expanded = expandItem(item({ recipients: ["ok@example.org", wrong] }), context());
    assert.equal(expanded.ok, false);
  }
});

test("a template that was refused does not count as the newest broadcast", () => {
  const shared = context();
  const availability = { ghost: "nina", version: 9 };
  expandItem(item({ recipients: ["@@"], availability }), shared);
  const older = expandItem(
    item({ recipients: ["a@b"], availability: { ...availability, version: 8 } }),
    shared,
  );
  assert.equal(older.ok && [...older.value].length, 1);
});

test("a template is addressed only as far as it is read", () => {
  const expanded = expandItem(item({ recipients: ["a@x", "b@x"] }), context());
  assert.ok(expanded.ok);
  const [first] = expanded.value;
  assert.match(first ?? "", /to="a@x"/);
});

test("a time that is none stamps nothing and stops nothing", () => {
  const xml = `<message id="m" from="nina@${domain}" to="a@b"><body>x</body></message>`;
  const expanded = expandItem(item({ xml, written: "2026-99-99T99:99:99Z" }), context());
  assert.deepEqual(expanded.ok && [...expanded.value], [
    `<message id="m" from="nina@${domain}" to="a@b"><body>x</body></message>`,
  ]);
});

test("what has expired is dropped, and until then written as it is", () => {
  const xml = `<message id="m" from="nina@${domain}" to="a@b"><composing/></message>`;
  const countWith = (expires: string) => {
    const expanded = expandItem(item({ xml, expires }), context());
    return expanded.ok && [...expanded.value];
  };
  assert.deepEqual(countWith("2026-11-23T10:00:00.000Z"), [xml]);
  assert.deepEqual(countWith("2026-11-23T09:59:59.999Z"), []);
  assert.deepEqual(countWith("2026-99-99T99:99:99Z"), [xml], "a time that is none stops nothing");
});

test("only so many ghosts are remembered, and those of the newest broadcasts stay", () => {
  const versions = makeVersions(2);
  versions.note("a", 5);
  versions.note("b", 5);
  versions.note("a", 6);
  versions.note("c", 5);
  assert.equal(versions.isOld("b", 1), false, "b was forgotten");
  assert.equal(versions.isOld("a", 5), true);
  assert.equal(versions.isOld("c", 4), true);
});

test("an older broadcast does not lower the newest version", () => {
  const versions = makeVersions(2);
  versions.note("a", 6);
  versions.note("a", 5);
  assert.equal(versions.isOld("a", 5), true);
});
