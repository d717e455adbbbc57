/** The text of a message with what goes before it for clients that lack replies or corrections. */
import type { Element } from "ltx";
import type { NativeData } from "../contract/events.ts";
import { idOfPart, wholeOfPiece } from "../stanza-id.ts";
import { element, ns } from "../xmpp/stanza.ts";
import type { Context } from "./context.ts";
import { codePoints, fallback } from "./out-stanza.ts";

type ReplyTo = NonNullable<NativeData<"message.sent">["replyTo"]>;

/** Before a correction, for clients that will show it as one more message. */
const correctionMark = "* ";

/** XEP-0461 §3: the message that this one answers. */
export function replyElement(ctx: Context, { id, part, author }: ReplyTo): Element {
  const own = part === undefined ? id : idOfPart(id, part);
  const answered =
    author === "user" ? { to: ctx.ghost, id: own } : { to: ctx.pair.contact, id: wholeOfPiece(id) };
  return element("reply", { xmlns: ns.replies, ...answered });
}

/** The body, and what of it is fallback. */
export function textElements(
  text: string,
  before: { readonly quote: string | undefined; readonly isMarked: boolean },
): readonly Element[] {
  const quoted = before.quote === undefined ? "" : quotation(before.quote);
  const mark = before.isMarked ? correctionMark : "";
  const [afterQuote, afterMark] = [codePoints(quoted), codePoints(quoted + mark)];
  return [
    element("body", {}, quoted + mark + text),
    ...(quoted === "" ? [] : [fallback(ns.replies, { start: 0, end: afterQuote })]),
    ...(mark === "" ? [] : [fallback(ns.correction, { start: afterQuote, end: afterMark })]),
  ];
}

/** XEP-0393: each line behind its mark. */
function quotation(text: string): string {
  return text
    .split(/\r\n|[\r\n]/)
    .map((line) => `> ${line}\n`)
    .join("");
}
