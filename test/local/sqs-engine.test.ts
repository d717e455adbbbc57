/** What we rely on in the local SQS engine, and how the definitions get into it. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import { queueNames } from "#core/contract/queues.ts";
import { limits } from "#core/limits.ts";
import { sqsClientFor } from "#local/aws-clients.ts";
import { ensureQueues, type QueueAddresses, startSqsEngine } from "#local/engines/sqs.ts";
import { freePort } from "#local/free-ports.ts";
import type { Process } from "#local/process.ts";

const folder = mkdtempSync(join(tmpdir(), "causeway-sqs-"));
let port: number;
let endpoint: string;
let engine: Process;
let client: SQSClient;
let queues: QueueAddresses;

const start = () => startSqsEngine({ port, folder: join(folder, "data"), logFile: join(folder, "sqs.log") });

before(async () => {
  port = await freePort();
  endpoint = `http://127.0.0.1:${port}`;
  engine = await start();
  client = sqsClientFor(endpoint);
  queues = await ensureQueues(client, endpoint);
});

after(async () => {
  client.destroy();
  await engine.stop(2_000);
  rmSync(folder, { recursive: true });
});

async function send(url: string, body: string, group: string, dedup: string) {
  return await client.send(
    new SendMessageCommand({
      QueueUrl: url,
      MessageBody: body,
      MessageGroupId: group,
      MessageDeduplicationId: dedup,
    }),
  );
}

async function receive(url: string, visibilityS: number, waitS = 0) {
  const command = new ReceiveMessageCommand({
    QueueUrl: url,
    MaxNumberOfMessages: 10,
    WaitTimeSeconds: waitS,
    VisibilityTimeout: visibilityS,
  });
  return (await client.send(command)).Messages ?? [];
}

async function remove(url: string, receipt: string | undefined): Promise<void> {
  await client.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: receipt }));
}

describe("the SQS engine", { timeout: 60_000 }, () => {
  test("every queue and its dead letters exist with the attributes of the definitions", async () => {
    for (const name of queueNames) {
      assert.match(queues.urls[name], new RegExp(`^${endpoint}/000000000000/causeway-`));
      const command = new GetQueueAttributesCommand({ QueueUrl: queues.urls[name], AttributeNames: ["All"] });
      const attributes = (await client.send(command)).Attributes ?? {};
      assert.equal(attributes["MessageRetentionPeriod"], String(limits.retentionS));
      const redrive = JSON.parse(attributes["RedrivePolicy"] ?? "{}") as Record<string, unknown>;
      assert.equal(redrive["maxReceiveCount"], limits.receivesMax);
      assert.match(String(redrive["deadLetterTargetArn"]), /-dead(\.fifo)?$/);
    }
  });

  test("making the queues again changes nothing, and an outdated attribute is brought up to date", async () => {
    const url = queues.urls.walks;
    await client.send(
      new SetQueueAttributesCommand({ QueueUrl: url, Attributes: { VisibilityTimeout: "7" } }),
    );
    assert.deepEqual(await ensureQueues(client, endpoint), queues);
    const command = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ["VisibilityTimeout"] });
    assert.equal(
      (await client.send(command)).Attributes?.["VisibilityTimeout"],
      String(6 * limits.functionTimeoutS),
    );
  });

  test("a repeated deduplication id makes no second message", async () => {
    const url = queues.urls.nativeEvents;
    const first = await send(url, "once", "g", "same");
    const second = await send(url, "once", "g", "same");
    assert.equal(second.MessageId, first.MessageId);
    const [message, ...more] = await receive(url, 30);
    assert.equal(message?.Body, "once");
    assert.deepEqual(more, []);
    await remove(url, message?.ReceiptHandle);
    assert.deepEqual(await receive(url, 30), []);
  });

  test("the order of a group survives a message that comes back", async () => {
    const url = queues.urls.messageStanzas;
    for (const text of ["1", "2", "3"]) await send(url, text, "g", `order-${text}`);
    const [first] = await receive(url, 30);
    assert.equal(first?.Body, "1");
    assert.deepEqual(await receive(url, 30), [], "the group waits for its first message");
    await client.send(
      new ChangeMessageVisibilityCommand({
        QueueUrl: url,
        ReceiptHandle: first.ReceiptHandle,
        VisibilityTimeout: 0,
      }),
    );
    for (const text of ["1", "2", "3"]) {
      const [message] = await receive(url, 30);
      assert.equal(message?.Body, text);
      await remove(url, message.ReceiptHandle);
    }
  });

  test("a message received too often moves to the dead letters", async () => {
    const url = queues.urls.presenceStanzas;
    const policy = { deadLetterTargetArn: `${queues.arns.presenceStanzas.replace(".fifo", "-dead.fifo")}` };
    await client.send(
      new SetQueueAttributesCommand({
        QueueUrl: url,
        Attributes: { RedrivePolicy: JSON.stringify({ ...policy, maxReceiveCount: 1 }) },
      }),
    );
    await send(url, "poison", "g", "poison");
    assert.equal((await receive(url, 0)).length, 1);
    assert.deepEqual(await receive(url, 0), []);
    const [dead] = await receive(queues.deadLetterUrls.presenceStanzas, 30);
    assert.equal(dead?.Body, "poison");
    await ensureQueues(client, endpoint);
  });

  test("takes a body of 1 MiB, and none above it", async () => {
    const url = queues.urls.nativeDeliveries;
    const body = "x".repeat(limits.queueMessageBytesMax);
    await send(url, body, "g", "large");
    const [message] = await receive(url, 30);
    assert.equal(message?.Body, body);
    await remove(url, message.ReceiptHandle);
    await assert.rejects(send(url, `${body}x`, "g", "too-large"));
  });

  test("what waits for a client that is gone is there for the next one at once", async () => {
    const url = queues.urls.outboundStanzas;
    const gone = sqsClientFor(endpoint);
    const abort = new AbortController();
    const poll = gone.send(new ReceiveMessageCommand({ QueueUrl: url, WaitTimeSeconds: 20 }), {
      abortSignal: abort.signal,
    });
    // Round trips behind each: by then the engine has read the request, and noticed the end.
    await receive(url, 30);
    abort.abort();
    gone.destroy();
    await assert.rejects(poll);
    for (let trips = 0; trips < 5; trips += 1) await receive(url, 30);
    await send(url, "for the living", "g", "gone");
    const [message] = await receive(url, 60, 10);
    assert.equal(message?.Body, "for the living");
    await remove(url, message.ReceiptHandle);
  });

  test("loses no accepted message when it is killed, and keeps the queues", async () => {
    const url = queues.urls.outboundPresence;
    const sent = await send(url, "kept", "g", "kept");
    engine.signal("SIGKILL");
    await engine.exited;
    engine = await start();
    assert.deepEqual(await ensureQueues(client, endpoint), queues);
    const [message] = await receive(url, 30, 5);
    assert.ok(message);
    assert.equal(message.MessageId, sent.MessageId);
    await remove(url, message.ReceiptHandle);
  });

  test("listens on 127.0.0.1 only", async () => {
    const others = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .filter(({ internal, family }) => !internal && family === "IPv4");
    for (const { address } of others) await assert.rejects(fetch(`http://${address}:${port}/health`));
    assert.equal((await fetch(`${endpoint}/health`)).status, 200);
  });
});
