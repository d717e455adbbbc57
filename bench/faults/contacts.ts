/**
 * Contacts asked, accepted and removed again, over and over: each is a change in the table with effects in the queues,
 * which messages are not. Every request must be accepted once.
 */
import { setTimeout as delay } from "node:timers/promises";
import { element } from "#core/xmpp/stanza.ts";
import type { Rig } from "./fault.ts";

interface Acquaintance {
  readonly user: string;
  readonly account: string;
  requests: number;
  /** Ids of the events that told of acceptances. */
  readonly accepted: Set<string>;
}

/** Accounts that are asked, by every user. */
const accountsAsked = 1;
const pauseMs = 1_000;

/** Does `work`, and meanwhile changes contacts; afterwards every request must have been accepted, once. */
export async function keepContactsChanging(rig: Rig, work: () => Promise<void>): Promise<void> {
  const { ends } = rig;
  const contactOf = (account: string) => `${account}@${rig.bridge.endpoints.xmpp.domain}`;
  const all = new Map<string, Acquaintance>();
  for (const account of ends.accounts.slice(0, accountsAsked)) {
    for (const user of ends.users) {
      all.set(`${user} ${contactOf(account)}`, { user, account, requests: 0, accepted: new Set() });
    }
  }
  const stopping = new AbortController();
  const running = new Set<Promise<void>>();

  const tell = (acquaintance: Acquaintance, type: string) => {
    const { user, account, requests } = acquaintance;
    return ends.emit(user, `${type}.${user}.${account}.${requests}`, type, {
      user,
      contact: contactOf(account),
    });
  };
  const ask = async (acquaintance: Acquaintance) => {
    acquaintance.requests += 1;
    await tell(acquaintance, "contact.requested");
  };
  const askAgain = async (acquaintance: Acquaintance) => {
    await delay(pauseMs);
    if (stopping.signal.aborted) return;
    await tell(acquaintance, "contact.removed");
    await ask(acquaintance);
  };
  const begin = (task: Promise<void>) => {
    const noted = task.finally(() => running.delete(noted));
    running.add(noted);
  };

  ends.onStanza((account, stanza) => {
    if (!stanza.is("presence") || stanza.attrs["type"] !== "subscribe") return;
    const answer = element("presence", { type: "subscribed", to: stanza.attrs["from"] ?? "" });
    begin(ends.send(account, answer));
  });
  ends.onEvent(({ id, type, data }) => {
    const acquaintance = all.get(`${data["user"]} ${data["contact"]}`);
    if (type !== "contact.accepted" || acquaintance === undefined || acquaintance.accepted.has(id)) return;
    acquaintance.accepted.add(id);
    if (acquaintance.accepted.size === acquaintance.requests) begin(askAgain(acquaintance));
  });

  for (const acquaintance of all.values()) await ask(acquaintance);
  try {
    await work();
  } finally {
    stopping.abort();
    await Promise.all(running);
  }
  rig.afterwards(() => {
    let requests = 0;
    let wrong = 0;
    for (const each of all.values()) {
      requests += each.requests;
      if (each.accepted.size !== each.requests) wrong += 1;
    }
    rig.log(`contacts requested ${requests} times`);
    if (wrong > 0) throw new Error(`${wrong} contacts were accepted more or less often than requested`);
  });
}
