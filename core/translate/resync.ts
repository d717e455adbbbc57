/**
 * After a gap in the stream: what each pair has to say again, and what is no longer true of a contact (design §9,
 * "Presence after a gap").
 */
import type { Effect } from "../decision.ts";
import type { PairState } from "../pair.ts";
import { type Availability, aggregate, sameToWatchers } from "../presence.ts";
import { pendingOf, seesContact } from "../subscription.ts";
import { element } from "../xmpp/stanza.ts";
import { presenceChanged } from "./availability.ts";
import type { Context } from "./context.ts";
import { collectEffects } from "./effects.ts";
import { subscriptionStanza } from "./ghost-stanza.ts";

/**
 * What a pair says again: it asks for the presence of a contact that the user sees, and repeats a request that
 * nobody has answered. The user's own presence goes to all its subscribers at once, as a broadcast.
 */
export function greetAgain(ctx: Context, { state }: PairState): readonly Effect[] {
  const effects = collectEffects(ctx);
  if (seesContact(state)) effects.stanza(probeStanza(ctx));
  const pending = pendingOf(state);
  // RFC 6121 §3.1.2: a request may be repeated; the contact's server knows whether it has seen it.
  if (pending === "out" || pending === "both") effects.stanza(subscriptionStanza(ctx, "subscribe"));
  return effects.list;
}

/** RFC 6121 §4.3.1: from the bare JID, whose server we play. */
export function probeStanza(ctx: Context): ReturnType<typeof element> {
  const id = `probe/${encodeURI(ctx.cause.id)}`;
  return element("presence", { from: ctx.ghost, to: ctx.pair.contact, id, type: "probe" });
}

/** The resources that nobody has spoken for since the stream of `epoch` came up: silence means offline. */
export function silentResources(
  resources: Readonly<Record<string, Availability>>,
  epoch: number,
): readonly string[] {
  return Object.keys(resources).filter((name) => (resources[name]?.epoch ?? 0) < epoch);
}

/** What the native side sees once the silent resources are gone. */
export function forgetSilent(
  ctx: Context,
  resources: Readonly<Record<string, Availability>>,
  silent: readonly string[],
): readonly Effect[] {
  const left = Object.fromEntries(Object.entries(resources).filter(([name]) => !silent.includes(name)));
  const now = aggregate(left);
  return sameToWatchers(aggregate(resources), now) ? [] : presenceChanged(ctx, now);
}
