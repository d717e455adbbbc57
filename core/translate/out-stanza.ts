/** What the message stanzas of native users have in common. */
import type { Element } from "ltx";
import { element, ns } from "../xmpp/stanza.ts";
import type { Context } from "./context.ts";

/**
 * A message of the ghost to the contact.
 *
 * @param type the stanza's (RFC 6121 §5.2.2)
 */
export function outMessage(
  ctx: Context,
  id: string,
  type: "chat" | "normal" | "headline",
  ...children: readonly (Element | undefined)[]
): Element {
  // RFC 6121 §5.1: to the bare JID, since a pair has no device that the conversation is locked to.
  return element("message", { from: ctx.ghost, to: ctx.pair.contact, type, id }, ...children);
}

/** XEP-0334: what servers should do with a message. */
export function hint(name: "store" | "no-store" | "no-copy" | "no-permanent-store"): Element {
  return element(name, { xmlns: ns.hints });
}

/** What of a message is fallback: its body and subject, its body, or of that from one code point to another. */
type FallbackPart = "all" | "body" | { readonly start: number; readonly end: number };

/**
 * XEP-0428: says that texts, or a part of them, are there only for clients that lack something.
 *
 * @param feature what they lack, by its namespace
 * @param part counted as XEP-0426 counts
 */
export function fallback(feature: string, part: FallbackPart): Element {
  const attrs = { xmlns: ns.fallback, for: feature };
  // ejabberd moves the message's own body behind this one, and Converse reads the first that it finds.
  if (part === "all") return element("fallback", attrs);
  const bounds = part === "body" ? {} : { start: String(part.start), end: String(part.end) };
  return element("fallback", attrs, element("body", bounds));
}

/** The length of a text in code points: what XEP-0426 counts. */
export function codePoints(text: string): number {
  return [...text].length;
}
