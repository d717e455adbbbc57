/** Texts that are longer than the native system takes: they arrive in pieces, or go back. */
import { splitGraphemes } from "../graphemes.ts";
import { limits } from "../limits.ts";
import { idOfPiece } from "../stanza-id.ts";
import type { Said } from "./effects.ts";
import { deliverOne, type Incoming, isTooLarge, type Outcome, type Refusal, tooLarge } from "./incoming.ts";

type Sent = Said<"message.sent">;

/**
 * Delivers a `message.sent`, in pieces where its text is too long: the first bears the message's id and what stands
 * before a text, the last what follows it and what is asked, since only then the message has arrived.
 */
export function deliverSent(incoming: Incoming, said: Sent): Outcome {
  const { body, ...rest } = said;
  const { charsMax, tooLong } = incoming.capabilities.body;
  const piecesMax = tooLong === "refuse" ? 1 : limits.piecesMax;
  const pieces =
    body === undefined || charsMax === undefined ? [body] : splitGraphemes(body, charsMax, piecesMax);
  if (pieces === undefined) return textTooLong(charsMax);
  if (pieces.length === 1) return deliverOne(incoming, "message.sent", said);
  const { id, originId, subject, replyTo, attachments, asks, ...common } = rest;
  const first = { originId, subject, replyTo };
  const last = { attachments, asks };
  const all = pieces.map((piece, index) => ({
    id: index === 0 ? id : idOfPiece(id, index + 1),
    body: piece,
    ...common,
    ...(index === 0 ? first : {}),
    ...(index === pieces.length - 1 ? last : {}),
  }));
  if (all.some(isTooLarge)) return tooLarge;
  for (const piece of all) incoming.effects.deliver("message.sent", present(piece), incoming.time);
  return "taken";
}

/** Delivers a `message.edited`: there are no pieces of it that could replace those of the message. */
export function deliverEdited(incoming: Incoming, said: Said<"message.edited">): Outcome {
  const { charsMax } = incoming.capabilities.body;
  const { body } = said;
  const fits =
    body === undefined || charsMax === undefined || splitGraphemes(body, charsMax, 1) !== undefined;
  return fits ? deliverOne(incoming, "message.edited", said) : textTooLong(charsMax);
}

function textTooLong(charsMax = 0): Refusal {
  return {
    condition: "not-acceptable",
    text: `The text is too long: at most ${charsMax} characters are accepted.`,
  };
}

/** Without the fields that are undefined. */
function present(said: { [K in keyof Sent]: Sent[K] | undefined }): Sent {
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined)) as Sent;
}
