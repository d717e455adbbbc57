/**
 * `message.sent` and `message.edited` of a native user become one message, and one more for each attachment. Their
 * texts are safe for XML since they were read (core/contract).
 */
import type { Element } from "ltx";
import type { NativeEventOf } from "../contract/events.ts";
import { type Rejection, rejectEvent } from "../contract/rejection.ts";
import type { Effect } from "../decision.ts";
import { limits } from "../limits.ts";
import { err, ok, type Result } from "../result.ts";
import { idOfPart } from "../stanza-id.ts";
import { serializeStanza } from "../xmpp/codec.ts";
import { element, ns } from "../xmpp/stanza.ts";
import { utf8Bytes } from "../xmpp/utf8.ts";
import type { Context } from "./context.ts";
import { collectEffects } from "./effects.ts";
import { isKnownToLack, type Known } from "./known.ts";
import { attachmentElements } from "./out-attachment.ts";
import { hint, outMessage } from "./out-stanza.ts";
import { replyElement, textElements } from "./out-text.ts";

type SentEvent = NativeEventOf<"message.sent"> | NativeEventOf<"message.edited">;
type SentData = SentEvent["data"];

/** One stanza to be: what is its own. */
interface Piece {
  /** Where in the event it comes from (JSON Pointer). */
  readonly path: string;
  /** The attachment, counted from 1; undefined: the message itself. */
  readonly part: number | undefined;
  readonly content: readonly Element[];
}

/**
 * The stanzas of a message, in the order in which they leave.
 *
 * @returns or why the event is refused: `too-large` for a stanza. A text is never cut in two here: what spoke of it
 * later would not find its second half (docs/decisions/0012-messages-out.md)
 */
export function eventToMessage(
  ctx: Context,
  event: SentEvent,
  known: Known,
): Result<readonly Effect[], Rejection> {
  const effects = collectEffects(ctx);
  for (const [index, piece] of pieces(event.data, known).entries()) {
    const stanza = stanzaOf(ctx, event.data, piece, index === 0, known);
    if (utf8Bytes(serializeStanza(stanza)) > limits.stanzaOutBytesMax) {
      return err(
        rejectEvent(event, {
          reason: "too-large",
          text: "the message makes a stanza that is larger than XMPP servers take",
          path: piece.path,
          expected: `a stanza of at most ${limits.stanzaOutBytesMax} bytes, escapes included`,
        }),
      );
    }
    const asks = known.capabilities.routed ? { confirm: true } : {};
    effects.stanza(stanza, { written: event.time, ...asks });
  }
  return ok(effects.list);
}

function pieces(data: SentData, known: Known): readonly Piece[] {
  const { body, subject, replyTo, attachments = [] } = data;
  const isMarked = "replaces" in data && isKnownToLack(known.contact, ns.correction);
  // Clients that know replies would hide it; Converse behind ejabberd hides the whole message with it.
  const quote = known.contact?.has(ns.replies) ? undefined : replyTo?.quote;
  const text: readonly Piece[] =
    body === undefined
      ? []
      : [
          {
            path: "/data/body",
            part: undefined,
            content: textElements(body, { quote, isMarked }),
          },
        ];
  const files = attachments.map((attachment, index): Piece => {
    // Design §4: without text the first attachment is the message and bears its id.
    const isMessage = body === undefined && index === 0;
    return {
      path: `/data/attachments/${index}`,
      part: isMessage ? undefined : index + 1,
      // The URL alone, so that clients which know only that see a file; it never carries a quotation.
      content: [
        element("body", {}, attachment.url),
        ...attachmentElements(attachment, isMessage && subject !== undefined),
      ],
    };
  });
  return [...text, ...files];
}

function stanzaOf(ctx: Context, data: SentData, piece: Piece, isFirst: boolean, known: Known): Element {
  const { kind = "chat", subject, replyTo, thread, threadParent } = data;
  const named = (id: string) => (piece.part === undefined ? id : idOfPart(id, piece.part));
  const id = named(data.id);
  return outMessage(
    ctx,
    id,
    kind,
    ...piece.content,
    isFirst && subject !== undefined ? element("subject", {}, subject) : undefined,
    thread === undefined ? undefined : element("thread", { parent: threadParent }, thread),
    isFirst && replyTo !== undefined ? replyElement(ctx, replyTo) : undefined,
    // XEP-0308 §4: the first id, however often it is corrected; parts correct their own.
    "replaces" in data ? element("replace", { xmlns: ns.correction, id: named(data.replaces) }) : undefined,
    isPlain(data, known) ? element("unstyled", { xmlns: ns.styling }) : undefined,
    element("origin-id", { xmlns: ns.originId, id }),
    ...questions(kind, known),
    ...hints(data),
  );
}

/** XEP-0393: without a word about it, clients may find styles where the native system knows of none. */
function isPlain({ style }: SentData, { capabilities }: Known): boolean {
  return style === undefined ? !capabilities.styling : style === "plain";
}

/** What the contact's clients are asked to tell. */
function questions(kind: "chat" | "normal" | "headline", { capabilities }: Known): readonly Element[] {
  // RFC 6121 §5.2.2: nobody answers a headline.
  if (kind === "headline") return [];
  const asked = [element("request", { xmlns: ns.receipts })];
  if (capabilities.markers) asked.push(element("markable", { xmlns: ns.chatMarkers }));
  // XEP-0085 §5.1: without it, clients that cannot ask what a ghost supports never tell who types; §5.4: in chats.
  if (capabilities.typing && kind === "chat") asked.push(element("active", { xmlns: ns.chatStates }));
  return asked;
}

function hints(data: SentData): readonly Element[] {
  const asked = new Set(data.hints);
  const isKept = !asked.has("no-store") && !asked.has("no-permanent-store");
  // A correction that an archive lacks would leave its readers with the mistake.
  if ("replaces" in data && isKept) asked.add("store");
  return [...asked].map(hint);
}
