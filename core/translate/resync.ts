/** After a gap in the stream: what each pair has to say again, and what is no longer true of a contact. */
import { type Effect, stanzaCauseId, stanzaMark } from "../decision.ts";
import type { PairState } from "../pair.ts";
import {
  type Availability,
  aggregate,
  availabilityStanza,
  sameToWatchers,
  type UserPresence,
} from "../presence.ts";
import { pendingOf, seenByContact, seesContact } from "../subscription.ts";
import { type LastAvailability, presenceChanged, toldAgain } from "./availability.ts";
import type { Context } from "./context.ts";
import { shownAlone } from "./directed-presence.ts";
import { collectEffects } from "./effects.ts";
import { goodbyeStanza, probeStanza, subscriptionStanza } from "./ghost-stanza.ts";

/**
 * What a pair says again: it asks for the presence of a contact that the user sees, repeats a request that nobody
 * has answered, and shows the user's presence to who may see it, or has been shown it alone.
 *
 * @param presence the user's current presence; nothing is said of one who is offline
 */
export function greetAgain(
  ctx: Context,
  pair: PairState,
  presence: UserPresence | undefined,
): readonly Effect[] {
  const { state, blocked } = pair;
  const effects = collectEffects(ctx);
  if (blocked) return effects.list;
  if (seesContact(state)) effects.stanza(probeStanza(ctx));
  const pending = pendingOf(state);
  // RFC 6121 §3.1.2: a request may be repeated; the contact's server knows whether it has seen it.
  if (pending === "out" || pending === "both") effects.stanza(subscriptionStanza(ctx, "subscribe"));
  if (seenByContact(state) && presence !== undefined && presence.show !== "offline") {
    effects.stanza(availabilityStanza(ctx.ghost, ctx.pair.contact, presence, ctx.caps), {
      availability: { ghost: ctx.ghost, version: presence.version },
    });
  }
  // It may be taken back at this moment, which only the one writer of the user's availability knows.
  if (shownAlone(pair, presence) !== undefined) effects.showPresence();
  return effects.list;
}

/**
 * The last that a contact sees of a user before a planned end of the stream, as if the user's client ended its
 * session (RFC 6121 §4.5.1). Nothing is said where the contact sees nothing of the user.
 */
export function partForNow(
  ctx: Context,
  pair: PairState,
  presence: UserPresence | undefined,
): readonly Effect[] {
  const effects = collectEffects(ctx);
  const isThere = presence !== undefined && presence.show !== "offline";
  const isSeen = (seenByContact(pair.state) && isThere) || shownAlone(pair, presence) !== undefined;
  if (isSeen && !pair.blocked) effects.stanza(goodbyeStanza(ctx));
  return effects.list;
}

type Resources = Readonly<Record<string, Availability>>;

/** The resources that nobody has spoken for since the stream of `epoch` came up: silence means offline. */
export function silentResources(resources: Resources, epoch: number): readonly string[] {
  return Object.keys(resources).filter((name) => (resources[name]?.epoch ?? 0) < epoch);
}

/**
 * What the native side sees once the silent resources are gone; before that what a stanza of this stream has changed,
 * which may be on its way yet.
 */
export function forgetSilent(
  ctx: Context,
  last: LastAvailability,
  silent: readonly string[],
  epoch: number,
): readonly Effect[] {
  const left = Object.fromEntries(Object.entries(last.resources).filter(([name]) => !silent.includes(name)));
  const now = aggregate(left);
  if (sameToWatchers(aggregate(last.resources), now)) return [];
  const isRecent = last.mark >= stanzaMark(epoch, 0);
  return [...(isRecent ? toldAgain(ctx, last) : []), ...presenceChanged(ctx, now)];
}

/** What is true since a stanza of that mark; without one, since the pair ceased to be known. */
export function toldSince(ctx: Context, resources: Resources, mark: string | undefined): readonly Effect[] {
  const id = `${ctx.cause.id}.${mark === undefined ? "end" : stanzaCauseId(mark)}`;
  return presenceChanged({ ...ctx, cause: { ...ctx.cause, id } }, aggregate(resources));
}
