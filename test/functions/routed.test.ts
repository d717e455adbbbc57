/** `message.routed`: what the connector says of messages of ours, over real engines. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { openPolicy } from "#core/policy.ts";
import { messageWork } from "#functions/message.ts";
import { readLetter, replayOf } from "#local/ops/letters.ts";
import { domain, portsOver, takeDeadLetters, takeEvents, takeStanzas } from "#test/harness/functions.ts";
import { packOf, record, stanza, unique } from "#test/harness/lambda-events.ts";
import { invoke } from "#test/harness/runs.ts";
import { useEngines } from "#test/harness/use-engines.ts";

const engines = await useEngines({ users: ["nina"] });

/** Handles a note about the message with this stanza id; without `routed` it is a contact's own stanza. */
async function note(
  id: string,
  routed?: string,
  attrs: Readonly<Record<string, string>> = {},
): Promise<void> {
  const xml = stanza("message", { type: "headline", id, ...attrs }, "");
  const body = packOf([{ xml, seq: unique(), ...(routed !== undefined && { routed }) }]);
  assert.deepEqual(await invoke(messageWork, portsOver(engines), [record({ body })]), {
    batchItemFailures: [],
  });
}
const delivered = async () =>
  (await takeEvents(engines)).map(({ type, data }) => [type, data["id"], data["part"]]);

test("a message is said to be routed once, however often the connector says it of one item", async () => {
  await note("m1/2", "urn:x e1/1");
  await note("m1/2", "urn:x e1/1");
  await note("m2", "urn:x e2/0");
  assert.deepEqual(await delivered(), [
    ["message.routed", "m1", 2],
    ["message.routed", "m2", undefined],
  ]);
});

test("it is still said when it was set aside and is replayed", async () => {
  const broken = {
    ...engines.table,
    userAt() {
      throw new TypeError("our own fault");
    },
  };
  const xml = stanza("message", { type: "headline", id: "m3/1" });
  const body = packOf([{ xml, seq: unique(), routed: "urn:x e3/1" }]);
  await invoke(messageWork, portsOver({ ...engines, table: broken }), [record({ body })]);
  assert.deepEqual(await delivered(), []);
  const [letter] = await takeDeadLetters(engines, "messageStanzas");
  assert.equal(letter?.reason, "fault");
  const common = { id: "letter", receipt: "", group: "", sequence: "", receives: 1, sentAt: 0 };
  const replay = replayOf(readLetter("messageStanzas", { ...common, body: JSON.stringify(letter) }));
  assert.ok(replay.ok);
  await invoke(messageWork, portsOver(engines), [record({ body: replay.value.body })]);
  assert.deepEqual(await delivered(), [["message.routed", "m3", 1]]);
});

test("the same from a contact is nothing", async () => {
  await note("m1");
  assert.deepEqual(await delivered(), []);
});

test("for a user that is gone it is nothing, and nobody is answered", async () => {
  await note("m1", "urn:x e1/0", { to: `gone@${domain}` });
  assert.deepEqual(await delivered(), []);
  assert.deepEqual(await takeStanzas(engines), []);
});

test("it comes through where strangers may nothing", async () => {
  await engines.table.writePolicy(domain, { ...openPolicy, strangers: "nothing" });
  await note("m1", "urn:x e9/0");
  assert.deepEqual(await delivered(), [["message.routed", "m1", undefined]]);
});

test("it comes through where the contact's domain was denied since", async () => {
  await engines.table.writePolicy(domain, { ...openPolicy, deny: ["example.org"] });
  await note("m1", "urn:x e10/0");
  assert.deepEqual(await delivered(), [["message.routed", "m1", undefined]]);
});
