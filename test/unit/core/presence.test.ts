import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  type Availability,
  aggregate,
  availabilityStanza,
  type Show,
  sameToWatchers,
} from "#core/presence.ts";
import { checkOutbound, serializeStanza } from "#core/xmpp/codec.ts";
import { caps, contact, domain, ghost, makeContext } from "./translate/support.ts";

const ctx = makeContext();

function resource(show: Show, minute: number, more: Partial<Availability> = {}): Availability {
  const time = `2026-11-02T09:${String(minute).padStart(2, "0")}:00Z`;
  return { show, priority: 0, epoch: 1, time, ...more };
}

test("a contact without resources is offline", () => {
  assert.deepEqual(aggregate({}), { show: "offline", devices: 0 });
});

test("a resource of negative priority neither counts nor shows", () => {
  const resources = { bot: resource("chat", 1, { priority: -1 }), phone: resource("away", 0) };
  assert.deepEqual(aggregate(resources), { show: "away", devices: 1 });
  assert.deepEqual(aggregate({ bot: resource("online", 1, { priority: -1 }) }), {
    show: "offline",
    devices: 0,
  });
});

test("the more available show wins: chat, online, away, xa, dnd, whatever is later or of higher priority", () => {
  const order = ["chat", "online", "away", "xa", "dnd"] as const;
  for (const [rank, better] of order.entries()) {
    for (const worse of order.slice(rank + 1)) {
      const resources = { a: resource(worse, 9, { priority: 5 }), b: resource(better, 1) };
      assert.equal(aggregate(resources).show, better, `${better} over ${worse}`);
    }
  }
});

test("of two equally available the later speaks, with its own status and idle time", () => {
  const resources = {
    a: resource("away", 1, { status: "lunch", idleSince: "2026-11-02T08:00:00Z" }),
    b: resource("away", 2, { status: "meeting" }),
  };
  assert.deepEqual(aggregate(resources), { show: "away", status: "meeting", devices: 2 });
});

test("times are compared as times, not as text", () => {
  const resources = {
    a: { ...resource("online", 0), status: "later", time: "2026-11-02T09:00:00+00:00" },
    b: { ...resource("online", 0), status: "earlier", time: "2026-11-02T10:00:00+02:00" },
  };
  assert.equal(aggregate(resources).status, "later");
});

test("the order in which resources are stored makes no difference", () => {
  const show = fc.constantFrom<Show>("online", "chat", "away", "xa", "dnd", "offline");
  const one = fc.record({
    show,
    status: fc.string({ maxLength: 2 }),
    minute: fc.integer({ min: 0, max: 2 }),
  });
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.string({ maxLength: 3 }), one), { maxLength: 5 }), (list) => {
      const names = new Map(
        list.map(([name, it]) => [name, resource(it.show, it.minute, { status: it.status })]),
      );
      const forwards = Object.fromEntries(names);
      const backwards = Object.fromEntries([...names].reverse());
      assert.deepEqual(aggregate(forwards), aggregate(backwards));
    }),
  );
});

test("watchers see show, status and idle time, and not the number of devices", () => {
  const now = { show: "away", status: "lunch", idleSince: "2026-11-02T08:00:00Z", devices: 1 } as const;
  assert.ok(sameToWatchers(now, { ...now, devices: 2 }));
  assert.ok(!sameToWatchers(now, { ...now, show: "xa" }));
  assert.ok(!sameToWatchers(now, { ...now, status: "dinner" }));
  assert.ok(!sameToWatchers(now, { ...now, idleSince: "2026-11-02T08:01:00Z" }));
});

const said = { version: 3, time: "2026-11-02T09:00:00Z" };
const stamp = `<delay xmlns="urn:xmpp:delay" from="${domain}" stamp="2026-11-02T09:00:00Z"/>`;

const can = `<c xmlns="http://jabber.org/protocol/caps" hash="sha-1" node="urn:causeway" ver="${caps.ver}"/>`;

test("online has no show; every availability has priority 0 and capabilities, from the ghost's resource", () => {
  const xml = serializeStanza(availabilityStanza(ctx.ghost, undefined, { ...said, show: "online" }, caps));
  assert.equal(xml, `<presence from="${ghost}/causeway"><priority>0</priority>${can}</presence>`);
});

test("an answer to one contact says show, status, idle time and since when, under the probe's id", () => {
  const away = { ...said, show: "away", status: "at <lunch>", idleSince: "2026-11-02T08:00:00Z" } as const;
  const xml = serializeStanza(availabilityStanza(ctx.ghost, ctx.pair.contact, away, caps, "p1"));
  const content =
    "<show>away</show><status>at &lt;lunch&gt;</status><priority>0</priority>" +
    '<idle xmlns="urn:xmpp:idle:1" since="2026-11-02T08:00:00Z"/>';
  assert.equal(
    xml,
    `<presence from="${ghost}/causeway" to="${contact}" id="p1">${content}${can}${stamp}</presence>`,
  );
  assert.ok(checkOutbound(xml, [domain]).ok);
});

test("offline is broadcast from the ghost's resource, with neither show, priority nor capabilities", () => {
  const offline = { ...said, show: "offline", status: "gone" } as const;
  const xml = serializeStanza(availabilityStanza(ctx.ghost, undefined, offline, caps));
  assert.equal(xml, `<presence from="${ghost}/causeway" type="unavailable"><status>gone</status></presence>`);
});

test("a probe for an offline ghost is answered from the bare JID", () => {
  const xml = serializeStanza(
    availabilityStanza(ctx.ghost, ctx.pair.contact, { ...said, show: "offline" }, caps, "p1"),
  );
  assert.equal(
    xml,
    `<presence from="${ghost}" to="${contact}" id="p1" type="unavailable">${stamp}</presence>`,
  );
});
