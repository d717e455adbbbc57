/**
 * Invitations to rooms, until users can be in rooms: whoever invites is told that nobody will come. The text of one is
 * for clients that know none, as many rooms add it.
 */
import type { Element } from "ltx";
import { idAboutNothing } from "../stanza-id.ts";
import { parseJid } from "../xmpp/jid.ts";
import { element, ns } from "../xmpp/stanza.ts";
import type { Incoming, Outcome } from "./incoming.ts";
import { fullText } from "./reply.ts";

const reason = "This user cannot enter rooms.";

/**
 * XEP-0045 §7.8.2: a room that invites passes a refusal on to who asked it to. XEP-0249 has none, so a direct
 * invitation comes back.
 */
export function refuseInvitation({ ctx, stanza, effects }: Incoming): Outcome {
  const inviter = inviterOf(stanza);
  if (inviter !== undefined) {
    const decline = element("decline", { to: inviter }, element("reason", {}, reason));
    const addresses = { from: ctx.ghost, to: ctx.pair.contact, id: idAboutNothing(ctx.cause.id) };
    effects.stanza(element("message", addresses, element("x", { xmlns: ns.roomUser }, decline)));
    return "taken";
  }
  if (stanza.getChild("x", ns.invitation) === undefined) return "other";
  return { condition: "feature-not-implemented", text: reason };
}

/** On whose behalf a room invites. */
function inviterOf(stanza: Element): string | undefined {
  const invite = stanza.getChild("x", ns.roomUser)?.getChild("invite", ns.roomUser);
  const inviter = parseJid(invite?.attrs["from"] ?? "");
  return inviter.ok ? fullText(inviter.value) : undefined;
}
