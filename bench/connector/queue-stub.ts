/**
 * Queues that keep nothing: an HTTP endpoint that answers SQS's JSON protocol as fast as it can, in a process of its
 * own. It counts the stanzas that it is sent, and hands out those that it is told to (`out`) or was sent (`echo`).
 * `queue-stub.ts in|out|echo`
 */
import { createHash, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { countStanzas, echoesOf, type Item, makeTeller, messagesOf, type Work } from "./played.ts";

interface Stored {
  readonly body: string;
  readonly group: string;
  readonly stanzas: number;
}
interface Entry {
  readonly Id: string;
  readonly MessageBody: string;
  readonly MessageGroupId: string;
  readonly ReceiptHandle: string;
}
/** What of a request is looked at, whatever it asks. */
interface Asked {
  readonly QueueUrl: string;
  readonly MessageBody: string;
  readonly WaitTimeSeconds?: number;
  readonly Entries: readonly Entry[];
}

const [way] = process.argv.slice(2);
const tellEvery = 100;
const batchMax = 10;

const counts = { taken: 0, deleted: 0 };
const tell = makeTeller(counts);
let untold = 0;
const count = (name: keyof typeof counts, more: number) => {
  counts[name] += more;
  untold += more;
  if (untold < tellEvery) return;
  untold = 0;
  tell();
};

const md5 = (text: string) => createHash("md5").update(text).digest("hex");

const waiting: Stored[] = [];
/** Long polls that wait for something. */
let polls: ((messages: object[]) => void)[] = [];
let serial = 0;

function messagesNow(): object[] {
  return waiting.splice(0, batchMax).map(({ body, group, stanzas }) => {
    serial += 1;
    return {
      MessageId: String(serial),
      ReceiptHandle: `${serial}.${stanzas}`,
      MD5OfBody: md5(body),
      Body: body,
      Attributes: {
        ApproximateReceiveCount: "1",
        MessageGroupId: group,
        SequenceNumber: String(serial),
        SentTimestamp: String(Date.now()),
      },
    };
  });
}

function put(messages: readonly Stored[]): void {
  waiting.push(...messages);
  for (const poll of polls.splice(0)) {
    if (waiting.length > 0) poll(messagesNow());
    else polls.push(poll);
  }
}

const stored = (items: readonly Item[], group: string): Stored => ({
  body: JSON.stringify({ v: 1, items }),
  group,
  stanzas: items.length,
});

function onSend({ Entries: entries, QueueUrl: queue }: Asked): void {
  for (const { MessageBody: body, MessageGroupId: group } of entries) {
    if (!queue.includes("message-stanzas")) continue;
    if (way === "echo") {
      const { items } = JSON.parse(body);
      count("taken", items.length);
      put([stored(echoesOf(items), group)]);
    } else count("taken", countStanzas(body));
  }
}

const answers: Readonly<Record<string, (asked: Asked) => object | Promise<object>>> = {
  SendMessageBatch(asked) {
    onSend(asked);
    const Successful = asked.Entries.map(({ Id, MessageBody }) => ({
      Id,
      MessageId: Id,
      MD5OfMessageBody: md5(MessageBody),
    }));
    return { Successful, Failed: [] };
  },
  SendMessage: ({ MessageBody }) => ({ MessageId: randomUUID(), MD5OfMessageBody: md5(MessageBody) }),
  async ReceiveMessage({ QueueUrl, WaitTimeSeconds = 0 }) {
    const isOurs = QueueUrl.includes("outbound-stanzas");
    if (isOurs && waiting.length > 0) return { Messages: messagesNow() };
    const { promise, resolve } = Promise.withResolvers<object[]>();
    const timer = setTimeout(() => {
      polls = polls.filter((poll) => poll !== resolve);
      resolve([]);
    }, WaitTimeSeconds * 1000);
    if (isOurs) polls.push(resolve);
    const Messages = await promise;
    clearTimeout(timer);
    return { Messages };
  },
  DeleteMessageBatch({ Entries }) {
    count(
      "deleted",
      Entries.reduce((sum, { ReceiptHandle }) => sum + Number(ReceiptHandle.split(".")[1]), 0),
    );
    return { Successful: Entries.map(({ Id }) => ({ Id })), Failed: [] };
  },
  ChangeMessageVisibilityBatch: ({ Entries }) => ({
    Successful: Entries.map(({ Id }) => ({ Id })),
    Failed: [],
  }),
};

async function onRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const action = String(request.headers["x-amz-target"]).split(".").at(-1) ?? "";
  const body = Buffer.concat(await request.toArray()).toString();
  const answer = await answers[action]?.(JSON.parse(body) as Asked);
  response.writeHead(answer ? 200 : 400, { "content-type": "application/x-amz-json-1.0" });
  response.end(JSON.stringify(answer ?? { __type: "InvalidAction" }));
}

const server = createServer(onRequest);
server.keepAliveTimeout = 0;

const fill = (work: Work) => put(messagesOf(work).map(({ items, group }) => stored(items(), group)));
process.on("message", fill);
process.on("disconnect", () => process.exit(0));
server.listen(0, "127.0.0.1");
await once(server, "listening");
process.send?.({ port: (server.address() as AddressInfo).port });
tell();
