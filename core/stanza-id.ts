/**
 * Ids of the message stanzas that we send, so that one that comes back says what it was about without anything
 * being stored.
 *
 * A message's stanza bears the message's own id, an attachment's that id and `/n`. Any other stanza (an edit has an
 * id of its own; a reaction, a receipt, … have none) bears one made by {@link idAbout}, or, what is about no message,
 * by {@link idAboutNothing}.
 */
import { limits } from "./limits.ts";

/** How every id of {@link idAbout} begins; no message of a native user may have such an id. */
export const aboutPrefix = "cw:";

/** What a stanza of ours was about. */
export interface About {
  /** The message spoken about. */
  readonly id: string;
  /** The attachment of it. */
  readonly part?: number;
  /** The CloudEvent that said so, where it was no message of its own. */
  readonly event?: string;
}

/** Ids that can be ours: the longest of both, each character of up to four bytes percent-encoded, and the frame. */
const ownIdCharsMax = (limits.referredIdCharsMax + limits.idCharsMax) * 12 + 64;

/** The stanza id of an event about a message. Reversible for every text that XML can hold. */
export function idAbout(message: string, event: string): string {
  return `${aboutPrefix}${encodeURIComponent(message)}:${encodeURIComponent(event)}`;
}

/** The stanza id of the n-th attachment of a message. */
export function idOfPart(message: string, part: number): string {
  return `${message}/${part}`;
}

/** The stanza id of an event about no message: a stanza that comes back with it is about nothing. */
export function idAboutNothing(event: string): string {
  return `${aboutPrefix}${encodeURIComponent(event)}`;
}

/**
 * The id under which the n-th piece (from 2) of a contact's long message is delivered; the first bears the message's
 * own. {@link wholeOfPiece} leads back.
 */
export function idOfPiece(message: string, piece: number): string {
  return `${aboutPrefix}${encodeURIComponent(message)}:${piece}`;
}

/** The id by which a contact knows its message, of a whole one or of a piece. */
export function wholeOfPiece(id: string): string {
  const [, message] = new RegExp(`^${aboutPrefix}([^:]+):[1-9]\\d*$`).exec(id) ?? [];
  if (message === undefined) return id;
  try {
    return decodeURIComponent(message);
  } catch {
    return id;
  }
}

/** What the stanza with this id was about; undefined for an id that we never made. */
export function readStanzaId(stanzaId: string): About | undefined {
  if (stanzaId === "" || stanzaId.length > ownIdCharsMax) return undefined;
  if (stanzaId.startsWith(aboutPrefix)) return readAbout(stanzaId.slice(aboutPrefix.length));
  if (stanzaId.length > limits.referredIdCharsMax + partCharsMax) return undefined;
  // Native ids never end so; only the attachments that we send apart do.
  const [, id = stanzaId, part] = /^(.+)\/([1-9]\d{0,8})$/s.exec(stanzaId) ?? [];
  return part === undefined ? { id } : { id, part: Number(part) };
}

/** A slash and up to nine digits. */
const partCharsMax = 10;

function readAbout(text: string): About | undefined {
  const [message, event, ...more] = text.split(":");
  if (message === undefined || event === undefined || more.length > 0) return undefined;
  try {
    const about = readStanzaId(decodeURIComponent(message));
    return about && { ...about, event: decodeURIComponent(event) };
  } catch {
    // Percent signs that encode nothing: somebody else's.
    return undefined;
  }
}
