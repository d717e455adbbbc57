/** Messages of many pairs one way, sent at a rate or as fast as they arrive, each seen on both sides. */
import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { messageText } from "../message-text.ts";
import { names } from "../names.ts";
import { connectLoadClient } from "../xmpp-client.ts";
import { startNativeLoad } from "./native.ts";
import type { Way } from "./rate.ts";
import { type Rig, type RigOptions, startRig } from "./rig.ts";

export interface Load {
  readonly way: Way;
  readonly messages: number;
  /** Messages a second, or how many may be on their way at the same time. */
  readonly pace: { readonly perS: number } | { readonly underWay: number };
  /** Called a few times a second. */
  readonly onTick?: (arrived: number) => void;
  /** Sends nothing more. */
  readonly signal?: AbortSignal;
}

export interface Passed {
  readonly way: Way;
  readonly sent: number;
  readonly arrived: number;
  readonly lost: number;
  /** Arrivals of what had arrived before. */
  readonly repeats: number;
  /** Arrivals behind a later one of their pair. */
  readonly disordered: number;
  /** From the first that was sent to the last that arrived. */
  readonly wallMs: number;
  /** Milliseconds from sending to arrival, of each that arrived. */
  readonly latenciesMs: readonly number[];
  /** Arrivals between a fifth and all of them, a second: without beginning and end. */
  readonly steadyPerS: number;
}

export interface Traffic {
  readonly rig: Rig;
  readonly pairs: number;
  /** Resolves when all has arrived, or nothing has for long. One of each way at a time. */
  pass(load: Load): Promise<Passed>;
  stop(): Promise<void>;
}

const tickMs = 2;
const stallMsMax = 20_000;

/** What has been sent and has arrived of one load. */
function makeLedger(way: Way, messages: number, pairs: number) {
  const prefix = `${way}-${randomBytes(6).toString("hex")}-`;
  const sentAt = new Float64Array(messages);
  const arrivedAt = new Float64Array(messages);
  const latest = new Int32Array(pairs).fill(-1);
  const counts = { sent: 0, arrived: 0, repeats: 0, disordered: 0 };
  let lastAt = performance.now();
  return {
    counts,
    lastAt: () => lastAt,
    /** Notes the next as sent. */
    next() {
      const n = counts.sent++;
      sentAt[n] = performance.now();
      return { id: `${prefix}${n}`, pair: n % pairs };
    },
    /** False for a message of another load. */
    take(id: string): boolean {
      if (!id.startsWith(prefix)) return false;
      const n = Number(id.slice(prefix.length));
      lastAt = performance.now();
      if (arrivedAt[n] !== 0) counts.repeats += 1;
      else {
        arrivedAt[n] = lastAt;
        counts.arrived += 1;
        const pair = n % pairs;
        if (n < (latest[pair] ?? -1)) counts.disordered += 1;
        latest[pair] = Math.max(n, latest[pair] ?? -1);
      }
      return true;
    },
    passed(): Passed {
      const sent = counts.sent;
      const latenciesMs = Array.from({ length: sent }, (_, n) => (arrivedAt[n] ?? 0) - (sentAt[n] ?? 0));
      const arrivals = arrivedAt
        .slice(0, sent)
        .filter((at) => at > 0)
        .sort();
      const first = Math.floor(arrivals.length / 5);
      const steadyMs = (arrivals.at(-1) ?? 0) - (arrivals[first] ?? 0);
      return {
        way,
        ...counts,
        lost: sent - counts.arrived,
        wallMs: (arrivals.at(-1) ?? 0) - (sentAt[0] ?? 0),
        latenciesMs: latenciesMs.filter((_, n) => arrivedAt[n] !== 0),
        steadyPerS: (arrivals.length - 1 - first) / (steadyMs / 1000),
      };
    },
  };
}
type Ledger = ReturnType<typeof makeLedger>;

/** Sends what is due until all has arrived or nothing does any more. */
async function drive({ messages, pace, onTick, signal }: Load, ledger: Ledger, send: () => void) {
  const { counts } = ledger;
  const begun = performance.now();
  let tickedAt = begun;
  for (;;) {
    const now = performance.now();
    const due =
      "perS" in pace
        ? Math.floor(((now - begun) / 1000) * pace.perS) + 1 - counts.sent
        : pace.underWay - (counts.sent - counts.arrived);
    const isOver = signal?.aborted ?? false;
    const more = isOver ? 0 : Math.min(due, messages - counts.sent);
    for (let n = 0; n < more; n += 1) send();
    const isAll = isOver || counts.sent === messages;
    if (isAll && counts.arrived === counts.sent) return;
    if (isAll && now - ledger.lastAt() > stallMsMax) return;
    if (now - tickedAt > 250) {
      tickedAt = now;
      onTick?.(counts.arrived);
    }
    await delay(tickMs);
  }
}

/** Starts a bridge with so many users and accounts, all of whom write to each other. */
export async function startTraffic(
  options: Pick<RigOptions, "server" | "counted"> & { readonly users: number; readonly accounts: number },
): Promise<Traffic> {
  const users = names("user", options.users);
  const accounts = names("account", options.accounts);
  const rig = await startRig({ ...options, users, accounts });
  const { xmpp, component } = rig.endpoints;
  const native = startNativeLoad(rig.endpoints);
  const clients = await Promise.all(
    accounts.map((name) => connectLoadClient(xmpp, { name, password: name })),
  ).catch(async (error: unknown) => {
    await native.stop();
    await rig.stop();
    throw error;
  });
  const ledgers = new Map<Way, Ledger>();
  native.onMessage((id) => ledgers.get("in")?.take(id));
  for (const client of clients) client.onMessage((id, isError) => !isError && ledgers.get("out")?.take(id));
  const pairs = users.length * accounts.length;

  const send = {
    in({ id, pair }: ReturnType<Ledger["next"]>) {
      const to = `${users[Math.floor(pair / accounts.length)]}@${component.domain}`;
      clients[pair % accounts.length]?.write(
        `<message to='${to}' id='${id}' type='chat'><body>${messageText}</body></message>`,
      );
    },
    out({ id, pair }: ReturnType<Ledger["next"]>) {
      const contact = clients[pair % accounts.length]?.bare ?? "";
      native.emit(users[Math.floor(pair / accounts.length)] ?? "", contact, id, messageText);
    },
  };
  return {
    rig,
    pairs,
    async pass(load) {
      const ledger = makeLedger(load.way, load.messages, pairs);
      ledgers.set(load.way, ledger);
      await drive(load, ledger, () => send[load.way](ledger.next()));
      return ledger.passed();
    },
    async stop() {
      await Promise.all(clients.map((client) => client.close()));
      await native.stop();
      await rig.stop();
    },
  };
}

/** Runs something with fresh traffic, and ends that whatever happens. */
export async function withTraffic<T>(
  options: Parameters<typeof startTraffic>[0],
  work: (traffic: Traffic) => Promise<T>,
): Promise<T> {
  const traffic = await startTraffic(options);
  try {
    return await work(traffic);
  } finally {
    await traffic.stop();
  }
}
