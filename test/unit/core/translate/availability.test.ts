import assert from "node:assert/strict";
import { test } from "node:test";
import { limits } from "#core/limits.ts";
import type { Availability } from "#core/presence.ts";
import { decideAvailability, parseAvailability, presenceChanged } from "#core/translate/availability.ts";
import { deliveriesOf, makeContext, presence, readTime } from "./support.ts";

const ctx = makeContext();
const online: Availability = { show: "online", priority: 0, epoch: 7, time: readTime };

function parse(children: string) {
  return parseAvailability(presence("", children), 7, readTime);
}

test("a bare presence is online with priority zero", () => {
  assert.deepEqual(parse(""), online);
});

test("show, status, priority, idle time and stamp are read", () => {
  const idle = '<idle xmlns="urn:xmpp:idle:1" since="2026-11-02T10:00:00+02:00"/>';
  const delay = '<delay xmlns="urn:xmpp:delay" stamp="2026-11-02T09:00:00Z"/>';
  const all = parse(`<show>xa</show><status>far away</status><priority>-5</priority>${idle}${delay}`);
  assert.deepEqual(all, {
    show: "xa",
    status: "far away",
    idleSince: "2026-11-02T08:00:00.000Z",
    priority: -5,
    epoch: 7,
    time: "2026-11-02T09:00:00.000Z",
  });
});

test("capabilities are read where they have a hash", () => {
  const caps = { hash: "sha-1", node: "n", ver: "QgayPKawpkPSDYmwT/WM94uAlu0=" } as const;
  const child = (attrs: string) => `<c xmlns="http://jabber.org/protocol/caps" node="n" ${attrs}/>`;
  assert.deepEqual(parse(child(`hash="sha-1" ver="${caps.ver}"`)), { ...online, caps });
  assert.deepEqual(parse(child('ver="0.9"')), online);
});

test("unavailable is no availability", () => {
  assert.equal(parseAvailability(presence('type="unavailable"'), 7, readTime), undefined);
});

test("what is unknown or out of range counts as absent", () => {
  const strange = ["<show>busy</show>", "<show/>", "<show>offline</show>", "<priority>high</priority>"];
  const outside = ["128", "-129", "1e2", "0x10", "5.5", "99999999999999999999", ""];
  for (const children of [...strange, ...outside.map((text) => `<priority>${text}</priority>`)]) {
    assert.deepEqual(parse(children), online, children);
  }
  assert.equal(parse("<priority> 127 </priority>")?.priority, 127);
  assert.equal(parse("<priority>-128</priority>")?.priority, -128);
});

test("times of the future and times that are none are not believed", () => {
  for (const time of ["2026-11-02T09:30:01Z", "yesterday", "2026-11-02T09:00:00", "2026-13-40T00:00:00Z"]) {
    const idle = `<idle xmlns="urn:xmpp:idle:1" since="${time}"/>`;
    assert.deepEqual(parse(`${idle}<delay xmlns="urn:xmpp:delay" stamp="${time}"/>`), online, time);
  }
});

test("children of other namespaces say nothing", () => {
  assert.deepEqual(parse('<show xmlns="urn:other">dnd</show><status xmlns="urn:other">x</status>'), online);
});

test("of a status in several languages the stanza's own is taken, else the first", () => {
  const german = '<status xml:lang="de">weg</status>';
  assert.equal(parse(`${german}<status>away</status>`)?.status, "away");
  assert.equal(parse(`${german}<status xml:lang="fr">parti</status>`)?.status, "weg");
  const french = presence('xml:lang="fr"', `${german}<status xml:lang="fr">parti</status>`);
  assert.equal(parseAvailability(french, 7, readTime)?.status, "parti");
});

test("a long status is cut between characters", () => {
  const status = parse(`<status>a${"😀".repeat(5000)}</status>`)?.status ?? "";
  assert.equal(status.length, limits.statusCharsMax - 1);
  assert.ok(status.isWellFormed());
});

test("a first resource makes the contact online, a second like it changes nothing to see", () => {
  const first = decideAvailability(ctx, {}, "phone", online);
  assert.deepEqual(first.after, { phone: online });
  assert.deepEqual(deliveriesOf(first.effects), [["presence.changed", { show: "online", devices: 1 }]]);
  const second = decideAvailability(ctx, first.after, "laptop", online);
  assert.equal(Object.keys(second.after).length, 2);
  assert.deepEqual(second.effects, []);
});

test("only the last unavailable makes the contact offline", () => {
  const both = { phone: online, laptop: online };
  const one = decideAvailability(ctx, both, "phone", undefined);
  assert.deepEqual(one, { after: { laptop: online }, effects: [] });
  const none = decideAvailability(ctx, one.after, "laptop", undefined);
  assert.deepEqual(none.after, {});
  assert.deepEqual(deliveriesOf(none.effects), [["presence.changed", { show: "offline", devices: 0 }]]);
});

test("unavailable from the bare JID is that of all resources", () => {
  const { after, effects } = decideAvailability(ctx, { phone: online, laptop: online }, "", undefined);
  assert.deepEqual(after, {});
  assert.equal(deliveriesOf(effects).length, 1);
});

test("unavailable of an unknown resource changes nothing", () => {
  assert.deepEqual(decideAvailability(ctx, { phone: online }, "laptop", undefined), {
    after: { phone: online },
    effects: [],
  });
});

test("a thousand resources leave the newest few, the one that spoke among them", () => {
  let after: Readonly<Record<string, Availability>> = {};
  for (let n = 0; n < 1000; n += 1) {
    const time = new Date(Date.parse(readTime) + n * 1000).toISOString();
    after = decideAvailability(ctx, after, `r${n}`, { ...online, time }).after;
  }
  const names = Object.keys(after);
  assert.equal(names.length, limits.resourcesMax);
  assert.ok(names.every((name) => Number(name.slice(1)) >= 1000 - limits.resourcesMax));
  const old = decideAvailability(ctx, after, "old", online).after;
  assert.ok("old" in old);
  assert.equal(Object.keys(old).length, limits.resourcesMax);
});

test("a resource may have any name", () => {
  for (const name of ["__proto__", "constructor", "toString", "7"]) {
    const first = decideAvailability(ctx, {}, name, online);
    assert.deepEqual(Object.entries(first.after), [[name, online]]);
    assert.equal(first.effects.length, 1);
    assert.equal(Object.keys(decideAvailability(ctx, first.after, name, undefined).after).length, 0);
  }
});

test("a repeat of the cause makes the same event", () => {
  const { effects } = decideAvailability(ctx, {}, "phone", online);
  assert.deepEqual(presenceChanged(ctx, { show: "online", devices: 1 }), effects);
});
