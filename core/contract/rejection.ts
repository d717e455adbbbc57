/** Why an event of `native-events` is refused, and the event that says so. */

/** The words of `event.rejected`'s `reason`. */
export const rejectReasons = [
  "not-json",
  "not-cloudevent",
  "unknown-type",
  "invalid",
  "too-large",
  "invalid-contact",
  "own-domain",
  "wrong-group",
  "unknown-user",
  "localpart-taken",
  "localpart-fixed",
  "no-request",
  "blocked",
  "policy",
  "unsupported",
] as const;

export type RejectReason = (typeof rejectReasons)[number];

/** What could be read of a refused event. */
export interface RefusedEvent {
  readonly id?: string;
  readonly source?: string;
  readonly type?: string;
  readonly user?: string;
  readonly contact?: string;
}

/** Why an event is refused. Holds no text of its body: it may be logged. */
export interface Rejection extends RefusedEvent {
  readonly reason: RejectReason;
  /** For people. */
  readonly text: string;
  /** JSON Pointer (RFC 6901) into the whole event. */
  readonly path?: string;
  /** What was expected there, in words. */
  readonly expected?: string;
  /** The body was no JSON object: it also goes to the dead letters. */
  readonly notJsonObject?: boolean;
}

/** Refuses an event that was read, for a reason found later. */
export function rejectEvent(
  event: { id: string; source: string; type: string; data: { user: string; contact?: string } },
  why: { reason: RejectReason; text: string; path?: string; expected?: string },
): Rejection {
  const { id, source, type, data } = event;
  const contact = data.contact === undefined ? {} : { contact: data.contact };
  return { ...why, id, source, type, user: data.user, ...contact };
}
