/** Whatever functions send to contacts goes to the connector of the user's own domain. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { SQSRecord } from "aws-lambda";
import { iqWork } from "#functions/iq.ts";
import { nativeWork } from "#functions/native.ts";
import type { Work } from "#functions/pipeline.ts";
import { presenceWork } from "#functions/presence.ts";
import { portsOver, take, takeEvents, takeStanzas, userId } from "#test/harness/functions.ts";
import { nativeRecord, pack, record, stanza } from "#test/harness/lambda-events.ts";
import { perform } from "#test/harness/runs.ts";
import { useEngines } from "#test/harness/use-engines.ts";

const domains = ["im.example.com", "chat.example.net"] as const;
const [first, second] = domains;
const contact = "alice@example.org";
const engines = await useEngines({ domains });
for (const domain of domains) {
  const made = { domain, user: userId("nina"), localpart: "nina", mark: "" };
  assert.equal(await engines.table.createUser(made), "created");
}

const handle = (work: Work, one: SQSRecord) => perform(work, portsOver(engines, { domains }), one);

const does = (domain: string, type: string, data: Record<string, unknown>) =>
  handle(nativeWork, nativeRecord(type, { domain, user: "nina", ...data }));

/** What has been sent to the second domain's connector, when nothing was to the first one's. */
async function takeOfSecond(queue: "outboundStanzas" | "outboundPresence") {
  assert.deepEqual(await take(engines, queue), []);
  return (await takeStanzas(engines, `${queue}/${second}`)).map(({ xml }) => xml);
}

test("a message leaves by its user's domain", async () => {
  await does(second, "message.sent", { contact, id: "m1", body: "hello" });
  const [xml, ...more] = await takeOfSecond("outboundStanzas");
  assert.match(xml ?? "", new RegExp(`from="nina@${second}"`));
  assert.deepEqual(more, []);
  await does(first, "message.sent", { contact, id: "m1", body: "hello" });
  assert.deepEqual(await takeStanzas(engines, `outboundStanzas/${second}`), []);
  assert.equal((await takeStanzas(engines)).length, 1);
});

test("the domain itself, and who is not there, answer by their own connector", async () => {
  for (const to of [second, `nobody@${second}`]) {
    const xml = stanza("iq", { type: "get", id: "q1", to }, `<ping xmlns="urn:xmpp:ping"/>`);
    await handle(iqWork, record({ body: pack(xml), group: "" }));
    const [answer] = await takeOfSecond("outboundStanzas");
    assert.ok(answer?.includes(`from="${to}"`), answer);
  }
});

test("subscriptions and broadcasts leave by the domain's own queues, and its events name it", async () => {
  await does(second, "contact.accepted", { contact, preApprove: true, mutual: false });
  const asks = stanza("presence", { type: "subscribe", to: `nina@${second}`, from: contact });
  await handle(presenceWork, record({ body: pack(asks) }));
  assert.ok((await takeOfSecond("outboundStanzas")).some((xml) => xml.includes('type="subscribed"')));
  await does(second, "presence.changed", { show: "dnd" });
  const [broadcast] = await takeStanzas(engines, `outboundPresence/${second}`);
  assert.deepEqual(broadcast?.recipients, [contact]);
  assert.deepEqual(await take(engines, "outboundPresence"), []);
  const events = (await takeEvents(engines)).filter(({ data }) => "user" in data);
  assert.ok(events.length > 0);
  for (const { data, source } of events)
    assert.deepEqual([data["domain"], source], [second, `xmpp:${second}`]);
});
