/** Why a sound event cannot be carried out. */
import { nativeEventsGroup } from "#aws/hash.ts";
import type { NativeEvent } from "#core/contract/events.ts";
import { type Rejection, rejectEvent } from "#core/contract/rejection.ts";

/** A field (JSON Pointer) that nothing carries across yet. */
export function unsupported(event: NativeEvent, path: string): Rejection {
  const text = `${path.slice(1)} is not supported yet`;
  return rejectEvent(event, { reason: "unsupported", text, path });
}

export function foreignCursor(event: NativeEvent): Rejection {
  return rejectEvent(event, {
    reason: "invalid",
    text: "the cursor is not one of ours",
    path: "/data/cursor",
    expected: "the cursor of a roster.listed, as it was",
  });
}

/** Sequence numbers, and so marks, compare within a group only: the user's events have to share one. */
export function wrongGroup(event: NativeEvent): Rejection {
  return rejectEvent(event, {
    reason: "wrong-group",
    text: "the message group is not the user's: send what a user does in the group that docs/events.md names",
    expected: nativeEventsGroup(event.data.user),
  });
}

export function unknownUser(event: NativeEvent): Rejection {
  return rejectEvent(event, {
    reason: "unknown-user",
    text: "the user was not announced: send user.updated first",
    path: "/data/user",
    expected: "a user that user.updated has announced",
  });
}

export function localpartTaken(event: NativeEvent): Rejection {
  return rejectEvent(event, {
    reason: "localpart-taken",
    text: "another user has this address: choose another localpart",
    path: "/data/localpart",
    expected: "a localpart that nobody has",
  });
}

export function localpartFixed(event: NativeEvent): Rejection {
  return rejectEvent(event, {
    reason: "localpart-fixed",
    text: "a user keeps its address: contacts would lose it",
    path: "/data/localpart",
    expected: "the localpart that the user was announced with, or none",
  });
}

/** The operator's policy: nothing leaves for a domain that is denied, but what ends something. */
export function deniedDomain(event: NativeEvent): Rejection {
  return rejectEvent(event, {
    reason: "policy",
    text: "the policy denies the contact's domain",
    path: "/data/contact",
    expected: "a contact whose domain is allowed",
  });
}

/** XEP-0191 §3.3: nothing leaves for a contact that the user blocks. */
export function blockedContact(event: NativeEvent): Rejection {
  return rejectEvent(event, {
    reason: "blocked",
    text: "the user blocks this contact: send contact.unblocked first",
    path: "/data/contact",
    expected: "a contact that the user does not block",
  });
}
