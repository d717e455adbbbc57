/** Continuous messages both ways between many pairs, each numbered, and whatever becomes of them. */
import { setTimeout as delay } from "node:timers/promises";
import type { Element } from "ltx";
import { makeQueues } from "#aws/queues.ts";
import type { CloudEvent } from "#core/contract/cloud-event.ts";
import { asciiJson, readInboundPack } from "#core/contract/envelope.ts";
import { type QueueName, queueNames } from "#core/contract/queues.ts";
import { sqsClientFor } from "#local/aws-clients.ts";
import type { Bridge } from "#local/bridge.ts";
import { askConnector } from "#local/connector.ts";
import { type Letter, readLetter } from "#local/ops/letters.ts";
import { countMessages } from "#local/queue-count.ts";
import { account, type Figures } from "./account.ts";
import { type Ledger, makeLedger } from "./ledger.ts";
import { marksIn, pairOf } from "./marks.ts";
import { source, startNativeEnd } from "./native-end.ts";
import type { TcpProxy } from "./tcp-proxy.ts";
import { startXmppEnd, type XmppEnd, type XmppEndOptions } from "./xmpp-end.ts";

export interface TrafficOptions {
  readonly bridge: Bridge;
  /** Between the connectors and the server's component port. */
  readonly link: TcpProxy;
  readonly certificate: string;
  /** Messages of each pair, each way. */
  readonly rounds: number;
  /** Messages a second in all. */
  readonly ratePerS: number;
  readonly signal: AbortSignal;
}

/** The two ends, for what else is to go through the bridge. */
export interface Ends {
  readonly users: readonly string[];
  readonly accounts: readonly string[];
  /** Emits a native event; resolves when SQS has taken it. */
  emit(user: string, id: string, type: string, data: Readonly<Record<string, unknown>>): Promise<void>;
  /** Puts anything into a user's group of native events; resolves when SQS has taken it. */
  put(user: string, id: string, body: string): Promise<void>;
  /** Sends a stanza as an account; waits for the account to be logged in. */
  send(account: string, stanza: Element): Promise<void>;
  /** Tells of every delivery from now on, repeats too. */
  onEvent(listener: (event: CloudEvent) => void): void;
  /** Tells of every stanza that comes to an account from now on. */
  onStanza(listener: (account: string, stanza: Element) => void): void;
  /** Tells of every dead letter from now on. */
  onLetter(listener: (letter: Letter) => void): void;
}

export interface Traffic {
  readonly ends: Ends;
  /** Messages of both ways. */
  readonly total: number;
  readonly inbound: Ledger;
  readonly outbound: Ledger;
  /** Fences of the streams by which came what was set aside as late. */
  readonly lateFences: ReadonlySet<number>;
  /** Dead letters by reason. */
  readonly letters: Readonly<Record<string, number>>;
  /** Sends everything at an even pace; one end that is held up does not hold up the others. */
  run(): Promise<void>;
  /** Resolves when this part of everything has been sent. */
  progress(fraction: number): Promise<void>;
  figures(): { readonly inbound: Figures; readonly outbound: Figures };
  /**
   * Resolves when nothing is on its way any more, or after a time that is enough for everything; `soon`: or when
   * something has become of each message.
   */
  settled(soon: boolean): Promise<void>;
  stop(): Promise<void>;
}

const settledMsMax = 180_000;
const lookMs = 250;
const letterInHandS = 30;

/** Reads all dead letters that there are, and notes what they tell of. */
function makeLetterReader(
  { endpoints }: Bridge,
  ledgers: { in: Ledger; out: Ledger },
  lateFences: Set<number>,
  letters: Record<string, number>,
  onLetter: (letter: Letter) => void,
  signal: AbortSignal,
) {
  const client = sqsClientFor(endpoints.sqs.endpoint);
  const dead = makeQueues({ client, urls: endpoints.sqs.queues.deadLetters, deadLetterUrls: {} });
  const take = (letter: Letter) => {
    const { reason, body = "" } = letter;
    onLetter(letter);
    letters[reason] = (letters[reason] ?? 0) + 1;
    for (const mark of marksIn(body)) ledgers[mark.direction].setAside(pairOf(mark), mark.sequence);
    const pack = reason === "late" ? readInboundPack(body) : undefined;
    if (pack?.ok) for (const { fence } of pack.value.items) lateFences.add(fence);
  };
  const readQueue = async (queue: QueueName) => {
    for (;;) {
      const messages = await dead.receive(queue, { max: 10, waitS: 0, visibilityS: letterInHandS, signal });
      if (messages.length === 0) return;
      for (const message of messages) take(readLetter(queue, message));
      await dead.remove(queue, messages);
    }
  };
  return {
    read: () => Promise.all(queueNames.map(readQueue)),
    /** Whether nothing is in a queue or a connector; what walks do concerns no message. */
    async isQuiet(connectors: Bridge["connectors"]): Promise<boolean> {
      const queues = queueNames.filter((queue) => queue !== "walks");
      const counts = queues.map((queue) => countMessages(client, endpoints.sqs.queues[queue]));
      if ((await Promise.all(counts)).some((count) => count > 0)) return false;
      const answers = await Promise.all(connectors.map(({ healthPort }) => askConnector(healthPort)));
      const all = answers.map((domains) => domains?.[0]);
      const isIdle = all.every((health) => health?.windowStanzas === 0 && health.held === 0);
      return isIdle && all.some((health) => health?.stream === "up");
    },
    stop: () => client.destroy(),
  };
}

async function logIn(
  options: TrafficOptions & Pick<XmppEndOptions, "onStanza">,
  ledgers: Pick<Traffic, "inbound" | "outbound">,
): Promise<XmppEnd[]> {
  const { endpoints } = options.bridge;
  const users = endpoints.component.users;
  const logins = endpoints.xmpp.accounts.map(({ jid, password }) =>
    startXmppEnd({ ...options, ...ledgers, endpoints, users, password, account: jid.split("@")[0] ?? "" }),
  );
  const settled = await Promise.allSettled(logins);
  const ends = settled.flatMap((login) => (login.status === "fulfilled" ? [login.value] : []));
  const failed = settled.find((login) => login.status === "rejected");
  if (failed === undefined) return ends;
  await Promise.all(ends.map((end) => end.stop()));
  throw failed.reason;
}

/** Tells several of the same. */
function makeTellers<A extends readonly unknown[]>() {
  const listeners = new Set<(...args: A) => void>();
  return {
    add: (listener: (...args: A) => void) => void listeners.add(listener),
    tell(...args: A) {
      for (const listener of listeners) listener(...args);
    },
  };
}

/** Logs all accounts in; nothing is sent yet. */
export async function startTraffic(options: TrafficOptions): Promise<Traffic> {
  const { bridge, rounds, ratePerS, signal } = options;
  const { endpoints } = bridge;
  const { users } = endpoints.component;
  const accounts = endpoints.xmpp.accounts.map(({ jid }) => jid.split("@")[0] ?? "");
  const pairs = accounts.flatMap((name) => users.map((user) => pairOf({ user, account: name })));
  const total = 2 * rounds * pairs.length;
  const waiters = new Set<() => void>();
  const onSent = () => {
    for (const look of waiters) look();
  };
  const [inbound, outbound] = [makeLedger(pairs, onSent), makeLedger(pairs, onSent)];
  const ledgers = { in: inbound, out: outbound };
  options.link.watch((text) => {
    for (const mark of marksIn(text)) ledgers[mark.direction].onLink(pairOf(mark), mark.sequence);
  });
  const lateFences = new Set<number>();
  const letters: Record<string, number> = {};
  const onLetter = makeTellers<[Letter]>();
  const onEvent = makeTellers<[CloudEvent]>();
  const onStanza = makeTellers<[string, Element]>();
  const reader = makeLetterReader(bridge, ledgers, lateFences, letters, onLetter.tell, signal);
  const client = sqsClientFor(endpoints.sqs.endpoint);
  const ends = await logIn({ ...options, onStanza: onStanza.tell }, { inbound, outbound });
  const native = startNativeEnd({
    onEvent: onEvent.tell,
    client,
    endpoints,
    users,
    inbound,
    outbound,
    signal,
  });

  /** Each slot has one account write to all users, and all users to one account. */
  const slotMs = (1000 * 2 * users.length) / ratePerS;
  const inSlots = async (first: number, step: number, work: (slot: number) => Promise<void>) => {
    const begun = performance.now();
    for (let slot = first; slot < rounds * accounts.length; slot += step) {
      await delay(Math.max(0, begun + slot * slotMs - performance.now()), undefined, { signal });
      await work(slot);
    }
  };
  const figures = () => ({ inbound: account(inbound.logs()), outbound: account(outbound.logs()) });
  const isAccounted = () => {
    const { inbound: into, outbound: out } = figures();
    return into.lost === 0 && out.lost === 0;
  };

  return {
    total,
    ends: {
      users,
      accounts,
      emit(user, id, type, data) {
        const time = new Date().toISOString();
        return native.put(user, id, asciiJson({ specversion: "1.0", id, source, type, time, data }));
      },
      put: native.put,
      async send(account, stanza) {
        await ends.find((end) => end.account === account)?.send(stanza);
      },
      onEvent: onEvent.add,
      onStanza: onStanza.add,
      onLetter: onLetter.add,
    },
    inbound,
    outbound,
    lateFences,
    letters,
    async run() {
      const count = accounts.length;
      await Promise.all([
        inSlots(0, 1, (slot) => native.writeTo(accounts[slot % count] ?? "")),
        ...ends.map((end, index) => inSlots(index, count, () => end.writeToAll())),
      ]);
    },
    async progress(fraction) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const look = () => {
        if (inbound.sentCount + outbound.sentCount >= Math.floor(fraction * total)) resolve();
      };
      const giveUp = () => reject(signal.reason);
      waiters.add(look);
      signal.addEventListener("abort", giveUp);
      look();
      await promise.finally(() => {
        waiters.delete(look);
        signal.removeEventListener("abort", giveUp);
      });
    },
    figures,
    async settled(soon) {
      const deadline = performance.now() + settledMsMax;
      for (let quietLooks = 0; quietLooks < 2 && performance.now() < deadline; ) {
        // An engine may still be on its way back.
        const isQuiet = await Promise.all([reader.isQuiet(bridge.connectors), reader.read()]).then(
          ([quiet]) => quiet,
          () => false,
        );
        if (soon && isAccounted()) return;
        const answered = isQuiet && (await Promise.all(ends.map((end) => end.roundTrip()))).every(Boolean);
        quietLooks = answered ? quietLooks + 1 : 0;
        await delay(lookMs, undefined, { signal });
      }
    },
    async stop() {
      await Promise.all([native.stop(), ...ends.map((end) => end.stop())]);
      reader.stop();
      client.destroy();
    },
  };
}
