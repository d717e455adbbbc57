/** What a pair remembers between causes; the availability of the contact is kept apart. */
import type { Effect } from "./decision.ts";
import type { DirectedPresence } from "./presence.ts";
import type { SubscriptionState } from "./subscription.ts";

/** What the user has shown to a contact alone (RFC 6121 §4.6). */
export interface Directed {
  readonly presence: DirectedPresence;
  /** Mark of the native cause by which it did. */
  readonly mark: string;
  /** The contact was a subscriber then, so that broadcasts reach it as well. */
  readonly subscriber: boolean;
}

export interface PairState {
  readonly state: SubscriptionState;
  /** The contact's next request is already granted (RFC 6121 §3.4). */
  readonly preApproved: boolean;
  /** The contact's nickname as it last told it (XEP-0172). */
  readonly nick?: string;
  /** Nothing passes between the two (XEP-0191). */
  readonly blocked?: true;
  /** The user has shown itself to this contact, which has to be told when it goes (RFC 6121 §4.6.3). */
  readonly directed?: Directed;
}

/** What a decision on a pair says. */
export interface PairDecision {
  readonly next: PairState;
  readonly effects: readonly Effect[];
}

/** Whether the user has nothing to do with the contact: neither sees the other, nor has the user meant it to. */
export function isStranger({ state, preApproved, directed }: PairState): boolean {
  return (state === "none" || state === "none+in") && !preApproved && directed === undefined;
}

/** Two who have had nothing to do with each other (RFC 6121 §A.1: "None" includes not being in the roster). */
export const noPair: PairState = { state: "none", preApproved: false };
