/** Many messages between many pairs, counted: none lost, none twice, each pair's in order. */
import assert from "node:assert/strict";
import { names } from "#bench/names.ts";
import type { NativeSide } from "./native.ts";
import { chat } from "./stanzas.ts";
import { bareOf, type XmppUser } from "./xmpp.ts";

const userCount = 10;
const accountCount = 5;
/** Messages of each pair, each way: 2,000 over 50 pairs. */
const perPair = 40;
export const messageCount = userCount * accountCount * perPair;

/** Users and accounts that a bridge needs for it. */
export const parties = {
  users: names("n", userCount),
  accounts: names("u", accountCount).map((name) => ({ name, password: name })),
} as const;

const componentDomain = "im.localhost";
const domain = "localhost";

/** What has come of all that was sent. */
export interface Ledger {
  /** Notes the arrival of a message; `stored` by the account's server while it was logged out. */
  take(user: string, account: string, id: string, stored?: boolean): void;
  /** Messages that have arrived, repeats aside. */
  readonly count: number;
  /** Messages that have arrived again. */
  readonly repeats: number;
  /** Resolves when so many different ones have arrived; rejects after `timeoutMs`. */
  reached(count: number, timeoutMs?: number): Promise<void>;
  /** Ids that have arrived, by pair, in order. */
  readonly arrived: ReadonlyMap<string, ReadonlySet<string>>;
  /**
   * Throws unless every pair's messages are all there, in the order in which they were sent. What was stored has
   * an order of its own: a server (ejabberd does) may hand it over behind newer messages.
   */
  assertWhole(): void;
  /** Messages that were stored. */
  readonly stored: number;
}

const timeoutMsDefault = 60_000;
/** Ids of the messages of each pair, in the order in which they are sent. */
export const sent: readonly string[] = Array.from({ length: perPair }, (_, sequence) => `m ${sequence}`);

/** @param whole takes in everything as well. */
export function makeLedger(whole?: Ledger): Ledger {
  const arrived = new Map<string, Set<string>>();
  const stored = new Set<string>();
  for (const user of parties.users) {
    for (const { name } of parties.accounts) arrived.set(`${user} ${name}`, new Set());
  }
  const waiters = new Set<() => void>();
  let count = 0;
  let repeats = 0;
  return {
    arrived,
    get count() {
      return count;
    },
    get repeats() {
      return repeats;
    },
    get stored() {
      return stored.size;
    },
    take(user, account, id, isStored = false) {
      whole?.take(user, account, id, isStored);
      const pair = `${user} ${account}`;
      const ids = arrived.get(pair);
      if (ids === undefined) throw new Error(`nobody wrote: ${user}, ${account}, ${id}`);
      if (ids.has(id)) {
        repeats += 1;
        return;
      }
      ids.add(id);
      if (isStored) stored.add(`${pair} ${id}`);
      count += 1;
      for (const look of waiters) look();
    },
    async reached(wanted, timeoutMs = timeoutMsDefault) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const look = () => {
        if (count >= wanted) resolve();
      };
      waiters.add(look);
      look();
      const timer = setTimeout(() => {
        reject(new Error(`${count} of ${wanted} messages within ${timeoutMs / 1000} s`));
      }, timeoutMs);
      await promise.finally(() => {
        clearTimeout(timer);
        waiters.delete(look);
      });
    },
    assertWhole() {
      for (const [pair, ids] of arrived) {
        const isStored = (id: string) => stored.has(`${pair} ${id}`);
        assert.equal(ids.size, sent.length, `messages of ${pair}`);
        for (const part of [(id: string) => !isStored(id), isStored]) {
          assert.deepEqual([...ids].filter(part), sent.filter(part), `messages of ${pair}`);
        }
      }
    },
  };
}

/** Emits every message of the native users, each user's in order; all users at once. */
export async function emitAll(native: NativeSide): Promise<void> {
  const emitOf = async (user: string) => {
    for (const id of sent) {
      for (const { name } of parties.accounts) {
        const data = { user, contact: `${name}@${domain}`, id, body: `${user} ${id}` };
        await native.emit({ type: "message.sent", data });
      }
    }
  };
  await Promise.all(parties.users.map(emitOf));
}

/** Sends every message of one account, or some of each pair. */
export async function sendAll(account: XmppUser, ids: readonly string[] = sent): Promise<void> {
  for (const id of ids) {
    for (const user of parties.users) {
      await account.send(chat(`${user}@${componentDomain}`, id, `${account.bare} ${id}`));
    }
  }
}

/** Notes every message that an account gets, from now on, and those of its own that came back with an error. */
export function countMessages(account: XmppUser, ledger: Ledger, bounced?: Ledger): void {
  account.onStanza((stanza) => {
    if (!stanza.is("message")) return;
    const user = bareOf(stanza.attrs["from"]).split("@")[0] ?? "";
    const into = stanza.attrs["type"] === "error" ? bounced : ledger;
    // XEP-0160: stamped by the server that kept it.
    const isStored = stanza.getChildren("delay").some(({ attrs }) => attrs["from"] === domain);
    into?.take(user, account.bare.split("@")[0] ?? "", stanza.attrs["id"] ?? "", isStored);
  });
}

/** Notes every message that the native side gets, from now on. */
export function countEvents(native: NativeSide, ledger: Ledger): void {
  native.onEvent(({ type, data }) => {
    if (type !== "message.sent") return;
    ledger.take(String(data["user"]), String(data["contact"]).split("@")[0] ?? "", String(data["id"]));
  });
}
