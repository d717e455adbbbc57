/**
 * Presence subscriptions as RFC 6121 Appendix A has them: nine states, four stanzas, two directions, 72 rows.
 *
 * The view is the ghost's: it is the RFC's "user", the XMPP person its "contact". What the native side does is
 * outbound, what comes from the XMPP server is inbound. The order of rows is the RFC's, so that each table can
 * be laid beside its page.
 */

/** RFC 6121 §A.1: `out` means "Pending Out" (we asked), `in` means "Pending In" (the contact asked). */
export const subscriptionStates = [
  "none",
  "none+out",
  "none+in",
  "none+out+in",
  "to",
  "to+in",
  "from",
  "from+out",
  "both",
] as const;
export type SubscriptionState = (typeof subscriptionStates)[number];

export type SubscriptionStanza = "subscribe" | "unsubscribe" | "subscribed" | "unsubscribed";
export type SubscriptionDirection = "inbound" | "outbound";

/** One row of a table. */
export interface Transition {
  readonly next: SubscriptionState;
  /** Outbound: route it to the contact. Inbound: deliver it to the user. */
  readonly pass: boolean;
  /** What the user's server answers in the user's name. */
  readonly autoReply?: "subscribed" | "unsubscribed";
}

type Table = Readonly<Record<SubscriptionState, Transition>>;

/** MUST be routed (outbound). */
function route(next: SubscriptionState): Transition {
  return { next, pass: true };
}

/** MUST be delivered (inbound); perhaps answered by the server as well. */
function deliver(next: SubscriptionState, autoReply?: "unsubscribed"): Transition {
  return autoReply === undefined ? { next, pass: true } : { next, pass: true, autoReply };
}

/** MUST NOT or SHOULD NOT be routed or delivered; perhaps answered by the server instead. */
function hold(next: SubscriptionState, autoReply?: "subscribed"): Transition {
  return autoReply === undefined ? { next, pass: false } : { next, pass: false, autoReply };
}

const outbound: Readonly<Record<SubscriptionStanza, Table>> = {
  // RFC 6121 §A.2.1, table 2
  subscribe: {
    none: route("none+out"),
    "none+out": route("none+out"),
    "none+in": route("none+out+in"),
    "none+out+in": route("none+out+in"),
    to: route("to"),
    "to+in": route("to+in"),
    from: route("from+out"),
    "from+out": route("from+out"),
    both: route("both"),
  },
  // RFC 6121 §A.2.2, table 3
  unsubscribe: {
    none: route("none"),
    "none+out": route("none"),
    "none+in": route("none+in"),
    "none+out+in": route("none+in"),
    to: route("none"),
    "to+in": route("none+in"),
    from: route("from"),
    "from+out": route("from"),
    both: route("from"),
  },
  // RFC 6121 §A.2.3, table 4; where nothing is pending it is a pre-approval (§3.4), remembered elsewhere
  subscribed: {
    none: hold("none"),
    "none+out": hold("none+out"),
    "none+in": route("from"),
    "none+out+in": route("from+out"),
    to: hold("to"),
    "to+in": route("both"),
    from: hold("from"),
    "from+out": hold("from+out"),
    both: hold("both"),
  },
  // RFC 6121 §A.2.4, table 5
  unsubscribed: {
    none: hold("none"),
    "none+out": hold("none+out"),
    "none+in": route("none"),
    "none+out+in": route("none+out"),
    to: hold("to"),
    "to+in": route("to"),
    from: route("none"),
    "from+out": route("none+out"),
    both: route("to"),
  },
};

const inbound: Readonly<Record<SubscriptionStanza, Table>> = {
  // RFC 6121 §A.3.1, table 6; §3.1.3: a contact that is subscribed already is told so again
  subscribe: {
    none: deliver("none+in"),
    "none+out": deliver("none+out+in"),
    "none+in": hold("none+in"),
    "none+out+in": hold("none+out+in"),
    to: deliver("to+in"),
    "to+in": hold("to+in"),
    from: hold("from", "subscribed"),
    "from+out": hold("from+out", "subscribed"),
    both: hold("both", "subscribed"),
  },
  // RFC 6121 §A.3.2, table 7
  unsubscribe: {
    none: hold("none"),
    "none+out": hold("none+out"),
    "none+in": deliver("none", "unsubscribed"),
    "none+out+in": deliver("none+out", "unsubscribed"),
    to: hold("to"),
    "to+in": deliver("to", "unsubscribed"),
    from: deliver("none", "unsubscribed"),
    "from+out": deliver("none+out", "unsubscribed"),
    both: deliver("to", "unsubscribed"),
  },
  // RFC 6121 §A.3.3, table 8
  subscribed: {
    none: hold("none"),
    "none+out": deliver("to"),
    "none+in": hold("none+in"),
    "none+out+in": deliver("to+in"),
    to: hold("to"),
    "to+in": hold("to+in"),
    from: hold("from"),
    "from+out": deliver("both"),
    both: hold("both"),
  },
  // RFC 6121 §A.3.4, table 9
  unsubscribed: {
    none: hold("none"),
    "none+out": deliver("none"),
    "none+in": hold("none+in"),
    "none+out+in": deliver("none+in"),
    to: deliver("none"),
    "to+in": deliver("none+in"),
    from: hold("from"),
    "from+out": deliver("from"),
    both: deliver("from"),
  },
};

const tables = { inbound, outbound };

/** What a subscription stanza does to a pair in the given state. Total: every combination has its row. */
export function transition(
  direction: SubscriptionDirection,
  stanza: SubscriptionStanza,
  state: SubscriptionState,
): Transition {
  return tables[direction][stanza][state];
}

/** The `subscription` of a roster item (RFC 6121 §2.1.2.5), as events carry it. */
export function subscriptionOf(state: SubscriptionState): "none" | "to" | "from" | "both" {
  if (state === "both") return "both";
  if (seesContact(state)) return "to";
  return seenByContact(state) ? "from" : "none";
}

/** Which requests wait for an answer: `out` is ours, `in` the contact's. */
export function pendingOf(state: SubscriptionState): "none" | "in" | "out" | "both" {
  if (state === "none+out+in") return "both";
  if (state.endsWith("+out")) return "out";
  return state.endsWith("+in") ? "in" : "none";
}

/** The user may see the contact's presence. */
export function seesContact(state: SubscriptionState): boolean {
  return state === "to" || state === "to+in" || state === "both";
}

/** The contact may see the user's presence. */
export function seenByContact(state: SubscriptionState): boolean {
  return state === "from" || state === "from+out" || state === "both";
}
