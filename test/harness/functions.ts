/** Handlers of functions over the real local engines: everything in memory, on ports of our own. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DeleteMessageBatchCommand, ReceiveMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { buildApp } from "fauxqs";
import type { DeadLetter } from "#aws/dead-letter.ts";
import { makeTable } from "#aws/dynamodb-table.ts";
import { makeQueues, type Queues } from "#aws/queues.ts";
import type { Table } from "#aws/table.ts";
import { allCapabilities, type Capabilities } from "#core/capabilities.ts";
import type { CloudEvent } from "#core/contract/cloud-event.ts";
import type { OutboundItem } from "#core/contract/envelope.ts";
import { type OutboundQueue, type QueueName, type QueueRef, queueNames } from "#core/contract/queues.ts";
import type { Pair } from "#core/decision.ts";
import { parseUserId, type UserId } from "#core/mapping.ts";
import { noPair, type PairState } from "#core/pair.ts";
import type { Tracer } from "#core/trace.ts";
import { parseStanza } from "#core/xmpp/codec.ts";
import { parseBareJid } from "#core/xmpp/jid.ts";
import { makePorts, type Ports } from "#functions/ports.ts";
import { dynamodbClientFor, localRegion, sqsClientFor } from "#local/aws-clients.ts";
import { ensureTable, startDynamodbEngine } from "#local/engines/dynamodb.ts";
import { ensureQueues, type QueueAddresses } from "#local/engines/sqs.ts";
import { freePort } from "#local/free-ports.ts";

export const domain = "im.example.com";
/** The clock of every function here: 2026-11-02T09:30:00Z. */
export const now = Date.parse("2026-11-02T09:30:00.000Z");

export interface Engines {
  readonly dynamodb: DynamoDBClient;
  readonly sqs: SQSClient;
  readonly endpoints: { readonly dynamodb: string; readonly sqs: string };
  readonly tableName: string;
  readonly addresses: QueueAddresses;
  /** The ports over the engines, without anything in between. */
  readonly table: Table;
  readonly queues: Queues;
  /** Names of the requests that the clients have made, oldest first; clear it to count. */
  readonly requests: string[];
  stop(): Promise<void>;
}

type Client = DynamoDBClient | SQSClient;

/** Both clients' stacks are alike but for the types of what passes through, which nothing here looks at. */
const stackOf = (client: Client) => client.middlewareStack as DynamoDBClient["middlewareStack"];

function recordRequests(client: Client, requests: string[]): void {
  stackOf(client).add(
    (next, context) => (args) => {
      requests.push(String(context["commandName"]));
      return next(args);
    },
    { step: "initialize", name: "recordRequests" },
  );
}

/**
 * Sends each request of a client twice and answers with the second answer: what the SDK does when the answer to
 * the first one is lost on its way.
 */
export function sendTwice(client: Client): void {
  stackOf(client).add(
    (next) => async (args) => {
      await next(args).catch(() => undefined);
      return next(args);
    },
    { step: "deserialize", priority: "high", name: "sendTwice" },
  );
}

/** Starts both engines and makes table and queues by the definitions, with those of further domains. */
export async function startEngines(domains: readonly string[] = []): Promise<Engines> {
  const folder = mkdtempSync(join(tmpdir(), "causeway-functions-"));
  const [dynamodbPort, sqsPort] = [await freePort(), await freePort()];
  const endpoints = { dynamodb: `http://127.0.0.1:${dynamodbPort}`, sqs: `http://127.0.0.1:${sqsPort}` };
  const app = buildApp({ logger: false, host: "", defaultRegion: localRegion });
  const [engine] = await Promise.all([
    startDynamodbEngine({ port: dynamodbPort, file: ":memory:", logFile: join(folder, "dynamodb.log") }),
    app.listen({ port: sqsPort, host: "127.0.0.1" }),
  ]);
  const dynamodb = dynamodbClientFor(endpoints.dynamodb);
  const sqs = sqsClientFor(endpoints.sqs);
  const requests: string[] = [];
  const [tableName, addresses] = await Promise.all([
    ensureTable(dynamodb),
    ensureQueues(sqs, endpoints.sqs, domains),
  ]);
  recordRequests(dynamodb, requests);
  recordRequests(sqs, requests);
  return {
    dynamodb,
    sqs,
    endpoints,
    tableName,
    addresses,
    table: makeTable({ client: dynamodb, name: tableName }),
    queues: makeQueues({ client: sqs, ...addresses }),
    requests,
    async stop() {
      dynamodb.destroy();
      sqs.destroy();
      await Promise.all([engine.stop(2_000), app.close()]);
      rmSync(folder, { recursive: true });
    },
  };
}

export type LogEntry = Readonly<Record<string, unknown>>;

/** Ports as a new instance of a function has them: nothing cached, its log kept in `log`. */
export function portsOver(
  parts: Pick<Engines, "table" | "queues">,
  options: {
    domains?: readonly string[];
    openDirectory?: boolean;
    /** What the native system can do, where it is not everything. */
    capabilities?: Partial<Capabilities>;
    /** Milliseconds after {@link now}. */
    laterMs?: number;
    clock?: () => number;
    log?: LogEntry[];
    tracer?: Tracer;
  } = {},
): Ports {
  return makePorts({
    table: parts.table,
    queues: parts.queues,
    domains: options.domains ?? [domain],
    openDirectory: options.openDirectory ?? false,
    capabilities: { ...allCapabilities, ...options.capabilities },
    clock: options.clock ?? (() => now + (options.laterMs ?? 0)),
    log: (entry) => options.log?.push(entry),
    ...(options.tracer && { tracer: options.tracer }),
  });
}

/** A native id as the bridge reads it. */
export function userId(text: string): UserId {
  const user = parseUserId(text);
  if (!user.ok) throw new Error(user.error);
  return user.value;
}

/** Makes a user, as `user.updated` would. */
export async function announce(engines: Engines, user: string, localpart = user): Promise<void> {
  const outcome = await engines.table.createUser({ domain, user: userId(user), localpart, mark: "" });
  if (outcome !== "created") throw new Error(`${user}: ${outcome}`);
}

/** The pair of a user and a contact of our domain. */
export function pairOf(user: string, contact: string): Pair {
  const jid = parseBareJid(contact);
  if (!jid.ok) throw new Error(jid.error);
  return { domain, user: userId(user), contact: jid.value };
}

/** Puts a new pair into a state. */
export async function relate(engines: Engines, pair: Pair, state: Partial<PairState>): Promise<void> {
  const record = { state: { ...noPair, ...state }, marks: { xmpp: "", native: "" }, version: 1, outbox: [] };
  if (!(await engines.table.commitPair(pair, undefined, record))) throw new Error("the pair exists");
}

export interface Arrived {
  readonly group: string;
  readonly body: string;
}

/** Takes everything that a queue holds out of it, in the order of its groups. */
async function takeAll(engines: Engines, url: string): Promise<Arrived[]> {
  const arrived: Arrived[] = [];
  for (;;) {
    const { Messages: messages = [] } = await engines.sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: url,
        MaxNumberOfMessages: 10,
        WaitTimeSeconds: 0,
        MessageSystemAttributeNames: ["MessageGroupId"],
      }),
    );
    if (messages.length === 0) return arrived;
    for (const { Body: body = "", Attributes } of messages) {
      arrived.push({ group: Attributes?.MessageGroupId ?? "", body });
    }
    const entries = messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
    await engines.sqs.send(new DeleteMessageBatchCommand({ QueueUrl: url, Entries: entries }));
  }
}

/** Takes what has arrived in a queue. */
export function take(engines: Engines, queue: QueueRef): Promise<Arrived[]> {
  const url = engines.addresses.urls[queue];
  if (url === undefined) throw new Error(`the engines were not started with ${queue}`);
  return takeAll(engines, url);
}

/** Takes the events that have arrived in a queue of events. */
export async function takeEvents(
  engines: Engines,
  queue: "nativeDeliveries" | "nativeEvents" = "nativeDeliveries",
): Promise<CloudEvent[]> {
  return (await take(engines, queue)).map(({ body }) => JSON.parse(body) as CloudEvent);
}

/** Takes the stanzas (or templates) that have arrived in an outbound queue, unpacked. */
export async function takeStanzas(
  engines: Engines,
  queue: OutboundQueue | `${OutboundQueue}/${string}` = "outboundStanzas",
): Promise<(OutboundItem & { group: string })[]> {
  const packs = await take(engines, queue);
  return packs.flatMap(({ group, body }) => {
    const { items } = JSON.parse(body) as { items: OutboundItem[] };
    return items.map((item) => ({ group, ...item }));
  });
}

/** Takes the stanzas that have arrived for each contact: their types, in order. */
export async function takeTypes(engines: Engines): Promise<Record<string, string[]>> {
  const to: Record<string, string[]> = {};
  for (const { xml } of await takeStanzas(engines)) {
    const stanza = parseStanza(xml);
    if (!stanza.ok) throw new Error(stanza.error);
    const { to: contact = "", type = "available" } = stanza.value.attrs;
    to[contact] = [...(to[contact] ?? []), type];
  }
  return to;
}

/** Takes the dead letters of a queue. */
export async function takeDeadLetters(engines: Engines, queue: QueueName): Promise<DeadLetter[]> {
  const letters = await takeAll(engines, engines.addresses.deadLetterUrls[queue]);
  return letters.map(({ body }) => JSON.parse(body) as DeadLetter);
}

/** Empties every queue, so that one test sees nothing of another. */
export async function emptyQueues(engines: Engines): Promise<void> {
  const urls = queueNames.flatMap((queue) => [
    engines.addresses.urls[queue],
    engines.addresses.deadLetterUrls[queue],
  ]);
  await Promise.all(urls.map((url) => takeAll(engines, url)));
}
