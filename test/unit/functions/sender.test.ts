/** Sends of one turn of the event loop leave in one call, and each sender is told of its own failures. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { OutgoingMessage, Queues, SendFailure } from "#aws/queues.ts";
import type { Table } from "#aws/table.ts";
import type { QueueRef } from "#core/contract/queues.ts";
import { coalesceSends } from "#functions/sender.ts";
import { watchTable } from "#functions/table-watch.ts";

interface Call {
  readonly queue: QueueRef;
  readonly bodies: string[];
}

function portsThat(
  answer: (messages: readonly OutgoingMessage[]) => Promise<SendFailure[]>,
  quiet: () => Promise<void> | undefined = () => undefined,
) {
  const calls: Call[] = [];
  const never = () => Promise.reject(new Error("nothing but sends"));
  const queues: Queues = {
    send: (queue, messages) => {
      calls.push({ queue, bodies: messages.map(({ body }) => body) });
      return answer(messages);
    },
    setAside: never,
    receive: never,
    remove: never,
    extend: never,
  };
  return { queues: coalesceSends(queues, quiet), calls };
}

const messages = (...bodies: string[]) => bodies.map((body) => ({ body }));

test("sends of one turn leave in one call for each queue, in the order in which they were asked for", async () => {
  const { queues, calls } = portsThat(async () => []);
  await Promise.all([
    queues.send("nativeDeliveries", messages("1", "2")),
    queues.send("outboundStanzas", messages("a")),
    queues.send("nativeDeliveries", messages("3")),
  ]);
  await queues.send("nativeDeliveries", messages("4"));
  assert.deepEqual(calls, [
    { queue: "nativeDeliveries", bodies: ["1", "2", "3"] },
    { queue: "outboundStanzas", bodies: ["a"] },
    { queue: "nativeDeliveries", bodies: ["4"] },
  ]);
});

test("who waits for the table goes along", async () => {
  const asked = Promise.withResolvers<number>();
  const { table, quiet } = watchTable({ readFence: () => asked.promise } as unknown as Table);
  const { queues, calls } = portsThat(async () => [], quiet);
  const read = async () => {
    const fence = await table.readFence("im.example.com");
    await queues.send("nativeDeliveries", messages(`after ${fence}`));
  };
  const both = Promise.all([read(), queues.send("nativeDeliveries", messages("1"))]);
  setTimeout(() => asked.resolve(7), 1);
  await both;
  assert.deepEqual(calls, [{ queue: "nativeDeliveries", bodies: ["1", "after 7"] }]);
});

test("a table that does not answer holds nobody up", async () => {
  const { table, quiet } = watchTable({
    readFence: () => new Promise<number>(() => {}),
  } as unknown as Table);
  const { queues, calls } = portsThat(async () => [], quiet);
  void table.readFence("im.example.com");
  await queues.send("nativeDeliveries", messages("1"));
  assert.equal(calls.length, 1);
});

test("each sender is told of its own failures, by its own indexes", async () => {
  const { queues } = portsThat(async (all) =>
    all.flatMap(({ body }, index) =>
      body.startsWith("bad") ? [{ index, reason: body, permanent: body === "bad for good" }] : [],
    ),
  );
  const answers = await Promise.all([
    queues.send("walks", messages("1", "bad")),
    queues.send("walks", messages("2")),
    queues.send("walks", messages("bad for good", "3", "bad")),
    queues.send("walks", []),
  ]);
  assert.deepEqual(answers, [
    [{ index: 1, reason: "bad", permanent: false }],
    [],
    [
      { index: 0, reason: "bad for good", permanent: true },
      { index: 2, reason: "bad", permanent: false },
    ],
    [],
  ]);
});

test("a call that throws fails every sender, and none after them", async () => {
  let broken = true;
  const { queues } = portsThat(async () => {
    if (broken) throw new Error("gone");
    return [];
  });
  const both = await Promise.allSettled([
    queues.send("walks", messages("1")),
    queues.send("walks", messages("2")),
  ]);
  assert.deepEqual(
    both.map(({ status }) => status),
    ["rejected", "rejected"],
  );
  broken = false;
  assert.deepEqual(await queues.send("walks", messages("3")), []);
});
