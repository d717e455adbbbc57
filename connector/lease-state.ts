/**
 * The lease of a domain's stream as one connector sees it: what it knows, what it hears, what it does next. Pure:
 * times are milliseconds of the connector's own monotonic clock. No two hosts' clocks are ever compared; a standby
 * counts the lease from when it first saw a version, and its holder from before it asked for that version, so the
 * holder's own end always comes first.
 */
import type { LeaseRecord } from "#aws/table.ts";
import type { Limits } from "#core/limits.ts";

export interface Standby {
  readonly role: "standby";
  /** When the next call is due. */
  readonly nextAt: number;
  /** A call is under way. */
  readonly busy: boolean;
  /** What was seen last; absent before the first look. */
  readonly seen?: LeaseRecord;
  /** From when on it may be taken if it has not changed. */
  readonly overAt: number;
}

export interface Holder {
  readonly role: "holder";
  readonly nextAt: number;
  readonly busy: boolean;
  /** From when on the stream is closed unless a renewal comes. */
  readonly closeAt: number;
  /** From when on it is not ours any more. */
  readonly overAt: number;
  readonly closing: boolean;
  readonly leaving: boolean;
}

export type LeaseState = Standby | Holder | { readonly role: "ended" };

export type LeaseEvent =
  | { readonly kind: "tick" }
  | { readonly kind: "seen"; readonly lease: LeaseRecord }
  /** The table took it; `sentAt`: before the call was begun. */
  | { readonly kind: "taken"; readonly sentAt: number }
  | { readonly kind: "renewed"; readonly sentAt: number; readonly leaving: boolean }
  /** Somebody else was first. */
  | { readonly kind: "refused" }
  /** The table did not answer. */
  | { readonly kind: "failed" }
  /** We are about to stop. */
  | { readonly kind: "leave" };

export type LeaseEffect =
  | { readonly do: "look" }
  | { readonly do: "take"; readonly seen: LeaseRecord }
  | { readonly do: "renew"; readonly leaving: boolean }
  /** The stream may be opened. */
  | { readonly do: "gain" }
  /** The stream is to be closed in order, while it is still ours. */
  | { readonly do: "close" }
  /** The stream is not ours any more. */
  | { readonly do: "lose"; readonly reason: "lease-over" | "lease-taken" };

/** Who we are and how long things last. */
export interface LeaseTerms {
  readonly holder: string;
  readonly limits: Limits;
}

export interface LeaseStep {
  readonly state: LeaseState;
  readonly effects: readonly LeaseEffect[];
}

/** At the start: a look is due at once. */
export function firstLeaseState(now: number): LeaseState {
  return { role: "standby", nextAt: now, busy: false, overAt: Number.POSITIVE_INFINITY };
}

const standbyAt = (nextAt: number, busy = false): Standby => ({
  role: "standby",
  nextAt,
  busy,
  overAt: Number.POSITIVE_INFINITY,
});

const isFree = ({ holder }: LeaseRecord, terms: LeaseTerms) =>
  // Ours while we are a standby: we took it and heard nothing, or lost it and nobody wanted it.
  holder === undefined || holder === terms.holder;

function afterLook(state: Standby, lease: LeaseRecord, now: number, terms: LeaseTerms): Standby {
  const { leaseDriftMs, leasePollMs, leaseLeavingPollMs } = terms.limits;
  const { seen } = state;
  const same = seen !== undefined && seen.holder === lease.holder && seen.version === lease.version;
  const full = same ? state.overAt : now + lease.leaseMs + leaseDriftMs;
  const overAt = isFree(lease, terms) ? now : full;
  const lookAt = now + (lease.leaving ? leaseLeavingPollMs : leasePollMs);
  return { role: "standby", busy: false, seen: lease, overAt, nextAt: Math.min(lookAt, overAt) };
}

/** The lease counts from before the call: the table may have written it at any time since. */
function held(sentAt: number, { limits }: LeaseTerms, leaving: boolean): Holder {
  const overAt = sentAt + limits.leaseMs;
  const closeAt = overAt - limits.leaseCloseMs;
  const nextAt = sentAt + limits.leaseRenewMs;
  return { role: "holder", busy: false, nextAt, closeAt, overAt, closing: false, leaving };
}

function onStandby(state: Standby, event: LeaseEvent, now: number, terms: LeaseTerms): LeaseStep {
  const { leaseRetryMs } = terms.limits;
  switch (event.kind) {
    case "tick":
      return { state, effects: [] };
    case "seen":
      return { state: afterLook(state, event.lease, now, terms), effects: [] };
    case "taken": {
      const holder = held(event.sentAt, terms, false);
      // An answer that was so long on its way is none.
      if (now >= holder.closeAt) return { state: standbyAt(now), effects: [] };
      return { state: holder, effects: [{ do: "gain" }] };
    }
    // A renewal that ended after the lease had.
    case "renewed":
    case "refused":
      return { state: standbyAt(now), effects: [] };
    case "failed":
      return { state: { ...state, busy: false, nextAt: now + leaseRetryMs }, effects: [] };
    case "leave":
      return { state: { role: "ended" }, effects: [] };
  }
}

function onHolder(state: Holder, event: LeaseEvent, now: number, terms: LeaseTerms): LeaseStep {
  /** Whoever is leaving wants it no more. */
  const lost = (reason: "lease-over" | "lease-taken", busy: boolean): LeaseStep => ({
    state: state.leaving || event.kind === "leave" ? { role: "ended" } : standbyAt(now, busy),
    effects: [{ do: "lose", reason }],
  });
  if (now >= state.overAt) return lost("lease-over", state.busy && event.kind === "tick");
  switch (event.kind) {
    case "renewed": {
      const renewed = held(event.sentAt, terms, state.leaving);
      const untold = state.leaving && !event.leaving;
      return {
        state: untold ? { ...renewed, nextAt: now } : renewed,
        // It was closing, and may open again.
        effects: state.closing ? [{ do: "gain" }] : [],
      };
    }
    case "refused":
      return lost("lease-taken", false);
    case "failed":
      return { state: { ...state, busy: false, nextAt: now + terms.limits.leaseRetryMs }, effects: [] };
    case "leave":
      return { state: { ...state, leaving: true, nextAt: now }, effects: [] };
    // Answers to what a holder does not ask.
    case "seen":
    case "taken":
    case "tick":
      return { state, effects: [] };
  }
}

/** What time alone makes due. */
function due(state: LeaseState, now: number): LeaseStep {
  if (state.role === "ended") return { state, effects: [] };
  if (state.role === "standby") {
    if (state.busy || now < state.nextAt) return { state, effects: [] };
    const { seen } = state;
    const take = seen !== undefined && now >= state.overAt;
    return { state: { ...state, busy: true }, effects: [take ? { do: "take", seen } : { do: "look" }] };
  }
  const closes = !state.closing && now >= state.closeAt;
  const renews = !state.busy && now >= state.nextAt;
  return {
    state: { ...state, closing: state.closing || closes, busy: state.busy || renews },
    effects: [
      ...(closes ? ([{ do: "close" }] as const) : []),
      ...(renews ? ([{ do: "renew", leaving: state.leaving }] as const) : []),
    ],
  };
}

/** Takes an event in. Call it again with a tick at {@link wakeAt}. */
export function stepLease(state: LeaseState, event: LeaseEvent, now: number, terms: LeaseTerms): LeaseStep {
  if (state.role === "ended") return { state, effects: [] };
  const heard =
    state.role === "standby" ? onStandby(state, event, now, terms) : onHolder(state, event, now, terms);
  const next = due(heard.state, now);
  return { state: next.state, effects: [...heard.effects, ...next.effects] };
}

/** When time alone makes something due; `undefined` when nothing. */
export function wakeAt(state: LeaseState): number | undefined {
  if (state.role === "ended") return undefined;
  const callAt = state.busy ? undefined : state.nextAt;
  if (state.role === "standby") return callAt;
  return Math.min(callAt ?? state.overAt, state.closing ? state.overAt : state.closeAt);
}
