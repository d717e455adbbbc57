/** What the proxy of the faults does to batches and deliveries of a queue. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { GetQueueAttributesCommand, type Message } from "@aws-sdk/client-sqs";
import {
  denyPart,
  disorder,
  expireEarly,
  failPart,
  forgetDeletions,
  pretend,
} from "#bench/faults/aws-behaviours.ts";
import type { Call } from "#bench/faults/aws-call.ts";
import { physicalNameOf } from "#infra/definitions/queues.ts";
import { bodiesOf, on, useProxiedEngines } from "#test/harness/proxied-engines.ts";

const engines = await useProxiedEngines();

const codeOf = (failed: readonly { readonly Code?: string | undefined }[] | undefined) =>
  failed?.map(({ Code }) => Code);

describe("batches", () => {
  test("a part fails, and only that part was not done", async () => {
    const url = engines.queues.urls.nativeDeliveries;
    const isQueue = (call: Call) => call.queue === physicalNameOf("nativeDeliveries");
    engines.sqsProxy.set({
      on: (call) => isQueue(call) && call.action === "SendMessageBatch",
      does: (call, engine) => failPart(0.5)(call, { ...engine, random: alternating() }),
    });
    const answer = await engines.send(url, "fails", "arrives", "fails", "arrives");
    assert.deepEqual(codeOf(answer.Failed), ["InternalError", "InternalError"]);
    assert.equal(answer.Failed?.[0]?.SenderFault, false);
    assert.equal(answer.Successful?.length, 2);
    const messages = await engines.receive(url);
    assert.deepEqual(bodiesOf(messages), ["arrives", "arrives"]);
    await engines.remove(url, messages);
  });

  test("a part is done and reported as failed", async () => {
    const url = engines.queues.urls.nativeDeliveries;
    engines.sqsProxy.set({
      on: on("SendMessageBatch"),
      does: (call, engine) => denyPart(0.5)(call, { ...engine, random: alternating() }),
    });
    const answer = await engines.send(url, "denied", "told");
    assert.deepEqual([answer.Failed?.length, answer.Successful?.length], [1, 1]);
    const messages = await engines.receive(url);
    assert.deepEqual(bodiesOf(messages), ["denied", "told"]);
    await engines.remove(url, messages);
  });

  test("what is reported as deleted comes again, once more received", async () => {
    const url = engines.queues.urls.nativeDeliveries;
    await engines.send(url, "again", "gone");
    engines.sqsProxy.set({
      on: on("DeleteMessageBatch"),
      does: (call, engine) => forgetDeletions(0.5)(call, { ...engine, random: alternating() }),
    });
    const [first, second] = (await engines.receive(url)).sort((a, b) =>
      (a.Body ?? "").localeCompare(b.Body ?? ""),
    );
    assert.ok(first && second);
    const answer = await engines.remove(url, [first, second]);
    assert.deepEqual([answer.Failed?.length ?? 0, answer.Successful?.length], [0, 2]);
    engines.sqsProxy.set();
    const messages = await engines.receive(url, 5);
    assert.deepEqual(bodiesOf(messages), ["again"]);
    assert.equal(messages[0]?.Attributes?.ApproximateReceiveCount, "2");
    await engines.remove(url, messages);
  });

  test("what is reported as done is not done", async () => {
    const url = engines.queues.urls.nativeDeliveries;
    await engines.send(url, "stays");
    engines.sqsProxy.set({ on: on("DeleteMessageBatch"), does: pretend });
    const messages = await engines.receive(url);
    assert.equal((await engines.remove(url, messages)).Successful?.length, 1);
    engines.sqsProxy.set();
    const asked = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ["All"] });
    const { Attributes } = await engines.sqs.send(asked);
    assert.equal(Attributes?.["ApproximateNumberOfMessagesNotVisible"], "1");
    await engines.remove(url, messages);
  });
});

describe("deliveries", () => {
  test("visibility that ends early hands a message out again while it is in hand", async () => {
    const url = engines.queues.urls.nativeDeliveries;
    await engines.send(url, "twice");
    engines.sqsProxy.set({ on: on("ReceiveMessage"), does: expireEarly(1, 0) });
    const first = await engines.receive(url);
    engines.sqsProxy.set();
    const second = await engines.receive(url, 5);
    assert.deepEqual([bodiesOf(first), bodiesOf(second)], [["twice"], ["twice"]]);
    assert.notEqual(first[0]?.ReceiptHandle, second[0]?.ReceiptHandle);
    await engines.remove(url, second);
  });

  test("a standard queue's order is changed, some come twice, none is lost", async () => {
    const url = engines.queues.urls.iqStanzas;
    const bodies = Array.from({ length: 10 }, (_, index) => `iq ${index}`);
    await engines.send(url, ...bodies);
    engines.sqsProxy.set({ on: on("ReceiveMessage"), does: disorderly(disorder(0.5)) });
    const got: Message[] = [];
    for (let empty = 0; empty < 2; ) {
      const messages = await engines.receive(url);
      const ids = new Set(messages.map(({ MessageId }) => MessageId));
      assert.equal(ids.size, messages.length, "an answer holds nothing twice");
      empty = messages.length === 0 ? empty + 1 : 0;
      got.push(...messages);
    }
    const arrived = got.map(({ Body }) => Body ?? "");
    assert.deepEqual([...new Set(arrived)].sort(), bodies.toSorted());
    assert.ok(arrived.length > bodies.length, "some come twice");
    assert.notDeepEqual([...new Set(arrived)], bodies);
    const once = [...new Map(got.map((message) => [message.MessageId, message])).values()];
    await engines.remove(url, once);
  });
});

/** 0, 0.9, 0, 0.9, …: with a share of one half every other one is chosen. */
function alternating() {
  let calls = 0;
  return () => {
    calls += 1;
    return calls % 2 === 1 ? 0 : 0.9;
  };
}

/** A behaviour with numbers that go round, and the same in each run. */
function disorderly(behaviour: ReturnType<typeof disorder>): ReturnType<typeof disorder> {
  let state = 1;
  const next = () => {
    state = (state * 16_807) % 2_147_483_647;
    return state / 2_147_483_647;
  };
  return (call, engine) => behaviour(call, { ...engine, random: next });
}
