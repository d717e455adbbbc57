/** Blocking a contact, by XEP-0191's rules for the server of the one who blocks. */
import type { Effect } from "../decision.ts";
import type { PairDecision, PairState } from "../pair.ts";
import { aggregate, availabilityStanza, type UserPresence } from "../presence.ts";
import { seenByContact, seesContact } from "../subscription.ts";
import { type LastAvailability, presenceChanged, toldAgain } from "./availability.ts";
import type { Context } from "./context.ts";
import { withoutDirected } from "./directed-presence.ts";
import { collectEffects } from "./effects.ts";
import { goodbyeStanza, probeStanza } from "./ghost-stanza.ts";

/** The user sees the contact go, after what it has perhaps not seen yet. */
function partFrom(ctx: Context, last: LastAvailability): readonly Effect[] {
  const isThere = aggregate(last.resources).show !== "offline";
  return [...toldAgain(ctx, last), ...(isThere ? presenceChanged(ctx, aggregate({})) : [])];
}

/**
 * The user blocks the contact, which sees it go offline and is told nothing else (XEP-0191 §3.3).
 *
 * @param last what was known of the contact; undefined where nothing was
 */
export function decideBlock(
  ctx: Context,
  current: PairState,
  last: LastAvailability | undefined,
): PairDecision {
  if (current.blocked === true) return { next: current, effects: [] };
  const effects = collectEffects(ctx);
  const isShown = seenByContact(current.state) || current.directed !== undefined;
  if (isShown) effects.stanza(goodbyeStanza(ctx), { parting: true });
  const parting = last === undefined ? [] : partFrom(ctx, last);
  return { next: { ...withoutDirected(current), blocked: true }, effects: [...effects.list, ...parting] };
}

/**
 * The user lifts a block: the contact sees it again, and is asked for its presence (XEP-0191 §3.4).
 *
 * @param presence the user's current presence
 */
export function decideUnblock(
  ctx: Context,
  current: PairState,
  presence: UserPresence | undefined,
): PairDecision {
  if (current.blocked !== true) return { next: current, effects: [] };
  const { blocked: _, ...next } = current;
  const effects = collectEffects(ctx);
  if (seenByContact(current.state) && presence !== undefined && presence.show !== "offline") {
    const stanza = availabilityStanza(ctx.ghost, ctx.pair.contact, presence, ctx.caps);
    effects.stanza(stanza, { availability: { ghost: ctx.ghost, version: presence.version } });
  }
  if (seesContact(current.state)) effects.stanza(probeStanza(ctx));
  return { next, effects: effects.list };
}
