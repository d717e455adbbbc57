/** `presence-stanzas`: subscriptions, availability and probes of contacts, over real engines. */

import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import type { SQSRecord } from "aws-lambda";
import { nativeEventsGroup, pairGroup } from "#aws/hash.ts";
import { limits } from "#core/limits.ts";
import type { SubscriptionState } from "#core/subscription.ts";
import { nativeWork } from "#functions/native.ts";
import { makeHandler } from "#functions/pipeline.ts";
import type { Ports } from "#functions/ports.ts";
import { presenceWork } from "#functions/presence.ts";
import {
  domain,
  pairOf,
  portsOver,
  relate,
  take,
  takeEvents,
  takeStanzas,
  userId,
} from "#test/harness/functions.ts";
import {
  again,
  available,
  invocation,
  nativeRecord,
  pack,
  packOf,
  presence,
  record,
  unique,
} from "#test/harness/lambda-events.ts";
import { perform } from "#test/harness/runs.ts";
import { useEngines } from "#test/harness/use-engines.ts";

const engines = await useEngines({ users: ["nina"] });
let ports: Ports;
const nina = userId("nina");

beforeEach(() => {
  ports = portsOver(engines);
});

/** A contact that nobody has met. */
const stranger = () => `c${unique()}@example.org`;

async function contactIn(state: SubscriptionState, preApproved = false): Promise<string> {
  const contact = stranger();
  await relate(engines, pairOf("nina", contact), { state, preApproved });
  return contact;
}

async function handle(...xmls: string[]): Promise<void> {
  await perform(presenceWork, ports, record({ body: pack(...xmls) }));
}

async function native(...records: SQSRecord[]): Promise<void> {
  await perform(nativeWork, ports, ...records);
}

/** Hands what functions have put into native-events to the native function. */
async function runInternalEvents(): Promise<void> {
  for (const { group, body } of await take(engines, "nativeEvents")) await native(record({ body, group }));
}

const told = async () =>
  (await takeEvents(engines)).map(({ type, data: { user: _, contact: __, ...said } }) => ({ type, ...said }));
const stateOf = async (contact: string) => (await engines.table.readPair(pairOf("nina", contact)))?.state;
const isSubscriber = async (contact: string) =>
  (await engines.table.subscribers(domain, nina, undefined)).contacts.includes(contact);

describe("subscriptions", () => {
  test("a request is delivered, its acceptance makes a subscriber who is shown the user's presence", async () => {
    const contact = stranger();
    await native(nativeRecord("presence.changed", { user: "nina", show: "away", status: "tea" }));
    await handle(presence(contact, { type: "subscribe" }, "<status>It's me</status>"));
    assert.deepEqual(await told(), [
      { type: "contact.requested", note: "It's me", subscription: "none", pending: "in" },
    ]);
    assert.equal(await isSubscriber(contact), false);

    await native(nativeRecord("contact.accepted", { user: "nina", contact, mutual: false }));
    assert.equal((await stateOf(contact))?.state, "from");
    assert.equal(await isSubscriber(contact), true);
    const [subscribed, shown, ...more] = await takeStanzas(engines);
    assert.deepEqual(more, []);
    assert.match(subscribed?.xml ?? "", /^<presence from="nina@[^"/]+" .*type="subscribed"/);
    assert.match(shown?.xml ?? "", /from="nina@[^"]+\/causeway".*<show>away<\/show><status>tea</);
    const version = (await engines.table.readUser(domain, nina))?.presence?.version;
    assert.deepEqual(shown?.availability, { ghost: `nina@${domain}`, version });
    assert.equal(shown?.group, pairGroup(domain, "nina", contact));
  });

  test("a request that was approved in advance is answered at once, and presence follows", async () => {
    const contact = await contactIn("none", true);
    await handle(presence(contact, { type: "subscribe" }));
    assert.deepEqual(await told(), [
      { type: "contact.requested", preApproved: true, subscription: "from", pending: "none" },
    ]);
    assert.equal(await isSubscriber(contact), true);
    const internal = await take(engines, "nativeEvents");
    assert.deepEqual(
      internal.map(({ group }) => group),
      [nativeEventsGroup("nina")],
    );
    await native(record({ body: internal[0]?.body ?? "", group: "nina" }));
    const xmls = (await takeStanzas(engines)).map(({ xml }) => xml);
    assert.equal(xmls.length, 2);
    assert.match(xmls[0] ?? "", /type="subscribed"/);
    assert.match(xmls[1] ?? "", /<presence /);
  });

  test("whoever leaves is no subscriber any more, and forgotten when nothing is left", async () => {
    const contact = await contactIn("both");
    await handle(
      available(`${contact}/a`, "online"),
      presence(contact, { type: "unsubscribe" }),
      presence(contact, { type: "unsubscribed" }),
    );
    assert.deepEqual(
      (await told()).map(({ type }) => type),
      ["presence.changed", "contact.removed", "contact.removed"],
    );
    assert.equal(await isSubscriber(contact), false);
    assert.equal((await stateOf(contact))?.state, "none");
    assert.equal(await engines.table.readAvailability(pairOf("nina", contact)), undefined);
  });

  test("a request for nobody is met with silence, a probe of nobody with what strangers get", async () => {
    const to = `nobody@${domain}`;
    const contact = stranger();
    await handle(presence(contact, { to, type: "subscribe" }), presence(contact, { to, type: "probe" }));
    assert.deepEqual(await told(), []);
    const xmls = (await takeStanzas(engines)).map(({ xml }) => xml);
    assert.equal(xmls.length, 1);
    assert.match(xmls[0] ?? "", /type="unsubscribed"/);
  });

  test("an error on a request is told as contact.failed", async () => {
    const contact = await contactIn("none+out");
    const error = `<error type="cancel"><remote-server-not-found xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error>`;
    await handle(presence(contact, { type: "error", id: "subscribe/x" }, error));
    const [failed] = await told();
    assert.equal(failed?.type, "contact.failed");
    assert.equal((await stateOf(contact))?.state, "none+out");
  });
});

describe("probes", () => {
  const ask = (contact: string) => presence(contact, { type: "probe", id: "p1" });

  test("of strangers, pending ones included, are refused under their own id", async () => {
    for (const contact of [stranger(), await contactIn("none+in"), await contactIn("to")]) {
      await handle(ask(contact));
      await runInternalEvents();
      const xmls = (await takeStanzas(engines)).map(({ xml }) => xml);
      assert.equal(xmls.length, 1);
      assert.match(xmls[0] ?? "", /^<presence from="nina@[^"/]+" .*id="p1" type="unsubscribed"/);
    }
  });

  test("of subscribers are answered by the one writer of the user's presence", async () => {
    const contact = await contactIn("from");
    await native(nativeRecord("presence.changed", { user: "nina", show: "dnd" }));
    await handle(ask(contact));
    assert.deepEqual(await takeStanzas(engines), []);
    await runInternalEvents();
    const [answer] = await takeStanzas(engines);
    assert.match(answer?.xml ?? "", /\/causeway".*id="p1".*<show>dnd</);
    assert.ok(answer?.availability);
  });

  test("are not answered when the subscription ended before the answer was made", async () => {
    const contact = await contactIn("from");
    await handle(ask(contact));
    await native(nativeRecord("contact.removed", { user: "nina", contact }));
    await takeStanzas(engines);
    await runInternalEvents();
    assert.deepEqual(await takeStanzas(engines), []);
  });
});

describe("availability", () => {
  test("costs one write and no read for each stanza, and tells only what changes", async () => {
    const contact = await contactIn("to");
    await handle(available(`${contact}/a`, "online"));
    assert.deepEqual(await told(), [{ type: "presence.changed", show: "online", devices: 1 }]);
    engines.requests.length = 0;
    await handle(
      available(`${contact}/a`, "online"),
      available(`${contact}/b`, "away"),
      available(`${contact}/a`, "online", "<priority>-1</priority>"),
      presence(`${contact}/b`, { type: "unavailable" }),
      presence(`${contact}/a`, { type: "unavailable" }),
    );
    assert.deepEqual(
      engines.requests.filter((name) => name !== "SendMessageBatchCommand"),
      Array(5).fill("UpdateItemCommand"),
    );
    assert.deepEqual(await told(), [
      { type: "presence.changed", show: "away", devices: 1 },
      { type: "presence.changed", show: "offline", devices: 0 },
    ]);
  });

  test("of a pair that is not known is nobody's business", async () => {
    await handle(available(`${stranger()}/a`, "online"), presence(stranger(), { type: "unavailable" }));
    assert.deepEqual(await told(), []);
  });

  test("of a bare JID that goes is that of all its devices", async () => {
    const contact = await contactIn("both");
    await handle(available(`${contact}/a`, "online"), available(`${contact}/b`, "dnd"));
    await told();
    await handle(presence(contact, { type: "unavailable" }));
    assert.deepEqual(await told(), [{ type: "presence.changed", show: "offline", devices: 0 }]);
    assert.deepEqual(await engines.table.readAvailability(pairOf("nina", contact)), {});
  });

  test("of an older stream or place changes nothing, the same one again repeats its event", async () => {
    const contact = await contactIn("to");
    const handleItem = (item: { xml: string; seq: number; fence: number }, receives: number) =>
      makeHandler(presenceWork, ports)(invocation(record({ body: packOf([item]), receives })));
    const current = { xml: available(`${contact}/a`, "chat"), seq: 5, fence: 9 };
    await handleItem(current, 1);
    const [first] = await takeEvents(engines);
    await handleItem({ ...current, seq: 4, xml: available(`${contact}/a`, "away") }, 1);
    await handleItem({ ...current, fence: 8, seq: 99, xml: available(`${contact}/a`, "xa") }, 1);
    assert.deepEqual(await told(), []);
    // Within five minutes SQS drops the repeat: so ask what the function sends.
    const sent: string[] = [];
    const { queues } = engines;
    const listening = portsOver({
      ...engines,
      queues: {
        ...queues,
        send: (queue, messages) => {
          sent.push(...messages.map(({ body }) => body));
          return queues.send(queue, messages);
        },
      },
    });
    await makeHandler(presenceWork, listening)(invocation(record({ body: packOf([current]), receives: 2 })));
    assert.deepEqual(sent, [JSON.stringify(first)]);
  });

  for (const [what, second] of [
    ["the same again", (from: string) => available(from, "away")],
    ["another device that does not count", (from: string) => available(`${from}2`, "xa")],
  ] as const) {
    test(`that told nothing tells nothing when it is repeated: ${what}`, async () => {
      const contact = await contactIn("to");
      await handle(available(`${contact}/a`, "away"));
      await told();
      const one = record({ body: pack(second(`${contact}/a`)) });
      for (const event of [one, again(one)]) await makeHandler(presenceWork, ports)(invocation(event));
      assert.deepEqual(await told(), []);
    });
  }

  test("of a bare JID that was gone tells nothing when it is repeated", async () => {
    const contact = await contactIn("to");
    await handle(available(`${contact}/a`, "online", "<priority>-5</priority>"));
    const one = record({ body: pack(presence(contact, { type: "unavailable" })) });
    for (const event of [one, again(one)]) await makeHandler(presenceWork, ports)(invocation(event));
    assert.deepEqual(await told(), []);
  });

  test("is kept of the latest devices only, and of more than those when they come back", async () => {
    const contact = await contactIn("to");
    const more = 3;
    const names = Array.from({ length: limits.resourcesMax + more }, (_, n) => `d${n}`);
    const stamp = (n: number) =>
      `<delay xmlns="urn:xmpp:delay" stamp="2026-11-01T00:00:${String(n).padStart(2, "0")}Z"/>`;
    await handle(...names.map((name, n) => available(`${contact}/${name}`, "online", stamp(n))));
    const known = await engines.table.readAvailability(pairOf("nina", contact));
    assert.deepEqual(Object.keys(known ?? {}).sort(), names.slice(more).sort());
  });

  test("takes device names as they come, however odd", async () => {
    const contact = await contactIn("to");
    const odd = ["#r0", "mark", "r#x", "&quot;:&apos;", "ü€𝄞", "__proto__", "constructor", "x".repeat(1023)];
    await handle(...odd.map((name) => available(`${contact}/${name}`, "online")));
    const known = await engines.table.readAvailability(pairOf("nina", contact));
    assert.equal(Object.keys(known ?? {}).length, odd.length);
    await handle(...odd.map((name) => presence(`${contact}/${name}`, { type: "unavailable" })));
    assert.deepEqual(await engines.table.readAvailability(pairOf("nina", contact)), {});
  });
});
