/** What the message function says to contacts of its own accord, over real engines: only when it has become true. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { SQSRecord } from "aws-lambda";
import type { Capabilities } from "#core/capabilities.ts";
import { limits } from "#core/limits.ts";
import { messageWork } from "#functions/message.ts";
import { makeHandler } from "#functions/pipeline.ts";
import { type Ending, faulty } from "#test/harness/faults.ts";
import { pairOf, portsOver, relate, takeEvents, takeStanzas } from "#test/harness/functions.ts";
import { again, invocation, pack, record, stanza, unique } from "#test/harness/lambda-events.ts";
import { useEngines } from "#test/harness/use-engines.ts";

const engines = await useEngines({ users: ["nina"] });

const stranger = () => `stranger-${unique()}@example.org`;

async function friend(): Promise<string> {
  const contact = `friend-${unique()}@example.org`;
  await relate(engines, pairOf("nina", contact), { state: "from" });
  return contact;
}

const says = (from: string, children: string, id = `m-${unique()}`) =>
  stanza("message", { type: "chat", id, from: `${from}/phone` }, children);

interface Options {
  readonly capabilities?: Partial<Capabilities>;
  readonly laterMs?: number;
}

/** What a new instance of the function makes of an invocation, over ports whose calls end as given. */
async function handle(
  one: SQSRecord,
  options: Options = {},
  endingOf?: (name: string) => Ending,
): Promise<string> {
  const parts = faulty(engines, (_, name) => endingOf?.(name) ?? "done");
  const answer = makeHandler(messageWork, portsOver(parts, options))(invocation(one));
  const ended = await Promise.race([answer, parts.died]);
  if (ended === "died") return ended;
  return ended.batchItemFailures.length === 0 ? "done" : "returned";
}

const events = async () => (await takeEvents(engines)).map(({ type, data }) => `${type} ${data["id"]}`);
const xmls = async () => (await takeStanzas(engines)).map(({ xml }) => xml);

describe("receipts at hand-over", () => {
  const handover = { capabilities: { receipts: "handover" } } as const;
  const asks = '<body>hi</body><request xmlns="urn:xmpp:receipts"/>';
  const receiptFor = (id: string) =>
    new RegExp(`^<message .*<received xmlns="urn:xmpp:receipts" id="${id}"/>`);

  test("one follows the message of a contact who may see the user, and costs one cached read", async () => {
    const contact = await friend();
    const handler = makeHandler(messageWork, portsOver(engines, handover));
    engines.requests.length = 0;
    await handler(invocation(record({ body: pack(says(contact, asks, "m1")) })));
    // The policy, the address, the user; and the pair.
    const reads = Array(4).fill("GetItemCommand");
    assert.deepEqual(engines.requests, [...reads, "SendMessageBatchCommand", "SendMessageBatchCommand"]);
    engines.requests.length = 0;
    await handler(invocation(record({ body: pack(says(contact, asks, "m2")) })));
    assert.deepEqual(engines.requests, ["SendMessageBatchCommand", "SendMessageBatchCommand"]);
    assert.deepEqual(await events(), ["message.sent m1", "message.sent m2"]);
    const [one, two, ...more] = await xmls();
    assert.deepEqual(more, []);
    assert.match(one ?? "", receiptFor("m1"));
    assert.match(two ?? "", receiptFor("m2"));
  });

  test("a stranger gets none, unless strangers are told", async () => {
    const one = record({ body: pack(says(stranger(), asks, "m1")) });
    assert.equal(await handle(one, handover), "done");
    assert.deepEqual(await xmls(), []);
    const told = { capabilities: { ...handover.capabilities, tellStrangers: true } };
    assert.equal(await handle(record({ body: pack(says(stranger(), asks, "m2")) }), told), "done");
    assert.equal((await xmls()).length, 1);
  });

  test("none leaves before the message is in the native system's queue", async () => {
    const contact = await friend();
    const one = record({ body: pack(says(contact, asks, "m1")) });
    for (const ending of ["fails", "dies"] as const) {
      await handle(one, handover, (name) => (name === "send" ? ending : "done"));
      assert.deepEqual(await xmls(), [], ending);
      assert.deepEqual(await events(), [], ending);
    }
  });

  test("one is not lost when the function dies between the message and it, and neither is said twice", async () => {
    const contact = await friend();
    const one = record({ body: pack(says(contact, asks, "m1")) });
    let sends = 0;
    const diesAtReceipt = (name: string) => {
      if (name === "send") sends += 1;
      return name === "send" && sends === 2 ? "dies" : "done";
    };
    assert.equal(await handle(one, handover, diesAtReceipt), "died");
    assert.equal(await handle(again(one), handover), "done");
    assert.equal(await handle(again(one, 2), handover), "done");
    assert.deepEqual(await events(), ["message.sent m1"]);
    assert.equal((await xmls()).length, 1);
  });

  test("where the native system tells itself what arrived, the function tells nobody", async () => {
    const contact = await friend();
    assert.equal(await handle(record({ body: pack(says(contact, asks)) })), "done");
    const [event] = await takeEvents(engines);
    assert.deepEqual(event?.data["asks"], ["delivered"]);
    assert.deepEqual(await xmls(), []);
  });
});

describe("what a contact is told whose messages nobody can read", () => {
  const secret = '<encrypted xmlns="eu.siacs.conversations.axolotl"><payload>AAAA</payload></encrypted>';
  const explains = /<body>Your message is encrypted with OMEMO/;

  test("it is told once, however many messages it sends, and the native side of each", async () => {
    const contact = stranger();
    assert.equal(
      await handle(record({ body: pack(says(contact, secret, "m1"), says(contact, secret, "m2")) })),
      "done",
    );
    assert.equal(await handle(record({ body: pack(says(contact, secret, "m3")) })), "done");
    assert.deepEqual(await events(), ["message.sent m1", "message.sent m2", "message.sent m3"]);
    const [explanation, ...more] = await xmls();
    assert.deepEqual(more, []);
    assert.match(explanation ?? "", explains);
  });

  test("another contact is told for itself, and the same one again after a month", async () => {
    const contact = stranger();
    await handle(record({ body: pack(says(contact, secret), says(stranger(), secret)) }));
    assert.equal((await xmls()).length, 2);
    const laterMs = (limits.toldKeptS + 1) * 1000;
    await handle(record({ body: pack(says(contact, secret)) }), { laterMs: laterMs - 2000 });
    assert.equal((await xmls()).length, 0);
    await handle(record({ body: pack(says(contact, secret)) }), { laterMs });
    assert.equal((await xmls()).length, 1);
  });

  test("a message that comes again is explained all the same: nobody knows whether it was", async () => {
    const contact = stranger();
    const one = record({ body: pack(says(contact, secret, "m1")) });
    // It dies when it has noted that it tells, and before it has told.
    assert.equal(await handle(one, {}, (name) => (name === "tellOnce" ? "dies-after" : "done")), "died");
    assert.deepEqual(await xmls(), []);
    assert.equal(await handle(again(one)), "done");
    const [explanation, ...more] = await xmls();
    assert.deepEqual(more, []);
    assert.match(explanation ?? "", explains);
    assert.equal(await handle(again(one, 2)), "done");
    assert.deepEqual(await xmls(), []);
    assert.deepEqual(await events(), ["message.sent m1"]);
  });

  test("it costs a write for each such message, and a plain one none", async () => {
    const contact = stranger();
    const handler = makeHandler(messageWork, portsOver(engines));
    await handler(invocation(record({ body: pack(says(contact, secret)) })));
    engines.requests.length = 0;
    await handler(invocation(record({ body: pack(says(contact, secret)) })));
    assert.deepEqual(engines.requests, ["PutItemCommand", "SendMessageBatchCommand"]);
    engines.requests.length = 0;
    await handler(invocation(record({ body: pack(says(contact, "<body>hi</body>")) })));
    assert.deepEqual(engines.requests, ["SendMessageBatchCommand"]);
  });
});

test("every kind of message costs one send, and no read when addresses are cached", async () => {
  const contact = stranger();
  const handler = makeHandler(messageWork, portsOver(engines));
  await handler(invocation(record({ body: pack(says(contact, "<body>hi</body>")) })));
  const kinds = [
    '<body>a</body><replace xmlns="urn:xmpp:message-correct:0" id="m0"/>',
    '<retract xmlns="urn:xmpp:message-retract:1" id="m0"/>',
    '<reactions xmlns="urn:xmpp:reactions:0" id="n0"/>',
    '<received xmlns="urn:xmpp:receipts" id="n0"/>',
    '<displayed xmlns="urn:xmpp:chat-markers:0" id="n0"/>',
    '<composing xmlns="http://jabber.org/protocol/chatstates"/>',
  ];
  for (const kind of kinds) {
    engines.requests.length = 0;
    await handler(invocation(record({ body: pack(says(contact, kind)) })));
    assert.deepEqual(engines.requests, ["SendMessageBatchCommand"], kind);
  }
  assert.equal((await takeEvents(engines)).length, kinds.length + 1);
});
