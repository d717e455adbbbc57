/** Where an inbound stanza goes: its queue and its lane, or why nowhere. */
import type { Element } from "ltx";
import { hashId, laneOf } from "#aws/hash.ts";
import type { QueueName } from "#core/contract/queues.ts";
import type { Limits } from "#core/limits.ts";
import { parseJid } from "#core/xmpp/jid.ts";

export type StanzaQueue = Extract<QueueName, "messageStanzas" | "presenceStanzas" | "iqStanzas">;

export const stanzaQueues: readonly StanzaQueue[] = ["messageStanzas", "presenceStanzas", "iqStanzas"];

/** The queue of a stanza's kind. */
export function queueOf(name: string): StanzaQueue {
  if (name === "message") return "messageStanzas";
  return name === "presence" ? "presenceStanzas" : "iqStanzas";
}

/** Who has sent it: the bare address, or its hash where that is long, and the domain. */
export interface Sender {
  readonly bare: string;
  readonly domain: string;
}

export type Place = { readonly sender: Sender } & (
  | /** `lane` is a message group; everything of one pair has the same. */
  { readonly kind: "lane"; readonly lane: string }
  | { readonly kind: "refused"; readonly reason: "wrong-to" | "wrong-from" }
);

/** Addresses are kept for every sender that is counted: so long they may be. */
const keptCharsMax = 100;

/** As long as what is kept of both addresses of a stanza may be. */
const cachedCharsMax = 4 * keptCharsMax;

/** All whose address cannot be read count as one. */
const unreadable: Sender = { bare: "?", domain: "?" };

function senderOf(from: string): Sender {
  const contact = parseJid(from);
  if (!contact.ok) return unreadable;
  const { bare, domain } = contact.value;
  return { bare: bare.length > keptCharsMax ? hashId(bare) : bare, domain };
}

/** @param domain ours, prepared: nothing enters whose `to` is elsewhere (invariant 8). */
export function makeClassifier(
  domain: string,
  lanes: number,
  limits: Pick<Limits, "laneCacheMax">,
): (stanza: Pick<Element, "attrs">) => Place {
  // Preparing addresses costs more than all else that happens to a stanza here, and they repeat.
  const cache = new Map<string, Place>();

  const place = (to: string, from: string): Place => {
    const ghost = parseJid(to);
    const sender = senderOf(from);
    if (!ghost.ok || ghost.value.domain !== domain) return { kind: "refused", reason: "wrong-to", sender };
    const contact = parseJid(from);
    if (!contact.ok) return { kind: "refused", reason: "wrong-from", sender };
    const number = laneOf([domain, ghost.value.local, contact.value.bare], lanes);
    return { kind: "lane", lane: `lane-${number}`, sender };
  };

  return ({ attrs: { to = "", from = "" } }) => {
    const key = `${to}\n${from}`;
    if (key.length > cachedCharsMax) return place(to, from);
    const known = cache.get(key);
    if (known) return known;
    if (cache.size >= limits.laneCacheMax) cache.clear();
    const found = place(to, from);
    cache.set(key, found);
    return found;
  };
}
