/** What a decision about an event for a contact knows besides the event. */
import type { Capabilities, ContactFeatures } from "../capabilities.ts";

export interface Known {
  /** What the native system can do. */
  readonly capabilities: Capabilities;
  /** What the contact's clients can do; undefined where it is not known, or was not asked. */
  readonly contact: ContactFeatures;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Whether the contact's clients are known, and not all of them have a feature. */
export function isKnownToLack(contact: ContactFeatures, feature: string): boolean {
  return contact !== undefined && !contact.has(feature);
}
