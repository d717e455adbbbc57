/** `message.reacted` of a native user: its reactions to a message, as they now are. */
import type { NativeEventOf } from "../contract/events.ts";
import type { Effect } from "../decision.ts";
import { idAbout, idOfPart, wholeOfPiece } from "../stanza-id.ts";
import { element, ns } from "../xmpp/stanza.ts";
import type { Context } from "./context.ts";
import { collectEffects } from "./effects.ts";
import { isKnownToLack, type Known } from "./known.ts";
import { fallback, hint, outMessage } from "./out-stanza.ts";

/** The whole set; as a short text too where the contact's clients are known to lack reactions. */
export function eventToReaction(
  ctx: Context,
  event: NativeEventOf<"message.reacted">,
  known: Known,
): readonly Effect[] {
  const { id, originId, part, emojis } = event.data;
  const message = part === undefined ? id : idOfPart(id, part);
  // XEP-0444 §4.2: by its origin-id where it has one. Only contacts' messages have one of their own.
  const reactedTo = part === undefined ? (originId ?? wholeOfPiece(id)) : message;
  // That none is left needs no words where none was ever seen.
  const isSaid = emojis.length > 0 && isKnownToLack(known.contact, ns.reactions);
  const effects = collectEffects(ctx);
  effects.stanza(
    outMessage(
      ctx,
      idAbout(message, event.id),
      "chat",
      ...(isSaid ? [element("body", {}, words(emojis)), fallback(ns.reactions, "all")] : []),
      element(
        "reactions",
        { xmlns: ns.reactions, id: reactedTo },
        ...emojis.map((emoji) => element("reaction", {}, emoji)),
      ),
      hint("store"),
    ),
    { written: event.time },
  );
  return effects.list;
}

function words(emojis: readonly string[]): string {
  return `Reaction to an earlier message: ${emojis.join(" ")}`;
}
