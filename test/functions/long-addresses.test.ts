/** Contacts and users with the longest addresses there are, which no key holds: everything about them, over real engines. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { SQSRecord } from "aws-lambda";
import { nativeEventsGroup } from "#aws/hash.ts";
import { limits } from "#core/limits.ts";
import { nativeWork } from "#functions/native.ts";
import type { Work } from "#functions/pipeline.ts";
import { presenceWork } from "#functions/presence.ts";
import {
  announce,
  domain,
  pairOf,
  portsOver,
  relate,
  take,
  takeDeadLetters,
  takeEvents,
  takeStanzas,
  userId,
} from "#test/harness/functions.ts";
import { nativeEvent, pack, presence, record, stanza } from "#test/harness/lambda-events.ts";
import { makeStage, says } from "#test/harness/resync.ts";
import { invoke, perform } from "#test/harness/runs.ts";
import { useEngines } from "#test/harness/use-engines.ts";
import { holdWalks, takeStep, walkToEnd } from "#test/harness/walks.ts";

const engines = await useEngines();

const part = limits.jidPartBytesMax;
/** Each `#` of an id is three characters of its key. */
const user = "#".repeat(part);
const far = (end: string) => `${"x".repeat(part - end.length)}${end}@${"y".repeat(part)}`;

async function handle(work: Work, ...records: SQSRecord[]): Promise<void> {
  await perform(work, portsOver(engines), ...records);
  for (const queue of ["nativeEvents", "presenceStanzas", "walks"] as const) {
    assert.deepEqual(await takeDeadLetters(engines, queue), []);
  }
}
const hears = (...xmls: string[]) => handle(presenceWork, record({ body: pack(...xmls) }));
const does = (type: string, data: object = {}) =>
  handle(nativeWork, record({ body: nativeEvent(type, { user, ...data }), group: nativeEventsGroup(user) }));
const told = async () =>
  (await takeEvents(engines)).map(({ type, data: { user: _, ...said } }) => ({ type, ...said }));

test("a contact asks, is let in, is seen, sees the user, is listed, blocked and let go", async () => {
  await announce(engines, user);
  const contact = far("z");
  const [other, pair] = [far("other"), pairOf(user, contact)];
  await relate(engines, pairOf(user, other), { state: "from" });
  const to = `${user}@${domain}`;
  const standing = { subscription: "from", pending: "out" };
  await hears(presence(contact, { type: "subscribe", to }));
  assert.deepEqual(await told(), [
    { type: "contact.requested", contact, subscription: "none", pending: "in" },
  ]);
  await does("contact.accepted", { contact });
  await hears(presence(contact, { type: "subscribed", to }));
  assert.deepEqual(await told(), [
    { type: "contact.accepted", contact, ...standing, subscription: "both", pending: "none" },
  ]);
  await hears(stanza("presence", { from: `${contact}/${"r".repeat(part)}`, to }));
  assert.deepEqual(await told(), [{ type: "presence.changed", contact, show: "online", devices: 1 }]);

  await does("presence.changed", { show: "away" });
  const [template, ...more] = await takeStanzas(engines, "outboundPresence");
  assert.deepEqual(more, []);
  assert.deepEqual(template?.recipients?.toSorted(), [other, contact].toSorted());

  await does("roster.requested");
  const [page] = await told();
  const listed = [
    { contact: other, subscription: "from", pending: "none", show: "offline" },
    { contact, subscription: "both", pending: "none", show: "online" },
  ];
  assert.deepEqual(
    (page as { contacts?: { contact: string }[] }).contacts?.toSorted((a, b) =>
      a.contact < b.contact ? -1 : 1,
    ),
    listed.toSorted((a, b) => (a.contact < b.contact ? -1 : 1)),
  );

  await does("contact.blocked", { contact });
  assert.deepEqual(await told(), [{ type: "presence.changed", contact, show: "offline", devices: 0 }]);
  assert.equal(await engines.table.readAvailability(pair), undefined);
  await does("contact.unblocked", { contact });
  await does("contact.removed", { contact });
  assert.equal((await engines.table.readPair(pair))?.state.state, "none");
  const { contacts } = await engines.table.subscribers(domain, userId(user), undefined);
  assert.deepEqual(contacts, [other]);
});

test("a walk after a gap meets them, asks them, and forgets who stays silent", async () => {
  const stage = makeStage(engines);
  await stage.user(user);
  const contact = far("w").slice(0, -1);
  const pair = { ...pairOf(user, contact), domain: stage.domain };
  await relate(engines, pair, { state: "both" });
  await says(engines, pair, 4, "phone");
  assert.ok(await takeStep(stage.task(5), stage.ports));
  await walkToEnd(stage.parts.held, stage.ports);
  const asked = await takeStanzas(engines);
  assert.deepEqual(
    asked.map(({ xml }) => [/ type="(\w+)"/.exec(xml)?.[1], xml.includes(` to="${contact}"`)]),
    [
      ["probe", true],
      [undefined, true],
    ],
  );
  const news = (await takeEvents(engines)).filter(({ type }) => type === "presence.changed");
  assert.deepEqual(
    news.map(({ data }) => [data["user"], data["contact"], data["show"]]),
    [[user, contact, "offline"]],
  );
});

test("pages of a roster end where an event does, and together hold everybody once", async () => {
  const [someone, count] = ["someone", 200];
  await announce(engines, someone);
  const contacts = Array.from({ length: count }, (_, n) => far(`-${n}`));
  await Promise.all(contacts.map((contact) => relate(engines, pairOf(someone, contact), { state: "to" })));
  const seen: string[] = [];
  let cursor: unknown;
  let pages = 0;
  do {
    const data = { user: someone, ...(cursor === undefined ? {} : { cursor }) };
    await handle(nativeWork, record({ body: nativeEvent("roster.requested", data), group: someone }));
    const [event] = await take(engines, "nativeDeliveries");
    assert.ok(Buffer.byteLength(event?.body ?? "") <= limits.eventBytesMax);
    const listed = JSON.parse(event?.body ?? "").data as { contacts: { contact: string }[]; cursor?: string };
    seen.push(...listed.contacts.map(({ contact }) => contact));
    cursor = listed.cursor;
    pages += 1;
  } while (cursor !== undefined);
  assert.equal(pages, 2);
  assert.deepEqual(seen.toSorted(), contacts.toSorted());
});

test("a user of such an id is removed with all contacts, and its address is free again", async () => {
  const gone = "%".repeat(part);
  await announce(engines, gone);
  const contact = far("gone");
  await relate(engines, pairOf(gone, contact), { state: "both" });
  const parts = holdWalks(engines);
  const one = record({ body: nativeEvent("user.removed", { user: gone }), group: nativeEventsGroup(gone) });
  await invoke(nativeWork, portsOver(parts), [one]);
  await walkToEnd(parts.held, portsOver(parts));
  const types = (await takeStanzas(engines)).map(({ xml }) => / type="(\w+)"/.exec(xml)?.[1]);
  assert.deepEqual(types.toSorted(), ["unavailable", "unsubscribe", "unsubscribed"]);
  assert.equal(await engines.table.readUser(domain, userId(gone)), undefined);
  assert.equal(await engines.table.userAt(domain, gone), undefined);
});
