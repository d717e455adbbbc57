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
  const expanded = expandItem(item({ recipients: [] }), context(), 0);
  assert.deepEqual(expanded.ok && [...expanded.value], []);
});

test("recipients that are no bare addresses are returned, the others get theirs", () => {
  for (const wrong of ["a@b/c".padStart(40, "a"), "@@", ""]) {
    const expanded = expandItem(item({ recipients: [wrong, "ok@example.org"] }), context(), 0);
    assert.ok(expanded.ok);
    assert.match(String(expanded.value.next().value), /to="ok@example.org"/);
    assert.deepEqual(expanded.value.next(), { done: true, value: [wrong] });
  }
});

test("who has parted is left out of templates made before, not of later ones, of other ghosts or for others", () => {
  const shared = context();
  const parted = "2026-11-23T09:59:58.000Z";
  const goodbye = `<presence from="nina@${domain}/causeway" to="a@x" type="unavailable"/>`;
  assert.ok(expandItem(item({ xml: goodbye, parting: true }), shared, Date.parse(parted)).ok);
  const addressed = (more: Partial<OutboundItem>) => {
    const expanded = expandItem(item({ recipients: ["a@x", "b@x"], ...more }), shared, 0);
    assert.ok(expanded.ok);
    return [...expanded.value].map((xml) => / to="([^"]*)"/.exec(xml)?.[1]);
  };
  assert.deepEqual(addressed({ time: "2026-11-23T09:59:57.999Z" }), ["b@x"]);
  assert.deepEqual(addressed({ time: parted }), ["b@x"]);
  assert.deepEqual(addressed({ time: "2026-11-23T09:59:58.001Z" }), ["a@x", "b@x"]);
  const other = `<presence from="noah@${domain}/causeway"/>`;
  assert.deepEqual(addressed({ xml: other, time: parted }), ["a@x", "b@x"]);
});

test("presence that is unavailable and no parting leaves nobody out", () => {
  const shared = context();
  const unavailable = `<presence from="nina@${domain}/causeway" to="a@x" type="unavailable"/>`;
  expandItem(item({ xml: unavailable }), shared, Number.MAX_SAFE_INTEGER);
  const expanded = expandItem(item({ recipients: ["a@x"] }), shared, 0);
  assert.equal(expanded.ok && [...expanded.value].length, 1);
});

test("a template that was refused does not count as the newest broadcast", () => {
  const shared = context();
  const availability = { ghost: "nina", version: 9 };
  expandItem(item({ recipients: ["@@"], availability }), shared, 0);
  const older = expandItem(
    item({ recipients: ["a@b"], availability: { ...availability, version: 8 } }),
    shared,
    0,
  );
  assert.equal(older.ok && [...older.value].length, 1);
});

test("a template is addressed only as far as it is read", () => {
  const expanded = expandItem(item({ recipients: ["a@x", "b@x"] }), context(), 0);
  assert.ok(expanded.ok);
  const [first] = expanded.value;
  assert.match(first ?? "", /to="a@x"/);
});

test("a time that is none stamps nothing and stops nothing", () => {
  const xml = `<message id="m" from="nina@${domain}" to="a@b"><body>x</body></message>`;
  const expanded = expandItem(item({ xml, written: "2026-99-99T99:99:99Z" }), context(), 0);
  assert.deepEqual(expanded.ok && [...expanded.value], [
    `<message id="m" from="nina@${domain}" to="a@b"><body>x</body></message>`,
  ]);
});

test("what has expired is dropped, and until then written as it is", () => {
  const xml = `<message id="m" from="nina@${domain}" to="a@b"><composing/></message>`;
  const countWith = (expires: string) => {
    const expanded = expandItem(item({ xml, expires }), context(), 0);
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
  for (const [contact, at] of [
    ["x", 5],
    ["y", 5],
    ["x", 4],
    ["z", 5],
  ] as const) {
    versions.part("a", contact, at);
  }
  assert.equal(versions.hasParted("a", "y", 1), false, "y was forgotten");
  assert.equal(versions.hasParted("a", "x", 5), true, "an earlier parting changes nothing");
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
