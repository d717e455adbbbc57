import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import { localCredentials, localRegion, sqsClientFor } from "#local/aws-clients.ts";
import { startSqsEngine } from "#local/engines/sqs.ts";
import { type EventSourceMapping, startEventSourceMapping } from "#local/event-source-mapping.ts";
import { freePort } from "#local/free-ports.ts";
import type { Process } from "#local/process.ts";

interface Report {
  readonly instance: string;
  readonly invocations: number;
  readonly event: { Records: (Record<string, unknown> & { body: string; messageId: string })[] };
  readonly env: Record<string, string>;
  readonly memory: string;
}

interface Fixture {
  readonly mapping: EventSourceMapping;
  /** Resolves when the message is handled and deleted. */
  send(body: object, group: string): Promise<string>;
  /** The next report of the function. */
  report(): Promise<Report>;
  done(messageId: string): Promise<void>;
  attribute(name: "ApproximateNumberOfMessages" | "ApproximateNumberOfMessagesNotVisible"): Promise<number>;
}

const folder = mkdtempSync(join(tmpdir(), "causeway-mapping-"));
let engine: Process;
let client: SQSClient;
let endpoint: string;

before(async () => {
  const port = await freePort();
  endpoint = `http://127.0.0.1:${port}`;
  engine = await startSqsEngine({ port, folder: join(folder, "sqs"), logFile: join(folder, "sqs.log") });
  client = sqsClientFor(endpoint);
});

after(async () => {
  client.destroy();
  await engine.stop(2_000);
  rmSync(folder, { recursive: true });
});

let made = 0;

async function makeQueue(attributes: Record<string, string>): Promise<string> {
  made += 1;
  const fifo = attributes["FifoQueue"] === "true" ? ".fifo" : "";
  const answer = await client.send(
    new CreateQueueCommand({ QueueName: `queue-${made}${fifo}`, Attributes: attributes }),
  );
  assert.ok(answer.QueueUrl);
  return answer.QueueUrl;
}

async function withMapping(
  settings: { visibilityS: number; concurrency?: number; timeoutMs?: number },
  body: (fixture: Fixture) => Promise<void>,
): Promise<void> {
  const queueUrl = await makeQueue({ FifoQueue: "true", VisibilityTimeout: String(settings.visibilityS) });
  const reports = await makeQueue({});
  const finished = new Map<string, PromiseWithResolvers<void>>();
  const finish = (id: string) => {
    const waiting = finished.get(id) ?? Promise.withResolvers<void>();
    finished.set(id, waiting);
    return waiting;
  };
  const mapping = startEventSourceMapping({
    function: {
      name: "fixture",
      bundle: join(import.meta.dirname, "../fixtures/function.mjs"),
      env: { ...localCredentials, SQS_ENDPOINT: endpoint, REPORT_QUEUE: reports },
      timeoutMs: settings.timeoutMs ?? 10_000,
      memoryMb: 128,
      logFile: join(folder, "function.log"),
    },
    queueUrl,
    queueArn: "arn:aws:sqs:us-east-1:000000000000:the-queue.fifo",
    region: localRegion,
    batchSize: 10,
    concurrency: settings.concurrency ?? 2,
    client,
    log: () => {},
    onDone: (ids) => ids.map((id) => finish(id).resolve()),
  });
  let sent = 0;
  try {
    await body({
      mapping,
      async send(message, group) {
        sent += 1;
        const command = new SendMessageCommand({
          QueueUrl: queueUrl,
          MessageBody: JSON.stringify(message),
          MessageGroupId: group,
          MessageDeduplicationId: `${queueUrl}-${sent}`,
        });
        return (await client.send(command)).MessageId ?? "";
      },
      async report() {
        const command = new ReceiveMessageCommand({ QueueUrl: reports, WaitTimeSeconds: 20 });
        const [message] = (await client.send(command)).Messages ?? [];
        assert.ok(message?.Body, "the function was invoked");
        const { ReceiptHandle } = message;
        await client.send(new DeleteMessageCommand({ QueueUrl: reports, ReceiptHandle }));
        return JSON.parse(message.Body) as Report;
      },
      done: (id) => finish(id).promise,
      async attribute(name) {
        const command = new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: [name] });
        return Number((await client.send(command)).Attributes?.[name]);
      },
    });
  } finally {
    await mapping.stop(0);
  }
}

describe("the event source mapping, over the SQS engine", { timeout: 60_000 }, () => {
  test("gives the function Lambda's own event, and deletes what it handled", async () => {
    await withMapping({ visibilityS: 30 }, async ({ send, report, done, attribute }) => {
      const id = await send({ do: "ok" }, "g1");
      const [record, ...others] = (await report()).event.Records;
      assert.ok(record);
      assert.deepEqual(others, []);
      assert.equal(record["messageId"], id);
      assert.equal(record["body"], '{"do":"ok"}');
      assert.equal(record["eventSource"], "aws:sqs");
      assert.equal(record["eventSourceARN"], "arn:aws:sqs:us-east-1:000000000000:the-queue.fifo");
      assert.equal(record["awsRegion"], "us-east-1");
      assert.equal(typeof record["receiptHandle"], "string");
      const attributes = record["attributes"] as Record<string, string>;
      assert.equal(attributes["MessageGroupId"], "g1");
      assert.equal(attributes["ApproximateReceiveCount"], "1");
      assert.match(attributes["SequenceNumber"] ?? "", /^\d+$/);
      assert.ok(Math.abs(Number(attributes["SentTimestamp"]) - Date.now()) < 60_000);
      await done(id);
      assert.equal(await attribute("ApproximateNumberOfMessagesNotVisible"), 0);
    });
  });

  test("an instance is kept for the next invocation and sees only its own environment", async () => {
    process.env["CAUSEWAY_TEST_SECRET"] = "not for functions";
    await withMapping({ visibilityS: 30 }, async ({ send, report, done }) => {
      await done(await send({ do: "ok" }, "g1"));
      const first = await report();
      await done(await send({ do: "ok" }, "g1"));
      const second = await report();
      assert.equal(second.instance, first.instance);
      assert.equal(second.invocations, 2);
      assert.equal(first.env["CAUSEWAY_TEST_SECRET"], undefined);
      assert.equal(first.env["SQS_ENDPOINT"], endpoint);
      assert.equal(first.memory, "128");
    });
  });

  test("only the messages that failed come again", async () => {
    await withMapping({ visibilityS: 1 }, async ({ send, report, done, attribute }) => {
      const failing = await send({ do: "fail" }, "g1");
      await report();
      const good = await send({ do: "ok" }, "g2");
      await done(good);
      let again = await report();
      while (again.event.Records[0]?.messageId !== failing) again = await report();
      const attributes = again.event.Records[0]["attributes"] as Record<string, string>;
      assert.ok(Number(attributes["ApproximateReceiveCount"]) >= 2);
      assert.ok((await attribute("ApproximateNumberOfMessagesNotVisible")) <= 1);
    });
  });

  test("while a message of a group is unfinished its successor waits, and other groups go on", async () => {
    await withMapping({ visibilityS: 30 }, async ({ send, report, done, attribute }) => {
      await send({ do: "throw" }, "g1");
      await report();
      await send({ do: "ok", text: "behind it" }, "g1");
      await done(await send({ do: "ok", text: "beside it" }, "g2"));
      assert.match((await report()).event.Records[0]?.body ?? "", /beside it/);
      assert.equal(await attribute("ApproximateNumberOfMessages"), 1);
    });
  });

  test("an instance that dies leaves its batch to the visibility timeout and is replaced", async () => {
    await withMapping({ visibilityS: 1 }, async ({ send, report, done }) => {
      await send({ do: "exit" }, "g1");
      const first = await report();
      const second = await report();
      assert.equal(second.event.Records[0]?.messageId, first.event.Records[0]?.messageId);
      assert.notEqual(second.instance, first.instance);
      await done(await send({ do: "ok" }, "g2"));
    });
  });

  test("an instance that runs past the timeout is ended, even in a busy loop", async () => {
    const settings = { visibilityS: 60, concurrency: 1, timeoutMs: 300 };
    await withMapping(settings, async ({ send, report, done }) => {
      await done(await send({ do: "ok" }, "g0"));
      const first = await report();
      await send({ do: "hang" }, "g1");
      assert.equal((await report()).instance, first.instance);
      await done(await send({ do: "ok" }, "g2"));
      assert.notEqual((await report()).instance, first.instance);
    });
  });

  test("a crash on demand costs no message", async () => {
    await withMapping({ visibilityS: 1 }, async ({ mapping, send, report, done }) => {
      await done(await send({ do: "ok" }, "g1"));
      await report();
      await mapping.crash();
      await done(await send({ do: "ok" }, "g1"));
      assert.equal((await report()).invocations, 1);
    });
  });

  test("as many instances as the concurrency allows work at the same time", async () => {
    await withMapping(
      { visibilityS: 60, concurrency: 2, timeoutMs: 60_000 },
      async ({ send, report, done }) => {
        await send({ do: "hang" }, "g1");
        const hanging = await report();
        await done(await send({ do: "ok" }, "g2"));
        assert.notEqual((await report()).instance, hanging.instance);
      },
    );
  });
});
