/** What a user shows to one contact alone: directed presence (RFC 6121 §4.6, docs/decisions/0010). */
import type { Element } from "ltx";
import type { NativeEventOf } from "../contract/events.ts";
import type { PairDecision, PairState } from "../pair.ts";
import { availabilityStanza, type DirectedPresence, type UserPresence } from "../presence.ts";
import { seenByContact } from "../subscription.ts";
import type { Context } from "./context.ts";
import { collectEffects, type EffectCollector } from "./effects.ts";
import { answerProbe } from "./probe.ts";

const isAvailable = (presence: UserPresence | undefined) =>
  presence !== undefined && presence.show !== "offline";

/** The presence without what the user has shown to this contact alone. */
export function withoutDirected({ directed: _, ...rest }: PairState): PairState {
  return rest;
}

/** What the contact sees of the user by directed presence; of an available user subscribers see the broadcasts. */
export function shownAlone(
  { state, directed }: PairState,
  presence: UserPresence | undefined,
): DirectedPresence | undefined {
  return seenByContact(state) && isAvailable(presence) ? undefined : directed?.presence;
}

/** RFC 6121 §4.6.2: from the full JID, available or not, with everything that the user says. */
function directedStanza(ctx: Context, said: DirectedPresence): Element {
  const stanza = availabilityStanza(ctx.ghost, undefined, { ...said, version: 0 }, ctx.caps);
  stanza.attrs["to"] = ctx.pair.contact;
  return stanza;
}

/** A subscriber is told by broadcasts as well, and must see both in the order in which the user meant them. */
function tell(effects: EffectCollector, { state }: PairState, stanza: Element): void {
  effects.stanza(stanza, seenByContact(state) ? { amongBroadcasts: true } : {});
}

/**
 * Decides on a native `presence.changed` for one contact.
 *
 * @param presence what the user has told to all
 */
export function decideDirectedPresence(
  ctx: Context,
  current: PairState,
  event: NativeEventOf<"presence.changed">,
  presence: UserPresence | undefined,
): PairDecision {
  const { show, status, idleSince } = event.data;
  const said: DirectedPresence = {
    show,
    ...(status === undefined ? {} : { status }),
    ...(idleSince === undefined ? {} : { idleSince }),
    time: event.time,
  };
  const effects = collectEffects(ctx);
  tell(effects, current, directedStanza(ctx, said));
  // RFC 6121 §4.6.1: after directed unavailable presence there is nothing left to take back.
  if (show === "offline") return { next: withoutDirected(current), effects: effects.list };
  // RFC 6121 §4.6.3, rule 1: the next broadcast reaches a subscriber anyway, also one of unavailability.
  const subscriber = seenByContact(current.state);
  if (subscriber && isAvailable(presence)) return { next: withoutDirected(current), effects: effects.list };
  const directed = { presence: said, mark: ctx.cause.mark, subscriber };
  return { next: { ...current, directed }, effects: effects.list };
}

/**
 * The user is unavailable to all: so it is to whom it has shown itself, who is forgotten by that
 * (RFC 6121 §4.6.3, rules 2 and 3).
 *
 * @param status what the user said in going
 * @param broadcast a broadcast has told subscribers already
 */
export function endDirectedPresence(
  ctx: Context,
  current: PairState,
  status: string | undefined,
  broadcast: boolean,
): PairDecision {
  const { directed } = current;
  // Shown after the user went: that is of a session of its own.
  if (directed === undefined || directed.mark > ctx.cause.mark) return { next: current, effects: [] };
  const effects = collectEffects(ctx);
  const gone: DirectedPresence = {
    show: "offline",
    ...(status === undefined ? {} : { status }),
    time: ctx.cause.time,
  };
  // Who has become a subscriber since the contact was shown the user may have come too late for the broadcast.
  if (!(broadcast && directed.subscriber)) tell(effects, current, directedStanza(ctx, gone));
  return { next: withoutDirected(current), effects: effects.list };
}

/** RFC 6121 §4.6.1: a contact that says that it is gone itself need not be told any more. */
export function forgetDirectedPresence(current: PairState): PairDecision {
  return { next: withoutDirected(current), effects: [] };
}

/**
 * RFC 6121 §4.6.6: whom the user has shown itself to may ask whether it is still there. A subscriber that has been
 * shown the user's broadcast presence is one like any other (§4.6.1).
 */
export function answerDirectedProbe(
  ctx: Context,
  current: PairState,
  presence: UserPresence | undefined,
  probeId: string | undefined,
): PairDecision {
  const shown = shownAlone(current, presence);
  if (shown === undefined) {
    const effects = seenByContact(current.state) ? answerProbe(ctx, presence, probeId) : [];
    return { next: withoutDirected(current), effects };
  }
  const effects = collectEffects(ctx);
  const told = availabilityStanza(ctx.ghost, ctx.pair.contact, { ...shown, version: 0 }, ctx.caps, probeId);
  tell(effects, current, told);
  return { next: current, effects: effects.list };
}
