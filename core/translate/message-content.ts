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
  withNames,
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
  const { files, text, replyTo } = partsOf(incoming);
  const { bytesMax } = capabilities.attachments || {};
  if (bytesMax !== undefined && files.some(({ size = 0 }) => size > bytesMax)) {
    return refusal(`A file may have at most ${bytesMax} bytes.`);
  }
  const attached = capabilities.attachments === false ? [] : files.slice(0, limits.attachmentsMax);
  // What cannot go along as a file is at least an address in the text.
  const left = files.slice(attached.length).map(({ url }) => url);
  const { subject, ...headers } = headersOf(stanza);
  const said = [text, ...left].filter((part) => part !== "").join("\n");
  if (said === "" && attached.length === 0) {
    if (mentionsFiles(stanza)) {
      return refusal("The file has no address by which it can be fetched (http, https).");
    }
    if (subject === undefined) return undefined;
  }
  // RFC 6121 §5.2.4: a subject may be all that is said; the native side has texts with subjects only.
  const body = said === "" && attached.length === 0 ? subject : said;
  return {
    ...(body === "" ? {} : { body }),
    ...(subject === undefined || body === subject ? {} : { subject }),
    ...headers,
    ...(replyTo === undefined ? {} : { replyTo }),
    ...(attached.length === 0 ? {} : { attachments: attached.map(withNames) }),
    // XEP-0393: otherwise it is for the reader to decide.
    ...(capabilities.styling && stanza.getChild("unstyled", ns.styling) ? { style: "plain" as const } : {}),
    ...hintsOf(stanza),
  };
}

/** XEP-0308: the message that this one corrects, by its first id. Nobody corrects a headline. */
export function correctedId(stanza: Element): string | undefined {
  if (stanza.attrs["type"] === "headline") return undefined;
  return stanza.getChild("replace", ns.correction)?.attrs["id"] || undefined;
}

function refusal(text: string): Refusal {
  return { condition: "not-acceptable", text };
}

/** The files, what the text says besides their addresses, and what it answers. */
function partsOf(incoming: Incoming): {
  readonly files: readonly Attachment[];
  readonly text: string;
  readonly replyTo?: ReplyTo;
} {
  const { files, urls } = readAttachments(incoming.stanza);
  const words = wordsOf(incoming, files.length > 0);
  if (files.length === 0) {
    const only = attachmentOfText(words.text);
    return only === undefined ? { files, ...words } : { ...words, files: [only], text: "" };
  }
  const saysMore = words.text.split(/\s+/).some((word) => word !== "" && !urls.has(hrefOf(word)));
  return { ...words, files, text: saysMore ? words.text : "" };
}

/**
 * The text without what is there for those who know less than we do, and the answered message (XEP-0461) with its
 * quotation. A quotation without any words of the contact's own is the text after all.
 */
function wordsOf(
  { ctx, stanza, capabilities }: Incoming,
  hasFiles: boolean,
): { readonly text: string; readonly replyTo?: ReplyTo } {
  const whole = ownText(stanza, "body") ?? "";
  const used = [
    ...neverSaid,
    ...(correctedId(stanza) === undefined ? [] : [ns.correction]),
    ...(hasFiles ? fileNamespaces : []),
  ];
  const without = (namespaces: readonly string[]) => splitFallback(stanza, whole, namespaces);
  const reference = capabilities.replies ? replyReference(ctx, stanza) : undefined;
  if (reference === undefined) return { text: without(used).kept };
  const { kept } = without([...used, ns.replies]);
  if (kept.trim() === "" && !hasFiles) return { text: without(used).kept, replyTo: reference };
  const { fallback } = without([ns.replies]);
  const quote = quoteOf(fallback);
  const replyTo = { ...reference, ...(quote === undefined ? {} : { quote }) };
  // Some count without the line break behind the quotation.
  return { text: fallback === "" ? kept : kept.replace(/^\n/, ""), replyTo };
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
