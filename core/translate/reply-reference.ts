/** XEP-0461: which message this one answers. */
import type { Element } from "ltx";
import { isPlainText } from "../contract/fields.ts";
import { limits } from "../limits.ts";
import { readStanzaId } from "../stanza-id.ts";
import { parseJid } from "../xmpp/jid.ts";
import { ns } from "../xmpp/stanza.ts";
import type { Context } from "./context.ts";
import type { Said } from "./effects.ts";

export type ReplyTo = NonNullable<Said<"message.sent">["replyTo"]>;

/**
 * Who wrote the answered message is in `to`; where that names neither of the two, or nobody, it is the user: people
 * mostly answer others.
 *
 * @returns without the quotation; undefined where the message answers none, or one that no event could name
 */
export function replyReference(ctx: Context, stanza: Element): Omit<ReplyTo, "quote"> | undefined {
  const reply = stanza.getChild("reply", ns.replies);
  // XEP-0461 §3: the id is required.
  const stanzaId = reply?.attrs["id"] ?? "";
  const to = parseJid(reply?.attrs["to"] ?? "");
  const author = to.ok && to.value.bare === ctx.pair.contact ? "contact" : "user";
  // The answer to what was said about a message is one to the message.
  const { id = stanzaId, part } = (author === "user" ? readStanzaId(stanzaId) : undefined) ?? {};
  if (id === "" || id.length > limits.referredIdCharsMax || !isPlainText(id)) return undefined;
  return { id, ...(part === undefined ? {} : { part }), author };
}

/** The quoted text of a fallback, without the marks of quotation (XEP-0393); undefined where there is none. */
export function quoteOf(fallback: string): string | undefined {
  const lines = fallback.split("\n").map((line) => line.replace(/^> ?/, ""));
  return lines.join("\n").trim() || undefined;
}
