/** What a pair remembers between causes; the availability of the contact is kept apart. */
import type { SubscriptionState } from "./subscription.ts";

export interface PairState {
  readonly state: SubscriptionState;
  /** The contact's next request is already granted (RFC 6121 §3.4). */
  readonly preApproved: boolean;
  /** The contact's nickname as it last told it (XEP-0172). */
  readonly nick?: string;
  /** Nothing passes between the two (XEP-0191). */
  readonly blocked?: true;
}

/** Two who have had nothing to do with each other (RFC 6121 §A.1: "None" includes not being in the roster). */
export const noPair: PairState = { state: "none", preApproved: false };
