/** The presence stanzas that a ghost sends to one contact. */
import type { Element } from "ltx";
import { ghostResource } from "../presence.ts";
import type { SubscriptionStanza } from "../subscription.ts";
import { cleanText } from "../xmpp/codec.ts";
import { element, ns } from "../xmpp/stanza.ts";
import type { Context } from "./context.ts";

/**
 * A subscription stanza, bare JID to bare JID (RFC 6121 §3.1.2).
 *
 * Its id begins with its type, so that an error that comes back says what it is about.
 *
 * @param said a line to the contact, and the user's nickname (XEP-0172 §4.2)
 */
export function subscriptionStanza(
  ctx: Context,
  type: SubscriptionStanza,
  said: { readonly note?: string | undefined; readonly nick?: string | undefined } = {},
): Element {
  return element(
    "presence",
    { from: ctx.ghost, to: ctx.pair.contact, id: `${type}/${safeId(ctx.cause.id)}`, type },
    said.note === undefined ? undefined : element("status", {}, said.note),
    said.nick === undefined ? undefined : element("nick", { xmlns: ns.nick }, said.nick),
  );
}

/** RFC 6121 §4.3.1: from the bare JID, whose server we play. */
export function probeStanza(ctx: Context): Element {
  const id = `probe/${safeId(ctx.cause.id)}`;
  return element("presence", { from: ctx.ghost, to: ctx.pair.contact, id, type: "probe" });
}

/** Which subscription stanza of ours an id was made for by {@link subscriptionStanza}. */
export function subscriptionTypeOf(id: string): SubscriptionStanza | undefined {
  const types = ["subscribe", "subscribed", "unsubscribe", "unsubscribed"] as const;
  return types.find((type) => id.startsWith(`${type}/`));
}

/** The last that a contact sees of a ghost that is shown to it no longer (RFC 6121 §3.2.2, §3.3.3). */
export function goodbyeStanza(ctx: Context): Element {
  return element("presence", {
    from: `${ctx.ghost}/${ghostResource}`,
    to: ctx.pair.contact,
    id: `unavailable/${safeId(ctx.cause.id)}`,
    type: "unavailable",
  });
}

/** A cause id as an attribute carries it unchanged: blanks and what is not ASCII are percent-encoded. */
function safeId(causeId: string): string {
  return encodeURI(cleanText(causeId));
}
