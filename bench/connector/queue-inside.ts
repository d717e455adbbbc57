/**
 * The connector with its queues inside its own process: no SDK, no HTTP, nothing kept. What is left is its own work and
 * that of packing and unpacking. `queue-inside.ts <port> <domain> <secret> in|out|echo`
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { OutgoingMessage, Queues, ReceivedMessage } from "#aws/queues.ts";
import { makeConnector } from "#connector/connector.ts";
import { makeNoLease } from "#connector/lease.ts";
import { encodeItem, readInboundPack, writePack } from "#core/contract/envelope.ts";
import { limits } from "#core/limits.ts";
import { openPolicy } from "#core/policy.ts";
import { openRates } from "../open-rates.ts";
import { countStanzas, echoesOf, type Item, makeTeller, messagesOf, type Work } from "./played.ts";

interface Stored {
  /** Made when it is received: what waits in a queue is not in the connector's memory. */
  body(): string;
  readonly group: string;
  readonly stanzas: number;
}

const [port, domain = "", secret = "", way] = process.argv.slice(2);

/** `playedUs` is the processor time of the queues, which are in the connector's process and no part of it. */
const counts = { taken: 0, deleted: 0, playedUs: 0 };
const tell = makeTeller(counts);
let waiting: Stored[] = [];
/** Of `waiting`, how many have been received. */
let received = 0;
const handed = new Map<string, number>();
const polls: (() => void)[] = [];
let serial = 0;

/** Counts what is done as the queues'; of all threads, as others collect its garbage. */
function played<T>(work: () => T): T {
  const before = process.cpuUsage();
  const result = work();
  const { user, system } = process.cpuUsage(before);
  counts.playedUs += user + system;
  return result;
}

function put(messages: readonly Stored[]): void {
  for (const message of messages) waiting.push(message);
  for (const wake of polls.splice(0)) wake();
}

function messagesNow(max: number): ReceivedMessage[] {
  const messages = waiting.slice(received, received + max).map(({ body, group, stanzas }) => {
    const id = String(++serial);
    handed.set(id, stanzas);
    return { id, body: body(), receipt: id, group, sequence: id, receives: 1, sentAt: Date.now() };
  });
  received += messages.length;
  if (received === waiting.length) [waiting, received] = [[], 0];
  return messages;
}

const packOf = (items: readonly Item[]) => writePack(items.map(encodeItem));

function echoOf({ body, group = "" }: OutgoingMessage): Stored {
  const pack = readInboundPack(body);
  const items = pack.ok ? pack.value.items : [];
  const back = packOf(echoesOf(items));
  return { body: () => back, group, stanzas: items.length };
}

function take(messages: readonly OutgoingMessage[]): void {
  if (way === "echo") {
    const back = messages.map(echoOf);
    for (const { stanzas } of back) counts.taken += stanzas;
    put(back);
  } else for (const { body } of messages) counts.taken += countStanzas(body);
}

/** Nothing is answered in the turn of the event loop that asks: no queue on a network is so fast. */
const queues: Queues = {
  async send(queue, messages) {
    await nextTurn();
    if (queue === "messageStanzas") played(() => take(messages));
    return [];
  },
  async setAside() {},
  async receive(queue, { max, signal }) {
    await nextTurn();
    while (!signal.aborted) {
      if (queue === "outboundStanzas" && received < waiting.length) return played(() => messagesNow(max));
      const { promise, resolve } = Promise.withResolvers<void>();
      const wake = () => resolve();
      signal.addEventListener("abort", wake);
      if (queue === "outboundStanzas") polls.push(wake);
      await promise;
      signal.removeEventListener("abort", wake);
    }
    return [];
  },
  async remove(_, messages) {
    await nextTurn();
    played(() => {
      for (const { receipt } of messages) {
        counts.deleted += handed.get(receipt) ?? 0;
        handed.delete(receipt);
      }
    });
    return [];
  },
  async extend() {
    return [];
  },
};

const connector = makeConnector({
  domain,
  service: `xmpp://127.0.0.1:${port}`,
  plainAllowed: false,
  readSecret: async () => secret,
  lanes: limits.lanes,
  rates: openRates,
  queues,
  table: { readPolicy: async () => openPolicy },
  lease: makeNoLease(domain, { takeFence: async () => 1 }),
  log(_, event) {
    // The first word says that the stream is up.
    if (event === "stream.up") tell();
  },
});

const fill = (work: Work) =>
  put(messagesOf(work).map(({ items, ...message }) => ({ ...message, body: () => packOf(items()) })));
process.on("message", (work: Work) => played(() => fill(work)));
process.on("disconnect", () => process.exit(0));
connector.start();
