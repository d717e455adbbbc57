/**
 * Queues that keep nothing: an HTTP endpoint that answers SQS's JSON protocol as fast as it can, in a process of its
 * own. It counts the stanzas that it is sent, and hands out those that it is told to (`out`) or was sent (`echo`).
 * `queue-stub.mjs in|out|echo`
 */
import { createHash, randomUUID } from "node:crypto";
import { createServer } from "node:http";

const [way] = process.argv.slice(2);
const tellEvery = 100;
const batchMax = 10;

const counts = { taken: 0, given: 0, deleted: 0, requests: 0 };
let told = "";
let untold = 0;
const tell = () => {
  const text = JSON.stringify(counts);
  untold = 0;
  if (text === told) return;
  told = text;
  process.send({ ...counts });
};
const count = (name, more) => {
  counts[name] += more;
  untold += more;
  if (untold >= tellEvery) tell();
};
setInterval(tell, 20);

const md5 = (text) => createHash("md5").update(text).digest("hex");

/** Bodies that wait to be received, each of so many stanzas. */
const waiting = [];
/** Long polls that wait for something. */
let polls = [];
let serial = 0;

function messagesNow() {
  return waiting.splice(0, batchMax).map(({ body, group, stanzas }) => {
    serial += 1;
    counts.given += stanzas;
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

function put(messages) {
  waiting.push(...messages);
  for (const poll of polls.splice(0)) {
    if (waiting.length > 0) poll(messagesNow());
    else polls.push(poll);
  }
}

/** What a pack of stanzas becomes when each goes back to where it came from. */
function echoOf(items) {
  const time = new Date().toISOString();
  return items.map(({ seq, trace, xml }) => ({
    id: `e${seq}`,
    time,
    trace,
    hops: 1,
    xml: xml.replace(/<message[^>]*>/, (head) =>
      head.replace(/ (from|to)=/g, (_, name) => (name === "from" ? " to=" : " from=")),
    ),
  }));
}

function onSend(entries, queue) {
  for (const { MessageBody: body, MessageGroupId: group } of entries) {
    if (!queue.includes("message-stanzas")) continue;
    if (way === "echo") {
      const { items } = JSON.parse(body);
      count("taken", items.length);
      put([{ body: JSON.stringify({ v: 1, items: echoOf(items) }), group, stanzas: items.length }]);
    } else count("taken", body.split(',"seq":').length - 1);
  }
}

const answers = {
  SendMessageBatch({ Entries, QueueUrl }) {
    onSend(Entries, QueueUrl);
    const Successful = Entries.map(({ Id, MessageBody }) => ({
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
    const { promise, resolve } = Promise.withResolvers();
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

const server = createServer(async (request, response) => {
  counts.requests += 1;
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  const action = String(request.headers["x-amz-target"]).split(".").at(-1);
  const answer = await answers[action]?.(JSON.parse(Buffer.concat(pieces)));
  response.writeHead(answer ? 200 : 400, { "content-type": "application/x-amz-json-1.0" });
  response.end(JSON.stringify(answer ?? { __type: "InvalidAction" }));
});
server.keepAliveTimeout = 0;

/** Makes messages of `inMessage` stanzas each, all to one client. */
function fill({ stanzas, inMessage, to, domain, body }) {
  const time = new Date().toISOString();
  const item = (n) => ({
    id: `m${n}`,
    time,
    trace: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    hops: 1,
    xml: `<message from="user${n % 16}@${domain}" to="${to}" id="m${n}" type="chat"><body>${body}</body></message>`,
  });
  const messages = Array.from({ length: Math.ceil(stanzas / inMessage) }, (_, index) => {
    const size = Math.min(inMessage, stanzas - index * inMessage);
    const items = Array.from({ length: size }, (_, n) => item(index * inMessage + n));
    return { body: JSON.stringify({ v: 1, items }), group: `g${index}`, stanzas: size };
  });
  put(messages);
}
process.on("message", fill);
process.on("disconnect", () => process.exit(0));
server.listen(0, "127.0.0.1", () => process.send({ port: server.address().port }));
