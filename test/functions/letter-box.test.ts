/** Dead letters that an operator looks through, over a real engine. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { DeleteQueueCommand } from "@aws-sdk/client-sqs";
import { makeQueues } from "#aws/queues.ts";
import { openLetterBox } from "#local/ops/letter-box.ts";
import { type Engines, startEngines, takeDeadLetters } from "#test/harness/functions.ts";

let engines: Engines;
before(async () => {
  engines = await startEngines();
});
after(() => engines.stop());

test("a queue that takes nothing back keeps the letters of no other one in hand", async () => {
  const { sqs, addresses } = engines;
  const letter = { reason: "fault", text: "x", cause: "1.1", at: "2026-11-02T09:30:00.000Z", group: "g" };
  const queues = ["walks", "iqStanzas", "messageStanzas"] as const;
  for (const queue of queues) await engines.queues.setAside(queue, letter);
  const deadLetters = makeQueues({ client: sqs, urls: addresses.deadLetterUrls, deadLetterUrls: {} });
  const box = openLetterBox({ deadLetters, domains: [] }, new AbortController().signal);
  assert.equal((await box.read(queues, 10)).length, queues.length);
  assert.deepEqual(await takeDeadLetters(engines, "iqStanzas"), []);
  await sqs.send(new DeleteQueueCommand({ QueueUrl: addresses.deadLetterUrls.walks }));
  await assert.rejects(box.close(), { name: "QueueDoesNotExist" });
  assert.deepEqual(await takeDeadLetters(engines, "iqStanzas"), [letter]);
  assert.deepEqual(await takeDeadLetters(engines, "messageStanzas"), [letter]);
});
