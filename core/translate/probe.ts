/** Answers to presence probes (RFC 6121 §4.3.2). */
import type { Element } from "ltx";
import type { Effect } from "../decision.ts";
import { limits } from "../limits.ts";
import type { PairState } from "../pair.ts";
import { availabilityStanza, type UserPresence } from "../presence.ts";
import { seenByContact } from "../subscription.ts";
import { element } from "../xmpp/stanza.ts";
import type { Context } from "./context.ts";
import { collectEffects } from "./effects.ts";

/** Decides on a probe: who may see the user is shown it by the one writer of its presence, strangers are not. */
export function decideProbe(ctx: Context, current: PairState, stanza: Element): readonly Effect[] {
  const effects = collectEffects(ctx);
  const id = probeId(stanza);
  // RFC 6121 §4.6.6: whom the user has shown itself to may ask, too.
  if (seenByContact(current.state) || current.directed !== undefined) effects.showPresence(id);
  else effects.stanza(refusedProbe(ctx.ghost, ctx.pair.contact, id));
  return effects.list;
}

/** The id that an answer mirrors; undefined where there is none, or one too long to carry along. */
export function probeId(stanza: Element): string | undefined {
  const id = stanza.attrs["id"];
  return id === undefined || id === "" || id.length > limits.idCharsMax ? undefined : id;
}

/** RFC 6121 §4.3.2, rule 1: the same for a stranger and for a user that does not exist. */
export function refusedProbe(ghost: string, prober: string, id: string | undefined): Element {
  return element("presence", { from: ghost, to: prober, id, type: "unsubscribed" });
}

/**
 * Answers an `internal.probed`, in the user's group of `native-events`.
 *
 * @param presence the user's presence; a user that never said anything is offline since the cause
 * @param probeId the id of the probe, where it had one
 */
export function answerProbe(
  ctx: Context,
  presence: UserPresence | undefined,
  probeId: string | undefined,
): readonly Effect[] {
  const effects = collectEffects(ctx);
  const current: UserPresence = presence ?? { show: "offline", version: 0, time: ctx.cause.time };
  effects.stanza(availabilityStanza(ctx.ghost, ctx.pair.contact, current, ctx.caps, probeId), {
    availability: { ghost: ctx.ghost, version: current.version },
  });
  return effects.list;
}
