/** What a message says: its text, with all that goes with a text. */
import type { Element } from "ltx";
import { isPlainText } from "../contract/fields.ts";
import { limits } from "../limits.ts";
import { ns } from "../xmpp/stanza.ts";
import {
  type Attachment,
  attachmentOfText,
  fileNamespaces,
  hrefOf,
  mentionsFiles,
  readAttachments,
} from "./attachment-to-event.ts";
import type { Said } from "./effects.ts";
import { splitFallback } from "./fallback.ts";
import type { Incoming, Refusal } from "./incoming.ts";
import { quoteOf, type ReplyTo, replyReference } from "./reply-reference.ts";
import { ownText, shorten } from "./text.ts";

/** Fields that `message.sent` and `message.edited` have in common. */
export type Content = Omit<Said<"message.sent">, "id" | "originId" | "asks" | "encrypted">;

/** Texts of these are never the words of a person, whatever else is wrong with the message. */
const neverSaid: readonly string[] = [ns.retraction, ns.retraction0, ns.reactions];
/** XEP-0334 */
const hints = ["store", "no-store", "no-copy", "no-permanent-store"] as const;

/** Undefined: the message says nothing. */
export function readContent(incoming: Incoming): Content | Refusal | undefined {
  const { stanza, capabilities } = incoming;
  const { body: text, replyTo } = answerOf(
    incoming,
    splitFallback(stanza, "body", bodyOf(stanza), neverSaid).kept,
  );
  const read = filesOf(stanza, text);
  const { files } = read;
  const { bytesMax } = capabilities.attachments || {};
  if (bytesMax !== undefined && files.some(({ size = 0 }) => size > bytesMax)) {
    return { condition: "not-acceptable", text: `A file may have at most ${bytesMax} bytes.` };
  }
  const attached = capabilities.attachments === false ? [] : files.slice(0, limits.attachmentsMax);
  // What cannot go along as a file is at least an address in the text.
  const left = files.slice(attached.length).map(({ url }) => url);
  const body = [read.body, ...left].filter((part) => part !== "").join("\n");
  if (body === "" && attached.length === 0) {
    return mentionsFiles(stanza)
      ? {
          condition: "not-acceptable",
          text: "The file has no address by which it could be fetched (http, https).",
        }
      : undefined;
  }
  return {
    ...(body === "" ? {} : { body }),
    ...headersOf(stanza),
    ...(replyTo === undefined ? {} : { replyTo }),
    ...(attached.length === 0 ? {} : { attachments: [...attached] }),
    // XEP-0393: otherwise it is for the reader to decide.
    ...(capabilities.styling && stanza.getChild("unstyled", ns.styling) ? { style: "plain" as const } : {}),
    ...hintsOf(stanza),
  };
}

function bodyOf(stanza: Element): string {
  return ownText(stanza, "body") ?? "";
}

/** XEP-0461: the quotation goes with the reference; without any words of their own it is the text after all. */
function answerOf(
  { ctx, stanza, capabilities }: Incoming,
  text: string,
): { body: string; replyTo?: ReplyTo } {
  const reference = capabilities.replies ? replyReference(ctx, stanza) : undefined;
  if (reference === undefined) return { body: text };
  const { kept, fallback } = splitFallback(stanza, "body", text, [ns.replies]);
  if (fallback === "" || (kept.trim() === "" && !mentionsFiles(stanza)))
    return { body: text, replyTo: reference };
  const quote = quoteOf(fallback);
  const replyTo = { ...reference, ...(quote === undefined ? {} : { quote }) };
  return { body: text.startsWith(fallback) ? kept.replace(/^\n/, "") : kept, replyTo };
}

/** The files, and what the text says besides their addresses. */
function filesOf(stanza: Element, text: string): { files: readonly Attachment[]; body: string } {
  const { files, urls } = readAttachments(stanza);
  if (files.length > 0) {
    const { kept } = splitFallback(stanza, "body", text, fileNamespaces);
    const saysMore = kept.split(/\s+/).some((word) => word !== "" && !urls.has(hrefOf(word)));
    return { files, body: saysMore ? kept : "" };
  }
  const only = attachmentOfText(text);
  return only === undefined ? { files: [], body: text } : { files: [only], body: "" };
}

function headersOf(stanza: Element): Pick<Content, "subject" | "thread" | "threadParent" | "kind"> {
  const subject = shorten(ownText(stanza, "subject") ?? "", limits.statusCharsMax);
  const thread = word(ownText(stanza, "thread"));
  const parent = word(stanza.getChild("thread")?.attrs["parent"]);
  const { type } = stanza.attrs;
  return {
    ...(subject === "" ? {} : { subject }),
    ...(thread === undefined ? {} : { thread }),
    ...(thread === undefined || parent === undefined ? {} : { threadParent: parent }),
    // RFC 6121 §5.2.2: an unknown type is `normal`.
    ...(type === "chat" ? {} : { kind: type === "headline" ? "headline" : "normal" }),
  };
}

/** RFC 6121 §5.2.5: an opaque word, of use only as a whole. */
function word(text = ""): string | undefined {
  return text !== "" && text.length <= limits.idCharsMax && isPlainText(text) ? text : undefined;
}

function hintsOf(stanza: Element): Pick<Content, "hints"> {
  const given = hints.filter((hint) => stanza.getChild(hint, ns.hints) !== undefined);
  return given.length === 0 ? {} : { hints: given };
}
