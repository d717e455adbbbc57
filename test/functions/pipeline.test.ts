/** The pipeline that all functions share: batches of SQS, groups, faults, over real engines. */
import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import type { SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";
import { TransientFault } from "#aws/faults.ts";
import { limits } from "#core/limits.ts";
import { retryVisibilityS } from "#core/retry.ts";
import { makeHandler, type QueueRecord, type Work } from "#functions/pipeline.ts";
import { localRegion } from "#local/aws-clients.ts";
import { sqsEvent } from "#local/sqs-event.ts";
import { faulty } from "#test/harness/faults.ts";
import { type LogEntry, portsOver, takeDeadLetters } from "#test/harness/functions.ts";
import { invocation, record } from "#test/harness/lambda-events.ts";
import { useEngines } from "#test/harness/use-engines.ts";

const engines = await useEngines();
let log: LogEntry[] = [];

beforeEach(() => {
  log = [];
});

/** A function that does `handle` with each message. */
function functionOf(handle: (record: QueueRecord) => Promise<void>, parts = faulty(engines, () => "done")) {
  const work: Work = { name: "tested", queue: "messageStanzas", handle };
  return makeHandler(work, portsOver(parts, { log }));
}

/** A function that has time to begin with two messages, one after the other. */
function slowFunction() {
  let now = 0;
  const handle = async () => {
    now += limits.beginsMsMax / 2;
  };
  const work: Work = { name: "slow", queue: "messageStanzas", handle };
  return makeHandler(work, { ...portsOver(engines, { log }), clock: () => now });
}

/** A message whose body names its group and its place in it. */
const message = (body: string, more: { receives?: number } = {}) =>
  record({ body, group: body.slice(0, 1), id: body, ...more });
const again = (answer: SQSBatchResponse) =>
  answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);

describe("a batch", () => {
  test("returns a message that fails for a while and those behind it in its group, no others", async () => {
    const handled: string[] = [];
    const handler = functionOf(async ({ body }) => {
      if (body === "b2") throw new TransientFault("not now");
      handled.push(body);
    });
    const batch = ["a1", "b1", "c1", "b2", "a2", "b3", "c2", "b4"].map((body) => message(body));
    assert.deepEqual(again(await handler(invocation(...batch))), ["b2", "b3", "b4"]);
    assert.deepEqual(
      handled.filter((body) => body.startsWith("a")),
      ["a1", "a2"],
    );
    assert.deepEqual(
      handled.filter((body) => body.startsWith("b")),
      ["b1"],
    );
    assert.deepEqual(
      handled.filter((body) => body.startsWith("c")),
      ["c1", "c2"],
    );
  });

  test("is handled group by group at the same time", async () => {
    const met = Promise.withResolvers<void>();
    const here = new Set<string>();
    // Each waits until all three are in hand: one after another they would wait for ever.
    const handler = functionOf(async ({ group }) => {
      here.add(group);
      if (here.size === 3) met.resolve();
      await met.promise;
    });
    assert.deepEqual(again(await handler(invocation(message("a1"), message("b1"), message("c1")))), []);
  });

  test("of a standard queue has no order: each message fails alone", async () => {
    const handler = functionOf(async ({ body }) => {
      if (body === "2") throw new TransientFault("not now");
    });
    const batch = ["1", "2", "3"].map((body) => record({ body, group: "", id: body }));
    assert.deepEqual(again(await handler(invocation(...batch))), ["2"]);
  });

  test("goes on behind a message that breaks our code, which is kept with the error's name alone", async () => {
    const handled: string[] = [];
    const handler = functionOf(async ({ body }) => {
      if (body === "a1") throw new RangeError("secret words of a message");
      handled.push(body);
    });
    assert.deepEqual(again(await handler(invocation(message("a1"), message("a2")))), []);
    assert.deepEqual(handled, ["a2"]);
    const [letter, ...more] = await takeDeadLetters(engines, "messageStanzas");
    assert.deepEqual(more, []);
    assert.partialDeepStrictEqual(letter, {
      reason: "fault",
      text: "RangeError",
      cause: "a1",
      body: "a1",
      group: "a",
    });
    assert.ok(!JSON.stringify([letter, log]).includes("secret"));
    const [fault] = log.filter(({ event }) => event === "fault");
    assert.match(String(fault?.["at"]), /pipeline\.test\.ts/, "the log says where");
  });

  test("gives back what there is no time for, rather than all at the end of the function", async () => {
    const batch = ["a1", "a2", "a3", "a4"].map((body) => message(body));
    assert.deepEqual(again(await slowFunction()(invocation(...batch))), ["a3", "a4"]);
  });

  test("keeps what cannot be set aside now, and those behind it, but not those before it", async () => {
    const parts = faulty(engines, (_, name) => (name === "setAside" ? "fails" : "done"));
    const handler = functionOf(async ({ body }) => {
      if (body === "a2") throw new RangeError("broken");
    }, parts);
    const batch = ["a1", "a2", "a3", "b1"].map((body) => message(body));
    assert.deepEqual(again(await handler(invocation(...batch))), ["a2", "a3"]);
  });

  test("logs one line with the ids of all that was handled, and no bodies", async () => {
    const handler = functionOf(async () => {});
    const event = {
      id: "e1",
      traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-00`,
      data: { id: "said" },
    };
    const body = JSON.stringify({ ...event, data: { ...event.data, body: "a secret" } });
    const pack = JSON.stringify({ items: [{ fence: 1, seq: 1 }, { id: "e2" }] });
    const records = [
      record({ body, id: "m1" }),
      record({ body: "another", id: "m2" }),
      record({ body: pack, id: "m3" }),
    ];
    await handler(invocation(...records));
    const items = [["m1", "e1", "said", "a".repeat(32)], ["m2"], ["m3"], ["1.1", "", ""], ["e2", "", ""]];
    assert.deepEqual(log, [{ level: "info", event: "handled", function: "tested", items, failed: 0, ms: 0 }]);
  });
});

describe("messages that come back", () => {
  test("are handled alone, behind the others, since they may have killed the function", async () => {
    const inHand = new Set<string>();
    const seen: string[] = [];
    const handler = functionOf(async ({ body }) => {
      inHand.add(body);
      await new Promise(setImmediate);
      seen.push([...inHand].join("+"));
      inHand.delete(body);
    });
    const batch = [
      message("a1", { receives: 2 }),
      message("b1"),
      message("c1", { receives: 3 }),
      message("d1"),
    ];
    assert.deepEqual(again(await handler(invocation(...batch))), []);
    assert.deepEqual(seen, ["b1+d1", "d1", "a1", "c1"]);
  });

  test("wait for the next invocation when this one has no time for them", async () => {
    const batch = (...bodies: string[]) => bodies.map((body) => message(body, { receives: 2 }));
    const groups = batch("a1", "b1", "c1", "d1");
    assert.deepEqual(again(await slowFunction()(invocation(...groups))), ["c1", "d1"]);
    const lane = batch("a1", "a2", "a3", "a4");
    assert.deepEqual(again(await slowFunction()(invocation(...lane))), ["a3", "a4"]);
  });

  test("come back sooner than the queue's visibility says, later each time, at most 30 s", () => {
    const waits = [1, 2, 3, 4, 5, 6, 7, 1_000].map((receives) => retryVisibilityS(receives));
    assert.deepEqual(waits, [1, 2, 4, 8, 16, 30, 30, 30]);
  });

  test("are visible again after a second, in the queue itself", { timeout: 20_000 }, async () => {
    const urls = engines.addresses.urls;
    await engines.queues.send("messageStanzas", [
      { body: "later", group: "g", dedup: `later ${process.pid}` },
    ]);
    const { signal } = new AbortController();
    const options = { max: 10, waitS: 10, visibilityS: 60, signal };
    const [first] = await engines.queues.receive("messageStanzas", options);
    assert.ok(first);
    const one = {
      MessageId: first.id,
      ReceiptHandle: first.receipt,
      Body: first.body,
      Attributes: {
        ApproximateReceiveCount: String(first.receives),
        MessageGroupId: first.group,
        SequenceNumber: first.sequence,
      },
    };
    const event = sqsEvent([one], urls.messageStanzas, localRegion) as SQSEvent;
    const handler = functionOf(async () => {
      throw new TransientFault("not now");
    });
    assert.deepEqual(again(await handler(event)), [first.id]);
    const startedAt = performance.now();
    const [second] = await engines.queues.receive("messageStanzas", options);
    assert.equal(second?.id, first.id);
    assert.equal(second.receives, 2);
    assert.ok(performance.now() - startedAt < 9_000, "long before its 60 s are over");
    await engines.queues.remove("messageStanzas", [second]);
  });

  test("come back after the queue's own time where their visibility cannot be changed", async () => {
    const parts = faulty(engines, (_, name) => (name === "extend" ? "fails" : "done"));
    const handler = functionOf(async () => {
      throw new TransientFault("not now");
    }, parts);
    assert.deepEqual(again(await handler(invocation(message("a1")))), ["a1"]);
    assert.equal(log.filter(({ event }) => event === "visibility").length, 1);
  });
});

test("records keep what SQS says of them", async () => {
  const seen: QueueRecord[] = [];
  const handler = functionOf(async (each) => {
    seen.push(each);
  });
  const one: SQSRecord = record({ body: "x", group: "g", id: "m", receives: 4, receipt: "r" });
  await handler(invocation(one));
  const sequence = one.attributes.SequenceNumber ?? "";
  assert.deepEqual(seen, [{ messageId: "m", receipt: "r", body: "x", group: "g", sequence, receives: 4 }]);
});
