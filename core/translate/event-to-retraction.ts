/** `message.retracted` of a native user: the message is taken back, and each attachment that was sent apart. */
import type { Element } from "ltx";
import type { NativeEventOf } from "../contract/events.ts";
import type { Effect } from "../decision.ts";
import { idAbout, idOfPart } from "../stanza-id.ts";
import { element, ns } from "../xmpp/stanza.ts";
import type { Context } from "./context.ts";
import { collectEffects } from "./effects.ts";
import type { Known } from "./known.ts";
import { fallback, hint, outMessage } from "./out-stanza.ts";

/** For clients that cannot take anything back. */
const fallbackText = "The sender took an earlier message back, which this client cannot remove.";

/** One stanza for the message, with a text for clients without retraction, then one for each part, without. */
export function eventToRetraction(
  ctx: Context,
  event: NativeEventOf<"message.retracted">,
  known: Known,
): readonly Effect[] {
  const { id, parts = 0 } = event.data;
  const effects = collectEffects(ctx);
  // Of a message without text <id>/1 never was: to retract it does nothing (XEP-0424), and says nothing.
  const ids = [id, ...Array.from({ length: parts }, (_, index) => idOfPart(id, index + 1))];
  for (const [index, retracted] of ids.entries()) {
    const stanza = outMessage(
      ctx,
      idAbout(retracted, event.id),
      "chat",
      ...(index === 0 ? [element("body", {}, fallbackText), fallback(ns.retraction, "all")] : []),
      ...retractions(retracted, known),
      hint("store"),
    );
    effects.stanza(stanza, { written: event.time });
  }
  return effects.list;
}

/** XEP-0424, and where all of the contact's clients say so, the same as its version 0.3 had it. */
function retractions(id: string, { contact }: Known): readonly Element[] {
  const retract = element("retract", { xmlns: ns.retraction, id });
  if (!contact?.has(ns.retraction0)) return [retract];
  const older = element("retract", { xmlns: ns.retraction0 });
  return [retract, element("apply-to", { xmlns: ns.fastening, id }, older)];
}
