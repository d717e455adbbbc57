/** How long messages of others take while the connector writes a long broadcast. */
import { randomBytes, randomUUID } from "node:crypto";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { SendMessageCommand } from "@aws-sdk/client-sqs";
import { pairGroup, userGroup } from "#aws/hash.ts";
import { newTrace } from "#aws/trace.ts";
import { encodeItem, writePack } from "#core/contract/envelope.ts";
import { waitUntil } from "#local/wait-until.ts";
import type { Progress } from "../bench.ts";
import { startConnected } from "../connected.ts";
import { assemble } from "../ending.ts";
import { quantile } from "../figures.ts";
import { type PacedServer, startPacedServer } from "./paced-server.ts";
import { domain, type Place } from "./place.ts";

/** Prosody's pace on a machine like ours, the slower one of the two servers. */
const serverStanzasPerS = 7_300;
const everyMs = 40;
const idleMessagesFull = 150;
const idleMessagesQuick = 15;
const broadcastMsMax = 120_000;

/** Milliseconds from the send into the queue until the server has routed the message. */
export interface Latencies {
  readonly messages: number;
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
}

export interface Meanwhile {
  readonly serverStanzasPerS: number;
  readonly idle: Latencies;
  readonly during: Latencies;
  /** What the broadcast takes to be written. */
  readonly broadcastMs: number;
  readonly presencesPerS: number;
}

function latenciesOf(all: readonly number[]): Latencies {
  const at = (share: number) => quantile(all, share);
  return { messages: all.length, p50: at(0.5), p95: at(0.95), max: at(1) };
}

/** Writes one message of another user, to a contact of its own: pairs do not wait for each other. */
async function sendOne({ sqs, addresses }: Place, server: PacedServer): Promise<number> {
  const id = randomUUID();
  const contact = `${id}@example.net`;
  const begun = performance.now();
  const item = {
    id,
    time: new Date().toISOString(),
    trace: newTrace(),
    hops: 1,
    xml: `<message from="nina@${domain}" to="${contact}" id="${id}" type="chat"><body>Hello</body></message>`,
  };
  await sqs.send(
    new SendMessageCommand({
      QueueUrl: addresses.urls.outboundStanzas,
      MessageBody: writePack([encodeItem(item)]),
      MessageGroupId: pairGroup(domain, "nina", contact),
      MessageDeduplicationId: id,
    }),
  );
  return (await server.routedAt(id)) - begun;
}

/** Sends messages at an even pace as long as `goesOn`. */
async function sendWhile(place: Place, server: PacedServer, goesOn: (sent: number) => boolean) {
  const sent: Promise<number>[] = [];
  while (goesOn(sent.length)) {
    sent.push(sendOne(place, server));
    await delay(everyMs);
  }
  return await Promise.all(sent);
}

async function sendBroadcast({ sqs, addresses }: Place, bodies: readonly string[]): Promise<void> {
  for (const body of bodies) {
    await sqs.send(
      new SendMessageCommand({
        QueueUrl: addresses.urls.outboundPresence,
        MessageBody: body,
        MessageGroupId: userGroup(domain, "star"),
        MessageDeduplicationId: randomUUID(),
      }),
    );
  }
}

async function measure(
  place: Place,
  server: PacedServer,
  bodies: readonly string[],
  subscribers: number,
  idleMessages: number,
  progress: Progress,
): Promise<Meanwhile> {
  const idle = () => sendWhile(place, server, (sent) => sent < idleMessages);
  progress(`${idleMessages} messages while nothing else happens`);
  await sendWhile(place, server, (sent) => sent < idleMessages / 3);
  const before = await idle();
  progress("messages while the broadcast is written");
  const sending = sendBroadcast(place, bodies);
  await waitUntil(async () => server.presences() > 0, { what: "the broadcast", timeoutMs: broadcastMsMax });
  const begun = performance.now();
  const isWriting = () => server.presences() < subscribers && performance.now() - begun < broadcastMsMax;
  const during = await sendWhile(place, server, isWriting);
  const broadcastMs = performance.now() - begun;
  await sending;
  if (server.presences() !== subscribers) {
    throw new Error(`the server was given ${server.presences()} of ${subscribers} presences`);
  }
  progress(`${idleMessages} messages more, with nothing else`);
  return {
    serverStanzasPerS,
    idle: latenciesOf([...before, ...(await idle())]),
    during: latenciesOf(during),
    broadcastMs,
    presencesPerS: subscribers / (broadcastMs / 1000),
  };
}

/** Measures with a connector of its own, in a process, against a server that routes as fast as Prosody. */
export async function measureMeanwhile(
  place: Place,
  bodies: readonly string[],
  subscribers: number,
  quick: boolean,
  progress: Progress,
): Promise<Meanwhile> {
  const secret = randomBytes(8).toString("hex");
  const { server, stop } = await assemble(async (onEnd) => {
    const server = await startPacedServer(domain, secret, serverStanzasPerS);
    onEnd(server.close);
    const connector = {
      environment: place.source,
      componentPort: server.port,
      secret,
      sqsEndpoint: place.endpoints.sqs,
      dynamodbEndpoint: place.endpoints.dynamodb,
      logFile: join(place.folder, "connector.log"),
    };
    await startConnected(connector, onEnd);
    return { server };
  });
  try {
    const idleMessages = quick ? idleMessagesQuick : idleMessagesFull;
    return await measure(place, server, bodies, subscribers, idleMessages, progress);
  } finally {
    await stop();
  }
}
