/** Blocking a contact, by XEP-0191's rules for the server of the one who blocks. */
import { type Effect, stanzaCauseId } from "../decision.ts";
import type { PairState } from "../pair.ts";
import {
  type Availability,
  aggregate,
  availabilityStanza,
  sameToWatchers,
  type UserPresence,
} from "../presence.ts";
import { seenByContact, seesContact } from "../subscription.ts";
import { presenceChanged } from "./availability.ts";
import type { Context } from "./context.ts";
import { collectEffects } from "./effects.ts";
import { goodbyeStanza, probeStanza } from "./ghost-stanza.ts";
import type { PairDecision } from "./subscription-stanza.ts";

type Resources = Readonly<Record<string, Availability>>;

/** What is known of a contact, what was before its last stanza, and the mark of that: empty if there was none. */
interface Last {
  readonly resources: Resources;
  readonly before: Resources;
  readonly mark: string;
}

/**
 * The user sees the contact go. Whoever took in the contact's last stanza may not have told of it yet, and would do so
 * when the contact is gone: so it is told here again, first and under the same id, and comes only once.
 */
function partFrom(ctx: Context, { resources, before, mark }: Last): readonly Effect[] {
  const now = aggregate(resources);
  const last = { ...ctx, cause: { ...ctx.cause, id: stanzaCauseId(mark) } };
  const isTold = mark !== "" && !sameToWatchers(aggregate(before), now);
  return [
    ...(isTold ? presenceChanged(last, now) : []),
    ...(now.show === "offline" ? [] : presenceChanged(ctx, aggregate({}))),
  ];
}

/**
 * The user blocks the contact, which sees it go offline and is told nothing else (XEP-0191 §3.3).
 *
 * @param last what was known of the contact; undefined where nothing was
 */
export function decideBlock(ctx: Context, current: PairState, last: Last | undefined): PairDecision {
  if (current.blocked === true) return { next: current, effects: [] };
  const effects = collectEffects(ctx);
  if (seenByContact(current.state)) effects.stanza(goodbyeStanza(ctx));
  const parting = last === undefined ? [] : partFrom(ctx, last);
  return { next: { ...current, blocked: true }, effects: [...effects.list, ...parting] };
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
    const stanza = availabilityStanza(ctx.ghost, ctx.pair.contact, presence);
    effects.stanza(stanza, { availability: { ghost: ctx.ghost, version: presence.version } });
  }
  if (seesContact(current.state)) effects.stanza(probeStanza(ctx));
  return { next, effects: effects.list };
}
