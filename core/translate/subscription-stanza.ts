/** A contact's subscription stanza, and the errors that come back on ours: what becomes of the pair. */
import type { Element } from "ltx";
import { limits } from "../limits.ts";
import type { PairDecision, PairState } from "../pair.ts";
import {
  pendingOf,
  type SubscriptionStanza,
  type SubscriptionState,
  seenByContact,
  subscriptionOf,
  transition,
} from "../subscription.ts";
import { readError } from "../xmpp/error.ts";
import { parseJid } from "../xmpp/jid.ts";
import type { Context } from "./context.ts";
import { withoutDirected } from "./directed-presence.ts";
import { collectEffects, type EffectCollector } from "./effects.ts";
import { goodbyeStanza, probeStanza, subscriptionStanza, subscriptionTypeOf } from "./ghost-stanza.ts";
import { nickOf, ownText, shorten } from "./text.ts";

/** The `subscription` and `pending` that every `contact.*` delivery carries. */
function standing(state: SubscriptionState) {
  return { subscription: subscriptionOf(state), pending: pendingOf(state) };
}

/** Decides on `subscribe`, `subscribed`, `unsubscribe` or `unsubscribed` from the contact; else changes nothing. */
export function decideSubscriptionStanza(ctx: Context, current: PairState, stanza: Element): PairDecision {
  const effects = collectEffects(ctx);
  const next = changed(ctx, current, stanza, effects);
  return { next: takeNick(current, next, stanza, effects), effects: effects.list };
}

function changed(ctx: Context, current: PairState, stanza: Element, effects: EffectCollector): PairState {
  switch (stanza.attrs["type"] as SubscriptionStanza) {
    case "subscribe":
      return requested(ctx, current, stanza, effects);
    case "subscribed":
      return accepted(ctx, current, effects);
    case "unsubscribe":
      return left(ctx, current, effects);
    case "unsubscribed":
      return refused(current, effects);
    default:
      return current;
  }
}

/** RFC 6121 §3.1.3: the contact asks to see the user. */
function requested(ctx: Context, current: PairState, stanza: Element, effects: EffectCollector): PairState {
  const row = transition("inbound", "subscribe", current.state);
  if (row.autoReply !== undefined) {
    effects.stanza(subscriptionStanza(ctx, row.autoReply));
    effects.showPresence();
    return { ...current, state: row.next };
  }
  const note = shorten(ownText(stanza, "status") ?? "", limits.statusCharsMax);
  const said = note === "" ? {} : { note };
  if (current.preApproved) {
    // RFC 6121 §3.4: granted in advance, so answered at once; the grant is used up by it.
    const granted = transition("outbound", "subscribed", row.next);
    effects.stanza(subscriptionStanza(ctx, "subscribed"));
    effects.deliver("contact.requested", { ...said, preApproved: true, ...standing(granted.next) });
    effects.showPresence();
    return { ...current, state: granted.next, preApproved: false };
  }
  if (row.pass) effects.deliver("contact.requested", { ...said, ...standing(row.next) });
  return { ...current, state: row.next };
}

/** RFC 6121 §3.1.6: the contact lets the user see it. */
function accepted(ctx: Context, current: PairState, effects: EffectCollector): PairState {
  const row = transition("inbound", "subscribed", current.state);
  if (row.pass) {
    effects.deliver("contact.accepted", standing(row.next));
    // Its presence should follow by itself (§3.1.5); after a repeated request ejabberd sends none.
    effects.stanza(probeStanza(ctx));
  }
  return { ...current, state: row.next };
}

/** RFC 6121 §3.3.3: the contact no longer wants to see the user, or takes its request back. */
function left(ctx: Context, current: PairState, effects: EffectCollector): PairState {
  const row = transition("inbound", "unsubscribe", current.state);
  const wasSeen = seenByContact(current.state);
  if (wasSeen) effects.stanza(goodbyeStanza(ctx), { parting: true });
  if (row.autoReply !== undefined) effects.stanza(subscriptionStanza(ctx, row.autoReply));
  if (row.pass) effects.deliver("contact.removed", { direction: "from", ...standing(row.next) });
  // RFC 6121 §4.6.1: the end of a subscription is the end of what was shown beside it.
  return { ...(wasSeen ? withoutDirected(current) : current), state: row.next };
}

/** RFC 6121 §3.2.3: the contact declines, or no longer lets the user see it. */
function refused(current: PairState, effects: EffectCollector): PairState {
  const row = transition("inbound", "unsubscribed", current.state);
  const pending = pendingOf(current.state);
  if (row.pass && (pending === "out" || pending === "both")) {
    effects.deliver("contact.declined", standing(row.next));
  } else if (row.pass) {
    effects.deliver("contact.removed", { direction: "to", ...standing(row.next) });
  }
  return { ...current, state: row.next };
}

/** XEP-0172 §4.2: a nickname may come with a request. */
function takeNick(current: PairState, next: PairState, stanza: Element, effects: EffectCollector): PairState {
  if (stanza.attrs["type"] !== "subscribe") return next;
  const nick = nickOf(stanza);
  if (nick === undefined || nick === current.nick) return next;
  effects.deliver("contact.updated", { nick });
  return { ...next, nick };
}

/**
 * Decides on a presence error from the contact's side: `contact.failed` where it answers a request of the user
 * or the acceptance of one, nothing else. The request stays pending, as it does in RFC 6121, and may be
 * repeated.
 */
export function decidePresenceError(ctx: Context, current: PairState, stanza: Element): PairDecision {
  const effects = collectEffects(ctx);
  if (answersSubscription(current, stanza)) {
    const { condition, text, permanent } = readError(stanza);
    effects.deliver("contact.failed", { condition, text, permanent, ...standing(current.state) });
  }
  return { next: current, effects: effects.list };
}

/**
 * Whether a presence error answers a request of the user or the acceptance of one. Availability leaves from the
 * full JID and subscription stanzas from the bare one, so errors tell them apart.
 */
export function answersSubscription(current: PairState, stanza: Element): boolean {
  const to = parseJid(stanza.attrs["to"] ?? "");
  if (stanza.attrs["type"] !== "error" || !to.ok || to.value.resource !== "") return false;
  const id = stanza.attrs["id"];
  const pending = pendingOf(current.state);
  // Some servers lose the id on the way; what the user waits for is then the likeliest.
  if (id === undefined) return pending === "out" || pending === "both";
  const about = subscriptionTypeOf(id);
  return about === "subscribe" || about === "subscribed";
}
