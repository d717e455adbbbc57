/** `message-stanzas`: what contacts write, over real engines. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { SQSBatchResponse, SQSRecord } from "aws-lambda";
import { limits } from "#core/limits.ts";
import { messageWork } from "#functions/message.ts";
import { makeHandler } from "#functions/pipeline.ts";
import { type Ending, faulty } from "#test/harness/faults.ts";
import {
  announce,
  domain,
  portsOver,
  takeDeadLetters,
  takeEvents,
  takeStanzas,
} from "#test/harness/functions.ts";
import { again, invocation, pack, packOf, record, stanza, unique } from "#test/harness/lambda-events.ts";
import { useEngines } from "#test/harness/use-engines.ts";

const engines = await useEngines({ users: ["nina"] });

const says = (body: string, attrs: Readonly<Record<string, string>> = {}) =>
  stanza("message", { type: "chat", id: `m-${unique()}`, ...attrs }, `<body>${body}</body>`);

/** What a new instance of the function answers to an invocation. */
function handle(...records: SQSRecord[]): Promise<SQSBatchResponse> {
  return makeHandler(messageWork, portsOver(engines))(invocation(...records));
}

/** The same over ports whose calls end as given. */
function handleWith(endingOf: (index: number, name: string) => Ending, one: SQSRecord) {
  const parts = faulty(engines, endingOf);
  const answer = makeHandler(messageWork, portsOver(parts))(invocation(one));
  return Promise.race([answer, parts.died]);
}

const allDone = { batchItemFailures: [] };
const returned = ({ messageId }: SQSRecord) => ({ batchItemFailures: [{ itemIdentifier: messageId }] });
const deliveredBodies = async () => (await takeEvents(engines)).map(({ data }) => data["body"]);

describe("the message function", () => {
  test("makes one message.sent of a text, with three reads and one send", async () => {
    const seq = unique();
    engines.requests.length = 0;
    const answer = await handle(record({ body: packOf([{ xml: says("Hello", { id: "m1" }), seq }]) }));
    assert.deepEqual(answer, allDone);
    // The policy, the address, the user.
    const reads = Array(3).fill("GetItemCommand");
    assert.deepEqual(engines.requests, [...reads, "SendMessageBatchCommand"]);
    const [event, ...more] = await takeEvents(engines);
    assert.deepEqual(more, []);
    assert.equal(event?.type, "message.sent");
    assert.equal(event.id, `7.${seq}`);
    assert.equal(event.source, `xmpp:${domain}`);
    assert.deepEqual(event.data, { user: "nina", contact: "alice@example.org", id: "m1", body: "Hello" });
  });

  test("reads an address and the policy once for as long as it is cached", async () => {
    const handler = makeHandler(messageWork, portsOver(engines));
    await handler(invocation(record({ body: pack(says("one")) })));
    engines.requests.length = 0;
    await handler(invocation(record({ body: pack(says("two")) })));
    assert.deepEqual(engines.requests, ["SendMessageBatchCommand"]);
  });

  test("delivers a pack that comes twice once, under the same event ids", async () => {
    const one = record({ body: pack(says("first"), says("second")) });
    assert.deepEqual(await handle(one), allDone);
    assert.deepEqual(await handle(again(one)), allDone);
    assert.deepEqual(await deliveredBodies(), ["first", "second"]);
  });

  test("delivers and answers once, in order, when only a part of a pack was sent at first", async () => {
    const loud = (body: string) => says(body, { type: "groupchat" });
    const one = record({ body: pack(says("first"), loud("a room?"), says("second"), loud("a room!")) });
    // Whatever call it is that fails: address, answers, deliveries.
    for (const ending of ["fails", "fails-after"] as const) {
      const fails = await handleWith((index) => (index === 1 ? ending : "done"), one);
      assert.deepEqual(fails, returned(one));
    }
    assert.deepEqual(await handle(again(one)), allDone);
    assert.deepEqual(await deliveredBodies(), ["first", "second"]);
    const answers = await takeStanzas(engines);
    assert.equal(answers.length, 2);
    assert.equal(new Set(answers.map(({ id }) => id)).size, 2);
  });

  test("gives each answer the trace and the time of the stanza that it answers", async () => {
    const xmls = [says("one", { type: "groupchat" }), says("two", { type: "groupchat" })];
    const items = xmls.map((xml, index) => {
      const trace = `00-${"0af7651916cd43dd8448eb211c80319"}${index}-b7ad6b7169203331-01`;
      return { fence: 7, seq: unique(), time: `2026-11-02T09:29:0${index}.000Z`, trace, xml };
    });
    await handle(record({ body: JSON.stringify({ v: 1, items }) }));
    const answers = await takeStanzas(engines);
    assert.deepEqual(
      answers.map(({ trace, time }) => ({ trace, time })),
      items.map(({ trace, time }) => ({ trace, time })),
    );
  });

  test("keeps the order of a pair over several packs of one batch", async () => {
    const packs = [0, 1, 2].map((n) => record({ body: pack(says(`${n}a`), says(`${n}b`), says(`${n}c`)) }));
    assert.deepEqual(await handle(...packs), allDone);
    assert.deepEqual(
      await deliveredBodies(),
      [0, 1, 2].flatMap((n) => [`${n}a`, `${n}b`, `${n}c`]),
    );
  });

  test("sends the events of many pairs of a pack in few calls", async () => {
    const handler = makeHandler(messageWork, portsOver(engines));
    const xmls = Array.from({ length: 12 }, (_, n) => says("hi", { from: `c${n}@example.org/x` }));
    await handler(invocation(record({ body: pack(says("now the address is cached")) })));
    engines.requests.length = 0;
    await handler(invocation(record({ body: pack(...xmls) })));
    assert.deepEqual(engines.requests, ["SendMessageBatchCommand", "SendMessageBatchCommand"]);
    assert.equal((await takeEvents(engines)).length, 13);
  });

  test("answers a message to nobody with an error, and keeps quiet about a headline", async () => {
    const to = `nobody@${domain}`;
    await handle(record({ body: pack(says("hi", { to, id: "q" }), says("news", { to, type: "headline" })) }));
    assert.deepEqual(await takeEvents(engines), []);
    const [answer, ...more] = await takeStanzas(engines);
    assert.deepEqual(more, []);
    assert.match(answer?.xml ?? "", /^<message type="error" from="nobody@[^"]+" to="alice@[^"]+" id="q"/);
    assert.match(answer?.xml ?? "", /<service-unavailable /);
  });

  test("finds a user as soon as it is announced: nobody is not remembered", async () => {
    const handler = makeHandler(messageWork, portsOver(engines));
    const to = `olga@${domain}`;
    await handler(invocation(record({ body: pack(says("too early", { to })) })));
    await announce(engines, "olga");
    await handler(invocation(record({ body: pack(says("in time", { to })) })));
    assert.deepEqual(await deliveredBodies(), ["in time"]);
  });

  test("lets everyone exist in an open directory", async () => {
    const ports = portsOver(engines, { openDirectory: true });
    const one = record({ body: pack(says("hi", { to: `anyone@${domain}` })) });
    await makeHandler(messageWork, ports)(invocation(one));
    assert.deepEqual(await deliveredBodies(), ["hi"]);
    const [event] = await takeEvents(engines);
    assert.equal(event, undefined);
  });
});

describe("items that the message function sets aside", () => {
  const reasonsFor = async (...xmls: string[]) => {
    const items = xmls.map((xml) => ({ xml, seq: unique() }));
    assert.deepEqual(await handle(record({ body: packOf(items), group: "lane-3" })), allDone);
    const letters = await takeDeadLetters(engines, "messageStanzas");
    for (const letter of letters) {
      const item = items.find(({ seq }) => letter.cause === `7.${seq}`);
      assert.deepEqual(JSON.parse(letter.body ?? ""), item && JSON.parse(packOf([item])));
      assert.equal(letter.group, "lane-3");
      assert.ok(letter.trace);
    }
    return letters.map(({ reason }) => reason);
  };

  test("one that is no XML, between two that go through", async () => {
    assert.deepEqual(await reasonsFor(says("before"), "<message>", says("after")), ["malformed"]);
    assert.deepEqual(await deliveredBodies(), ["before", "after"]);
  });

  test("one that is not for us, has no address, or comes from our own domain", async () => {
    const reasons = await reasonsFor(
      says("a", { to: "nina@elsewhere.example" }),
      says("b", { to: "@" }),
      says("c", { from: "" }),
      says("d", { from: `noah@${domain}` }),
    );
    assert.deepEqual(reasons.sort(), ["own-domain", "wrong-from", "wrong-to", "wrong-to"]);
    assert.deepEqual(await takeEvents(engines), []);
    assert.deepEqual(await takeStanzas(engines), []);
  });

  test("a pack that is none is kept whole, also when it is as large as a message may be", async () => {
    const large = `{"v":1,"items":"${'\\"'.repeat(limits.queueMessageBytesMax / 2 - 20)}"}`;
    assert.deepEqual(await handle(record({ body: "no pack" }), record({ body: large })), allDone);
    const letters = await takeDeadLetters(engines, "messageStanzas");
    assert.deepEqual(
      letters.map(({ reason }) => reason),
      ["malformed", "malformed"],
    );
    assert.equal(letters[0]?.body, "no pack");
    // Quoted, it is larger than any message: what fits of it is kept.
    assert.ok(large.startsWith(letters[1]?.body ?? "-"));
  });

  test("a pack of a newer version waits for its reader", async () => {
    const newer = record({ body: JSON.stringify({ v: 2, items: [] }) });
    assert.deepEqual(await handle(newer), returned(newer));
    assert.deepEqual(await takeDeadLetters(engines, "messageStanzas"), []);
  });

  test("a text that no event can hold is answered, not set aside", async () => {
    await handle(record({ body: pack(says("x".repeat(300 * 1024), { id: "big" }), says("small")) }));
    const [answer] = await takeStanzas(engines);
    assert.match(answer?.xml ?? "", /id="big"/);
    assert.match(answer?.xml ?? "", /<policy-violation /);
    assert.deepEqual(await deliveredBodies(), ["small"]);
    assert.deepEqual(await takeDeadLetters(engines, "messageStanzas"), []);
  });
});
