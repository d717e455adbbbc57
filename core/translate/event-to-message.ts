/**
 * `message.sent` of a native user becomes one chat message, and one more for each attachment. Its texts are safe
 * for XML since they were read (core/contract).
 */
import type { Element } from "ltx";
import type { NativeEvent, NativeEventOf } from "../contract/events.ts";
import { fieldsNotYet } from "../contract/not-yet.ts";
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

type SentEvent = NativeEventOf<"message.sent">;
type SentData = SentEvent["data"];

/** XEP-0066 §3: a URL beside the text. */
const outOfBand = "jabber:x:oob";

/** Refuses an event of a type, or with a field (JSON Pointer), that nothing carries across yet. */
export function unsupported(event: NativeEvent, path = "/type"): Rejection {
  const what = path === "/type" ? `events of type ${event.type} are` : `${path.slice(1)} is`;
  return rejectEvent(event, { reason: "unsupported", text: `${what} not supported yet`, path });
}

/**
 * The stanzas of a message, in the order in which they leave.
 *
 * @returns or why the event is refused: `too-large` for a stanza, `unsupported` for what would get lost
 */
export function eventToMessage(ctx: Context, event: SentEvent): Result<readonly Effect[], Rejection> {
  const lost = fieldsNotYet["message.sent"].find((field) => event.data[field] !== undefined);
  if (lost !== undefined) return err(unsupported(event, `/data/${lost}`));
  const effects = collectEffects(ctx);
  for (const { stanza, path } of stanzasOf(ctx, event.data)) {
    if (utf8Bytes(serializeStanza(stanza)) > limits.stanzaOutBytesMax) {
      return err(
        rejectEvent(event, {
          reason: "too-large",
          text: "the message makes a stanza that is larger than XMPP servers take",
          path,
          expected: `a stanza of at most ${limits.stanzaOutBytesMax} bytes, escapes included`,
        }),
      );
    }
    effects.stanza(stanza, { written: event.time });
  }
  return ok(effects.list);
}

/** Each stanza with the place in the event that it speaks for. */
function stanzasOf(ctx: Context, data: SentData): readonly { stanza: Element; path: string }[] {
  const { id, body, attachments = [] } = data;
  const subject = data.subject === undefined ? undefined : element("subject", {}, data.subject);
  const text = body === undefined ? [] : [{ stanza: chat(ctx, data, id, body, subject), path: "/data/body" }];
  const files = attachments.map(({ url, name }, index) => {
    const described = name === undefined ? undefined : element("desc", {}, name);
    const link = element("x", { xmlns: outOfBand }, element("url", {}, url), described);
    // Design §4: without text the first attachment is the message and bears its id.
    const isMessage = body === undefined && index === 0;
    const partId = isMessage ? id : idOfPart(id, index + 1);
    const stanza = chat(ctx, data, partId, url, isMessage ? subject : undefined, link);
    return { stanza, path: `/data/attachments/${index}` };
  });
  return [...text, ...files];
}

function chat(
  ctx: Context,
  data: SentData,
  id: string,
  body: string,
  ...more: readonly (Element | undefined)[]
): Element {
  return element(
    "message",
    // RFC 6121 §5.1: to the bare JID, since a pair has no device that the conversation is locked to.
    { from: ctx.ghost, to: ctx.pair.contact, type: "chat", id },
    element("body", {}, body),
    ...more,
    data.thread === undefined ? undefined : element("thread", {}, data.thread),
    element("origin-id", { xmlns: ns.originId, id }),
    element("request", { xmlns: ns.receipts }),
    element("markable", { xmlns: ns.chatMarkers }),
    ...[...new Set(data.hints)].map((hint) => element(hint, { xmlns: ns.hints })),
  );
}
