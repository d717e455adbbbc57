/** `message.delivered` and `message.displayed` of a native user: what became of the contact's message. */
import type { NativeEventOf } from "../contract/events.ts";
import type { Effect } from "../decision.ts";
import { idAbout, wholeOfPiece } from "../stanza-id.ts";
import { element, ns } from "../xmpp/stanza.ts";
import type { Context } from "./context.ts";
import { collectEffects } from "./effects.ts";
import type { Known } from "./known.ts";
import { hint, outMessage } from "./out-stanza.ts";

/**
 * The receipt or marker. Whether the contact may have it at all is the caller's to know (XEP-0184 §8, XEP-0333 §9).
 *
 * No receipt where delivery is told at the hand-over already, or never.
 */
export function eventToReceipt(
  ctx: Context,
  event: NativeEventOf<"message.delivered"> | NativeEventOf<"message.displayed">,
  { capabilities }: Known,
): readonly Effect[] {
  const { id } = event.data;
  const isReceipt = event.type === "message.delivered";
  if (isReceipt && capabilities.receipts !== "delivered") return [];
  // A piece of a long message stands for the whole, which is all that the contact knows.
  const about = wholeOfPiece(id);
  const said = isReceipt
    ? element("received", { xmlns: ns.receipts, id: about })
    : element("displayed", { xmlns: ns.chatMarkers, id: about });
  const effects = collectEffects(ctx);
  // XEP-0333 §7: archived, so that a client that was away learns it.
  effects.stanza(outMessage(ctx, idAbout(id, event.id), "chat", said, hint("store")), {
    written: event.time,
  });
  return effects.list;
}
