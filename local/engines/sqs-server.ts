/**
 * The SQS engine as a process of its own: `sqs-server.ts <port> <folder>`. It keeps its messages in `folder`
 * and listens on 127.0.0.1 only.
 */
import { mkdirSync } from "node:fs";
import { buildApp } from "fauxqs";

type Stores = NonNullable<NonNullable<Parameters<typeof buildApp>[0]>["stores"]>;
type SqsStore = Stores["sqsStore"];

/** What we use of fauxqs beyond its exports; its version is pinned, and a test runs through all of it. */
interface Persistence {
  readonly db: { exec(sql: string): void; prepare(sql: string): { run(...values: string[]): unknown } };
  updateMessageReady(messageId: string): void;
  loadSqsAndSns(sqs: SqsStore, sns: Stores["snsStore"]): void;
  close(): void;
}

const fauxqs = new URL(".", import.meta.resolve("fauxqs"));

async function load<T>(file: string, name: string): Promise<T> {
  const module = (await import(new URL(file, fauxqs).href)) as Record<string, T>;
  const found = module[name];
  if (found === undefined) throw new Error(`fauxqs has no ${name} in ${file}`);
  return found;
}

/** Stores that read and keep their state in `folder`. */
async function persistentStores(folder: string): Promise<{ stores: Stores; persistence: Persistence }> {
  const [Sqs, Sns, S3, Manager] = await Promise.all([
    load<new () => SqsStore>("sqs/sqsStore.js", "SqsStore"),
    load<new () => Stores["snsStore"]>("sns/snsStore.js", "SnsStore"),
    load<new () => Stores["s3Store"]>("s3/s3Store.js", "S3Store"),
    load<new (dataDir: string) => Persistence>("persistence.js", "PersistenceManager"),
  ]);
  mkdirSync(folder, { recursive: true });
  const persistence = new Manager(folder);
  // A killed process loses nothing this way; only a power cut would, and waiting for the disk costs 10×.
  persistence.db.exec("PRAGMA synchronous = OFF");
  // fauxqs clears a column here that may not be empty: the message would be lost until the next start.
  const ready = persistence.db.prepare(
    "UPDATE sqs_messages SET receipt_handle = NULL, visibility_deadline = NULL WHERE message_id = ?",
  );
  persistence.updateMessageReady = (messageId) => {
    ready.run(messageId);
  };
  const stores = { sqsStore: new Sqs(), snsStore: new Sns(), s3Store: new S3() };
  persistence.loadSqsAndSns(stores.sqsStore, stores.snsStore);
  Object.assign(stores.sqsStore, { persistence });
  for (const queue of stores.sqsStore.allQueues()) Object.assign(queue, { persistence });
  // Queue addresses by the host that was asked, not by names that the resolver may not know.
  stores.sqsStore.host = "";
  return { stores, persistence };
}

/** The receipts in the answer to a receive. */
function receiptsOf(payload: unknown): string[] {
  if (typeof payload !== "string" || !payload.includes('"ReceiptHandle"')) return [];
  const { Messages = [] } = JSON.parse(payload) as { Messages?: { ReceiptHandle: string }[] };
  return Messages.map((message) => message.ReceiptHandle);
}

async function serve(port: number, folder: string): Promise<void> {
  const { stores, persistence } = await persistentStores(folder);
  const app = buildApp({ logger: false, stores });
  // A long poll whose client is gone still takes messages. Nobody will see them: they go back at once rather
  // than after their visibility timeout.
  app.addHook("onSend", async (request, _reply, payload) => {
    const { destroyed, readableEnded, writable } = request.raw.socket;
    const isGone = destroyed || readableEnded || !writable;
    if (isGone && request.headers["x-amz-target"] === "AmazonSQS.ReceiveMessage") {
      const { QueueUrl } = request.body as { QueueUrl: string };
      const queue = stores.sqsStore.getQueue(QueueUrl);
      for (const receipt of receiptsOf(payload)) queue?.changeVisibility(receipt, 0);
    }
    return payload;
  });
  app.addHook("preClose", async () => persistence.close());
  await app.listen({ port, host: "127.0.0.1" });
  process.once("SIGTERM", () => {
    void app.close().then(() => process.exit(0));
  });
}

const [port, folder] = process.argv.slice(2);
if (port === undefined || folder === undefined) throw new Error("usage: sqs-server.ts <port> <folder>");
await serve(Number(port), folder);
