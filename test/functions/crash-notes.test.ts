/** Items that kill a function, and items that only seem to, over real engines. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { SQSBatchResponse, SQSRecord } from "aws-lambda";
import { TransientFault } from "#aws/faults.ts";
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

/** An instance of the function that dies as soon as it has to read where the given users live. */
async function dieOn(killers: readonly string[], ...records: SQSRecord[]) {
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
  const handler = makeHandler(messageWork, portsOver({ table, queues: parts.queues }, comes(records[0])));
  return await Promise.race([handler(invocation(...records)), died]);
}

/** Attempts until the function survives, as SQS makes them; the records that are left come each time. */
async function attempts(killers: readonly string[], records: SQSRecord[], attemptsMax: number) {
  let left = records;
  for (let attempt = 1; attempt <= attemptsMax; attempt++) {
    const answer = await dieOn(killers, ...left);
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

  test("one is set aside on the third attempt, its neighbours go through", async () => {
    const one = record({ body: pack(says("before"), says("boom", to("killer")), says("after")) });
    assert.equal(await attempts(["killer"], [one], 9), 3);
    assert.deepEqual(await letters(), ["crash boom"]);
    assert.deepEqual(await deliveredBodies(), ["before", "after"]);
  });

  test("two in one pack are both set aside, and nothing else", async () => {
    const [boom, bang] = [says("boom", to("killer")), says("bang", to("murderer"))];
    const one = record({ body: pack(says("1"), boom, says("2"), bang, says("3")) });
    await attempts(["killer", "murderer"], [one], 9);
    assert.deepEqual((await letters()).sort(), ["crash bang", "crash boom"]);
    assert.deepEqual(await deliveredBodies(), ["1", "2", "3"]);
  });

  test("one harms no message of another group that was in the same batch", async () => {
    for (const innocentFirst of [true, false]) {
      const innocent = record({ body: pack(says("innocent")), group: "lane-1" });
      const guilty = record({ body: pack(says("boom", to("killer"))), group: "lane-2" });
      await attempts(["killer"], innocentFirst ? [innocent, guilty] : [guilty, innocent], 9);
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
        const isWithdrawal = args[1].length === 0;
        if (isWithdrawal && busy-- > 0) return Promise.reject(new TransientFault("busy"));
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
    assert.equal(await dieOn(["killer"], one), "died");
    assert.equal(await dieOn(["killer"], again(one, 1)), "died");
    // The third attempt gives the first item up; then SQS fails, and the fourth must not try that item again.
    const failing = await handleWith((_, name) => (name === "send" ? "fails" : "done"), again(one, 2));
    assert.deepEqual(failing, returned(one));
    assert.deepEqual(await dieOn(["killer"], again(one, 3)), allDone);
    assert.deepEqual(await letters(), ["crash boom"]);
    assert.deepEqual(await deliveredBodies(), ["patient"]);
  });
});
