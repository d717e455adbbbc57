/**
 * Availability: how the resources of a contact become one presence for the native side, and how the one
 * presence of a native user becomes a stanza.
 */
import type { Element } from "ltx";
import { type Caps, capsElement } from "./xmpp/caps.ts";
import { type BareJid, domainOf } from "./xmpp/jid.ts";
import { element, ns } from "./xmpp/stanza.ts";

export type Show = "online" | "chat" | "away" | "xa" | "dnd" | "offline";

/** Availability of one resource of a contact. */
export interface Availability {
  readonly show: Show;
  readonly status?: string;
  /** RFC 3339: last interaction (XEP-0319). */
  readonly idleSince?: string;
  /** −128 to 127 (RFC 6121 §4.7.2.3). */
  readonly priority: number;
  /** The stream on which it came; availabilities of older streams are dropped after a resync. */
  readonly epoch: number;
  /** RFC 3339: when the contact said so. */
  readonly time: string;
  /** What the device says that it can do (XEP-0115). */
  readonly caps?: Caps;
}

/** Presence of a native user. */
export interface UserPresence {
  readonly show: Show;
  readonly status?: string;
  readonly idleSince?: string;
  /** What the ghost said that it can do when it was announced (XEP-0115, the verification string). */
  readonly caps?: string;
  /** Grows with every change. */
  readonly version: number;
  /** RFC 3339: since when. */
  readonly time: string;
}

/** What a native user shows to one contact alone (RFC 6121 §4.6). */
export type DirectedPresence = Omit<UserPresence, "version">;

/** What the native side sees of a contact. */
export interface Aggregate {
  readonly show: Show;
  readonly status?: string;
  readonly idleSince?: string;
  /** Resources that count. */
  readonly devices: number;
}

/** The fixed resource of every ghost (entity capabilities need one). */
export const ghostResource = "causeway";

/** The more available, the lower. */
const ranks: Readonly<Record<Show, number>> = { chat: 0, online: 1, away: 2, xa: 3, dnd: 4, offline: 5 };

type Resource = readonly [name: string, availability: Availability];

/** Whether `a` speaks for the contact rather than `b`; total, so that the order of keys never matters. */
function leads([nameA, a]: Resource, [nameB, b]: Resource): boolean {
  if (ranks[a.show] !== ranks[b.show]) return ranks[a.show] < ranks[b.show];
  const later = Date.parse(a.time) - Date.parse(b.time);
  return later === 0 ? nameA < nameB : later > 0;
}

/** The texts that are there; an absent one has no key (exactOptionalPropertyTypes). */
function sayings(from: Availability): Pick<Aggregate, "status" | "idleSince"> {
  return {
    ...(from.status === undefined ? {} : { status: from.status }),
    ...(from.idleSince === undefined ? {} : { idleSince: from.idleSince }),
  };
}

/** Whether a resource counts for the contact's presence, and gets messages to its bare JID (RFC 6121 §8.5.2.1.1). */
export function counts({ priority, show }: Availability): boolean {
  return priority >= 0 && show !== "offline";
}

/** One presence out of all resources: the most available counts, then the latest; negative priority never. */
export function aggregate(resources: Readonly<Record<string, Availability>>): Aggregate {
  const counting = Object.entries(resources).filter(([, availability]) => counts(availability));
  const [first, ...others] = counting;
  if (first === undefined) return { show: "offline", devices: 0 };
  const [, leader] = others.reduce((best, other) => (leads(other, best) ? other : best), first);
  return { show: leader.show, ...sayings(leader), devices: counting.length };
}

/** Whether those who watch the contact would see no difference; the number of devices alone is none. */
export function sameToWatchers(a: Aggregate, b: Aggregate): boolean {
  return a.show === b.show && a.status === b.status && a.idleSince === b.idleSince;
}

/**
 * The presence stanza of a ghost.
 *
 * @param contact whom to tell: the current presence, answered to one. Absent: the template of a broadcast.
 * @param caps what the ghost can do
 * @param probeId the id of the probe that is answered (RFC 6121 §4.3.2)
 */
export function availabilityStanza(
  ghost: BareJid,
  contact: BareJid | undefined,
  presence: UserPresence,
  caps: Caps,
  probeId?: string,
): Element {
  const offline = presence.show === "offline";
  // RFC 6121 §4.3.2: without an available resource the answer comes from the bare JID.
  const from = offline && contact !== undefined ? ghost : `${ghost}/${ghostResource}`;
  const told = contact === undefined ? undefined : stamp(ghost, presence.time);
  const attrs = { from, to: contact, id: probeId, type: offline ? "unavailable" : undefined };
  // RFC 6121 §4.7.2: status may go with "unavailable", show and priority may not.
  const status = presence.status === undefined ? undefined : element("status", {}, presence.status);
  if (offline) return element("presence", attrs, status, told);
  return element(
    "presence",
    attrs,
    presence.show === "online" ? undefined : element("show", {}, presence.show),
    status,
    element("priority", {}, "0"),
    presence.idleSince === undefined
      ? undefined
      : element("idle", { xmlns: ns.idle, since: presence.idleSince }),
    // XEP-0115 §6.1: with every available presence.
    capsElement(caps),
    told,
  );
}

/** XEP-0203: since when it has been so. */
function stamp(ghost: BareJid, time: string): Element {
  return element("delay", { xmlns: ns.delay, from: domainOf(ghost), stamp: time });
}
