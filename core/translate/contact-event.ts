/** What the native user does about a contact: the outbound half of RFC 6121's subscriptions. */
import type { NativeEventOf } from "../contract/events.ts";
import { type Rejection, rejectEvent } from "../contract/rejection.ts";
import type { PairDecision, PairState } from "../pair.ts";
import { availabilityStanza, type UserPresence } from "../presence.ts";
import { err, ok, type Result } from "../result.ts";
import {
  pendingOf,
  type SubscriptionStanza,
  type SubscriptionState,
  seenByContact,
  seesContact,
  transition,
} from "../subscription.ts";
import type { Context } from "./context.ts";
import { withoutDirected } from "./directed-presence.ts";
import { collectEffects, type EffectCollector } from "./effects.ts";
import { goodbyeStanza, subscriptionStanza } from "./ghost-stanza.ts";

export type ContactEvent = NativeEventOf<
  "contact.requested" | "contact.accepted" | "contact.declined" | "contact.removed"
>;

/** What is known of the user, for the contact to see. */
interface Shown {
  readonly presence: UserPresence | undefined;
  readonly nick: string | undefined;
}

/**
 * Decides on a `contact.*` event of the native user.
 *
 * @param presence the user's current presence, which follows an acceptance
 * @param nick the user's nickname, which goes with a request (XEP-0172)
 * @returns what becomes of the pair, or why the event is refused: `no-request`
 */
export function decideContactEvent(
  ctx: Context,
  current: PairState,
  event: ContactEvent,
  presence: UserPresence | undefined,
  nick?: string,
): Result<PairDecision, Rejection> {
  const effects = collectEffects(ctx);
  const shown = { presence, nick };
  const next = changed(ctx, current, event, effects, shown);
  if (next !== undefined) return ok({ next, effects: effects.list });
  return err(
    rejectEvent(event, {
      reason: "no-request",
      text: "the contact has not asked to see the user's presence",
    }),
  );
}

function changed(
  ctx: Context,
  current: PairState,
  event: ContactEvent,
  effects: EffectCollector,
  shown: Shown,
): PairState | undefined {
  switch (event.type) {
    case "contact.requested":
      return requested(ctx, current, event, effects, shown);
    case "contact.accepted":
      return accepted(ctx, current, event, effects, shown);
    case "contact.declined":
      return declined(ctx, current, effects);
    case "contact.removed":
      return removed(ctx, current, event.data.direction, effects);
  }
}

/** Sends what the outbound table routes (RFC 6121 §A.2) and returns the new state. */
function send(
  ctx: Context,
  type: SubscriptionStanza,
  state: SubscriptionState,
  effects: EffectCollector,
  said?: { readonly note?: string | undefined; readonly nick?: string | undefined },
): SubscriptionState {
  const row = transition("outbound", type, state);
  if (row.pass) effects.stanza(subscriptionStanza(ctx, type, said));
  return row.next;
}

function asked(state: SubscriptionState): boolean {
  const pending = pendingOf(state);
  return pending === "in" || pending === "both";
}

/** RFC 6121 §3.1.5: who was let in sees the user at once. */
function letIn(
  ctx: Context,
  state: SubscriptionState,
  effects: EffectCollector,
  { presence }: Shown,
): SubscriptionState {
  const next = send(ctx, "subscribed", state, effects);
  if (presence !== undefined && presence.show !== "offline") {
    const stanza = availabilityStanza(ctx.ghost, ctx.pair.contact, presence, ctx.caps);
    effects.stanza(stanza, { availability: { ghost: ctx.ghost, version: presence.version } });
  }
  return next;
}

/** RFC 6121 §4.6.1: who is subscribed and sees an available user is a subscriber like any other. */
function asSubscriber(current: PairState, { presence }: Shown): PairState {
  return presence === undefined || presence.show === "offline" ? current : withoutDirected(current);
}

/**
 * RFC 6121 §3.1.1. A mutual request approves the contact's own in advance (§3.4); where that has come already,
 * it is granted now, so that it does not matter who asked first.
 */
function requested(
  ctx: Context,
  current: PairState,
  event: NativeEventOf<"contact.requested">,
  effects: EffectCollector,
  shown: Shown,
): PairState {
  const { note, mutual } = event.data;
  const state = send(ctx, "subscribe", current.state, effects, { note, nick: shown.nick });
  if (!mutual) return { ...current, state };
  if (asked(state)) return { ...asSubscriber(current, shown), state: letIn(ctx, state, effects, shown) };
  return { ...current, state, preApproved: current.preApproved || !seenByContact(state) };
}

/** RFC 6121 §3.1.4; without a request a pre-approval (§3.4.1), where it is meant as one. */
function accepted(
  ctx: Context,
  current: PairState,
  event: NativeEventOf<"contact.accepted">,
  effects: EffectCollector,
  shown: Shown,
): PairState | undefined {
  const { mutual, preApprove = false } = event.data;
  if (!asked(current.state)) {
    if (!preApprove) return undefined;
    return { ...current, preApproved: current.preApproved || !seenByContact(current.state) };
  }
  const state = letIn(ctx, current.state, effects, shown);
  // In every other state the user sees the contact or has asked already.
  const asksBack = mutual && state === "from";
  const known = asSubscriber(current, shown);
  if (!asksBack) return { ...known, state };
  return { ...known, state: send(ctx, "subscribe", state, effects, { nick: shown.nick }) };
}

/** RFC 6121 §3.1.4 for a request, §3.4.1 for a pre-approval that is taken back. */
function declined(ctx: Context, current: PairState, effects: EffectCollector): PairState | undefined {
  if (!asked(current.state)) return current.preApproved ? { ...current, preApproved: false } : undefined;
  return { ...current, state: send(ctx, "unsubscribed", current.state, effects), preApproved: false };
}

/**
 * Ends whatever is between the two, blocked or not: the user is about to be gone. Whom it neither sees nor has
 * asked hears no `unsubscribe`: it may be a stranger, or have parted from the user long ago.
 */
export function endBoth(ctx: Context, current: PairState): PairDecision {
  const effects = collectEffects(ctx);
  const pending = pendingOf(current.state);
  const wantsToSee = seesContact(current.state) || pending === "out" || pending === "both";
  const { state, preApproved } = removed(ctx, current, wantsToSee ? "both" : "from", effects);
  return { next: { state, preApproved }, effects: effects.list };
}

/** RFC 6121 §3.3.1 (`to`) and §3.2.1 (`from`), which also takes a pre-approval back. */
function removed(
  ctx: Context,
  current: PairState,
  direction: NativeEventOf<"contact.removed">["data"]["direction"],
  effects: EffectCollector,
): PairState {
  const parted = direction === "from" ? current.state : send(ctx, "unsubscribe", current.state, effects);
  if (direction === "to") return { ...current, state: parted };
  // RFC 6121 §3.2.2: first the user is gone from the contact's sight, then it is told why; §4.6.1: also where it
  // had shown itself to this contact alone.
  if (seenByContact(parted) || current.directed !== undefined)
    effects.stanza(goodbyeStanza(ctx), { parting: true });
  const state = send(ctx, "unsubscribed", parted, effects);
  return { ...withoutDirected(current), state, preApproved: false };
}
