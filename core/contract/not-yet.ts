/**
 * What the contract says and this version does not carry yet: it is refused with `unsupported`, never lost in
 * silence. The functions and the documents read it here.
 */
import type { NativeEventType } from "./events.ts";

/** Fields for which an event is refused; of `user.updated` the rest is taken in. */
export const fieldsNotYet = {
  "user.updated": ["avatar", "vcard"],
} as const satisfies Partial<Record<NativeEventType, readonly string[]>>;
