/** Items that kill a function, and items that only seem to, over real engines. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { SQSBatchResponse, SQSRecord } from "aws-lambda";
import { TransientFault } from "#aws/faults.ts";
import { iqWork } from "#functions/iq.ts";
import { messageWork } from "#functions/message.ts";
import { makeHandler } from "#functions/pipeline.ts";
import { type Ending, faulty } from "#test/harness/faults.ts";
import { domain, portsOver, takeDeadLetters, takeEvents } from "#test/harness/functions.ts";
import { again, invocation, pack, record, stanza, unique } from "#test/harness/lambda-events.ts";
import { useEngines } from "#test/harness/use-engines.ts";

const engines = await useEngines({ users: ["nina"] });

const says = (body: string, attrs: Readonly<Record<string, string>> = {}) =>
  stanza("message", { type: "chat", id: `m-${unique()}`, ...attrs }, `<body>${body}</body>`);

/** What a new instance of the function answers to an invocation. */
function handle(...records: SQSRecord[]): Promise<SQSBatchResponse> {
  return makeHandler(messageWork, portsOver(engines, comes(records[0])))(invocation(...records));
}

/** When it comes: what a dead function had in hand is hidden for a minute each time. */
const comes = (one: SQSRecord | undefined) => ({
  laterMs: (Number(one?.attributes.ApproximateReceiveCount) - 1) * 60_000,
});

/** The same over ports whose calls end as given. */
function handleWith(endingOf: (index: number, name: string) => Ending, one: SQSRecord) {
  const parts = faulty(engines, endingOf);
  const answer = makeHandler(messageWork, portsOver(parts, comes(one)))(invocation(one));
  return Promise.race([answer, parts.died]);
}

const allDone = { batchItemFailures: [] };
const returned = ({ messageId }: SQSRecord) => ({ batchItemFailures: [{ itemIdentifier: messageId }] });
const deliveredBodies = async () => (await takeEvents(engines)).map(({ data }) => data["body"]);

/** An instance of a function that dies as soon as it has to read where the given users live. */
async function dieOn(killers: readonly string[], records: readonly SQSRecord[], work = messageWork) {
  const parts = faulty(engines, () => "done");
  let die = () => {};
  const died = new Promise<"died">((resolve) => {
    die = () => resolve("died");
  });
  const table = {
    ...parts.table,
    userAt: (at: string, localpart: string) => {
      if (!killers.includes(localpart)) return parts.table.userAt(at, localpart);
      die();
      return new Promise<never>(() => undefined);
    },
  };
  const handler = makeHandler(work, portsOver({ table, queues: parts.queues }, comes(records[0])));
  return await Promise.race([handler(invocation(...records)), died]);
}

/** More than any of these tests takes. */
const attemptsMax = 20;

/** Attempts until the function survives, as SQS makes them; the records that are left come each time. */
async function attempts(killers: readonly string[], records: readonly SQSRecord[], work = messageWork) {
  let left = records;
  for (let attempt = 1; attempt <= attemptsMax; attempt++) {
    const answer = await dieOn(killers, left, work);
    if (answer !== "died") {
      assert.deepEqual(answer, allDone);
      return attempt;
    }
    left = left.map((one) => again(one));
  }
  return assert.fail(`it still dies after ${attemptsMax} attempts`);
}

describe("items that kill the message function", () => {
  const to = (localpart: string) => ({ to: `${localpart}@${domain}` });
  const letters = async () =>
    (await takeDeadLetters(engines, "messageStanzas")).map(({ reason, body }) => {
      return `${reason} ${/<body>(.*)<\/body>/.exec(body ?? "")?.[1]}`;
    });

  test("one is set aside on the fifth attempt, its neighbours go through; where it has none, on the fourth", async () => {
    const one = record({ body: pack(says("before"), says("boom", to("killer")), says("after")) });
    assert.equal(await attempts(["killer"], [one]), 5);
    assert.deepEqual(await letters(), ["crash boom"]);
    assert.equal(await attempts(["killer"], [record({ body: pack(says("bang", to("killer"))) })]), 4);
    assert.deepEqual(await letters(), ["crash bang"]);
    assert.deepEqual(await deliveredBodies(), ["before", "after"]);
  });

  test("two in one pack are both set aside, and nothing else", async () => {
    const [boom, bang] = [says("boom", to("killer")), says("bang", to("murderer"))];
    const one = record({ body: pack(says("1"), boom, says("2"), bang, says("3")) });
    assert.equal(await attempts(["killer", "murderer"], [one]), 7);
    assert.deepEqual((await letters()).sort(), ["crash bang", "crash boom"]);
    assert.deepEqual(await deliveredBodies(), ["1", "2", "3"]);
  });

  test("what was in hand when the function was ended thrice, but not by it, goes through", async () => {
    const one = record({ body: pack(says("slow"), says("next")) });
    for (const times of [0, 1, 2]) assert.equal(await dieOn(["nina"], [again(one, times)]), "died");
    assert.deepEqual(await handle(again(one, 3)), allDone);
    assert.deepEqual(await letters(), []);
    assert.deepEqual(await deliveredBodies(), ["slow", "next"]);
    assert.equal(await engines.table.readNote(one.messageId), undefined, "nothing is left to say");
  });

  test("an end counts no more once the item was handled", async () => {
    const one = record({ body: pack(says("slow"), says("boom", to("killer"))) });
    const other = record({ body: pack(says("bang", to("murderer"))) });
    for (const times of [0, 1, 2]) assert.equal(await dieOn(["nina"], [again(one, times)]), "died");
    // It is handled now, and the next one kills twice; then that one is given up, and a message behind it kills.
    for (const times of [3, 4]) assert.equal(await dieOn(["killer"], [again(one, times)]), "died");
    assert.equal(await dieOn(["killer", "murderer"], [again(one, 5), other]), "died");
    // All of the first message comes again, and what was handled is in hand at one more end.
    assert.equal(await dieOn(["nina"], [again(one, 6)]), "died");
    assert.deepEqual(await dieOn(["killer"], [again(one, 7)]), allDone);
    assert.deepEqual(await letters(), ["crash boom"]);
    assert.deepEqual(await deliveredBodies(), ["slow"]);
  });

  test("many in several messages are each set aside once, also where SQS drops no repeats", async () => {
    const asks = (localpart: string) =>
      stanza("iq", { type: "get", id: localpart, ...to(localpart) }, `<ping xmlns="urn:xmpp:ping"/>`);
    const killers = ["k1", "k2", "k3", "k4", "k5"];
    const [k1 = "", k2 = "", k3 = "", k4 = "", k5 = ""] = killers.map(asks);
    const packs = [pack(k1, asks("nina"), k2, k3), pack(k4, asks("nina"), k5)];
    const records = packs.map((body) => record({ body, group: "" }));
    // In one batch: what the first message has given up stays so while the second kills.
    // The first end, one for each message, two for each killer, and the attempt that ends well.
    assert.equal(await attempts(killers, records, iqWork), 1 + records.length + 2 * killers.length + 1);
    const aside = (await takeDeadLetters(engines, "iqStanzas")).map(({ reason, body }) => {
      return `${reason} ${/k\d/.exec(body ?? "")?.[0]}`;
    });
    assert.deepEqual(
      aside.sort(),
      killers.map((killer) => `crash ${killer}`),
    );
  });

  test("one harms no message of another group that was in the same batch", async () => {
    for (const innocentFirst of [true, false]) {
      const innocent = record({ body: pack(says("innocent")), group: "lane-1" });
      const guilty = record({ body: pack(says("boom", to("killer"))), group: "lane-2" });
      assert.equal(await attempts(["killer"], innocentFirst ? [innocent, guilty] : [guilty, innocent]), 4);
      assert.deepEqual(await letters(), ["crash boom"]);
      assert.deepEqual(await deliveredBodies(), ["innocent"]);
    }
  });

  test("one that is handed out again while it is in hand kills nothing", async () => {
    const one = again(record({ body: pack(says("slow")) }));
    const [reached, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const table = {
      ...engines.table,
      async userAt(at: string, localpart: string) {
        reached.resolve();
        await released.promise;
        return engines.table.userAt(at, localpart);
      },
    };
    const at = comes(one);
    const first = makeHandler(messageWork, portsOver({ table, queues: engines.queues }, at))(invocation(one));
    await reached.promise;
    const second = makeHandler(messageWork, portsOver(engines, at))(invocation(again(one)));
    assert.deepEqual(await second, returned(one), "the other one waits");
    released.resolve();
    assert.deepEqual(await first, allDone);
    assert.deepEqual(await handle(again(one, 2)), allDone);
    assert.deepEqual(await letters(), []);
    assert.deepEqual(await deliveredBodies(), ["slow"]);
  });

  test("one whose note the busy table does not take back at once kills nothing", async () => {
    const one = again(record({ body: pack(says("patient")) }));
    let busy = 3;
    const table = {
      ...engines.table,
      writeNote(...args: Parameters<typeof engines.table.writeNote>) {
        if (args[1].inHand === undefined && busy-- > 0) return Promise.reject(new TransientFault("busy"));
        return engines.table.writeNote(...args);
      },
    };
    const { queues } = faulty(engines, () => "fails");
    const failing = makeHandler(messageWork, portsOver({ table, queues }, comes(one)));
    assert.deepEqual(await failing(invocation(one)), returned(one));
    assert.deepEqual(await handle(again(one)), allDone);
    assert.deepEqual(await letters(), []);
    assert.deepEqual(await deliveredBodies(), ["patient"]);
  });

  test("one stays aside while others of its pack have to wait", async () => {
    const one = record({ body: pack(says("boom", to("killer")), says("patient")) });
    for (const times of [0, 1, 2, 3]) assert.equal(await dieOn(["killer"], [again(one, times)]), "died");
    // The fifth attempt gives the first item up; then SQS fails, and the sixth must not try that item again.
    const failing = await handleWith((_, name) => (name === "send" ? "fails" : "done"), again(one, 4));
    assert.deepEqual(failing, returned(one));
    assert.deepEqual(await dieOn(["killer"], [again(one, 5)]), allDone);
    assert.deepEqual(await letters(), ["crash boom"]);
    assert.deepEqual(await deliveredBodies(), ["patient"]);
  });
});
