/** Messages from a contact: chat text and bounces become events, the rest is answered or left alone. */
import type { Element } from "ltx";
import { asciiJson } from "../contract/envelope.ts";
import type { Effect } from "../decision.ts";
import { limits } from "../limits.ts";
import { readStanzaId } from "../stanza-id.ts";
import { type Condition, readError } from "../xmpp/error.ts";
import { ns } from "../xmpp/stanza.ts";
import { utf8Bytes } from "../xmpp/utf8.ts";
import type { Context } from "./context.ts";
import { collectEffects, type EffectCollector, type Said } from "./effects.ts";
import { probeId, refusedProbe } from "./probe.ts";
import { errorAnswer, replyAddresses } from "./reply.ts";
import { nickOf, ownText, sentAt, shorten } from "./text.ts";

/** XEP-0280: a copy that a server makes for another client of the same account; no ghost asks for any. */
const carbons = "urn:xmpp:carbons:2";

/** Decides on a message to a ghost that exists. */
export function messageToEvent(ctx: Context, stanza: Element): { readonly effects: readonly Effect[] } {
  const effects = collectEffects(ctx);
  switch (stanza.attrs["type"]) {
    case "error":
      bounced(stanza, effects);
      break;
    case "groupchat":
      // RFC 6121 §8.5.2.1.1: always an error, whatever the user is.
      answer(stanza, "service-unavailable", effects);
      break;
    case "headline":
      // RFC 6121 §8.5.2.1.1: nobody waits for an answer to a headline.
      break;
    default:
      // RFC 6121 §5.2.2: an unknown type is `normal`.
      said(ctx, stanza, effects);
  }
  return { effects: effects.list };
}

/**
 * The answer to a message or presence for a user that does not exist; undefined: nothing. IQs have theirs in
 * `answerIq`.
 */
export function unknownUserReply(stanza: Element): Element | undefined {
  const { type } = stanza.attrs;
  if (stanza.getName() === "presence") {
    // RFC 6121 §8.5.1: silence; §4.3.2: a probe gets what a stranger gets. So neither says who exists.
    const addresses = type === "probe" ? replyAddresses(stanza) : undefined;
    return addresses && refusedProbe(addresses.from.bare, addresses.to.bare, probeId(stanza));
  }
  // RFC 6121 §8.5.1: a headline is ignored, every other message comes back.
  const silent = stanza.getName() === "message" && type === "headline";
  return silent ? undefined : errorAnswer(stanza, "service-unavailable");
}

function answer(stanza: Element, condition: Condition, effects: EffectCollector, text?: string): void {
  const reply = errorAnswer(stanza, condition, text);
  if (reply !== undefined) effects.stanza(reply);
}

/** A message of ours came back. One without an id of ours speaks of nothing that the native side could find. */
function bounced(stanza: Element, effects: EffectCollector): void {
  const about = readStanzaId(stanza.attrs["id"] ?? "");
  if (about === undefined) return;
  const { condition, text, permanent } = readError(stanza);
  effects.deliver("message.failed", { ...about, condition, text, permanent });
}

function said(ctx: Context, stanza: Element, effects: EffectCollector): void {
  const isCopy = stanza.getChildElements().some((child) => child.getNS() === carbons);
  const body = ownText(stanza, "body") ?? "";
  // XEP-0297: what a message forwards in a child is the word of somebody else, and never looked at here.
  if (isCopy || body === "") return;
  const event = { ...idsOf(ctx, stanza), body, ...headers(stanza) };
  if (isTooLarge(event)) {
    answer(stanza, "policy-violation", effects, "The message is too large.");
    return;
  }
  effects.deliver("message.sent", event, sentAt(stanza, ctx.cause.time));
  // XEP-0172 §4.2: on the first messages to somebody. Told each time, since nothing is stored for a message.
  const nick = nickOf(stanza);
  if (nick !== undefined) effects.deliver("contact.updated", { nick });
}

/** As an event of the contract, or as the ASCII that travels, where a character may take six bytes and more. */
function isTooLarge(content: object): boolean {
  const { eventBytesMax, queueMessageBytesMax, eventFrameBytesMax } = limits;
  const eventMax = eventBytesMax - eventFrameBytesMax;
  const asciiBytes = asciiJson(content).length;
  // ASCII is never the shorter form: almost every message is measured once.
  if (asciiBytes <= eventMax) return false;
  return (
    asciiBytes > queueMessageBytesMax - eventFrameBytesMax || utf8Bytes(JSON.stringify(content)) > eventMax
  );
}

/** Design §4: the `id` attribute, else the origin-id, else one made from the cause. */
function idsOf(ctx: Context, stanza: Element): Pick<Said<"message.sent">, "id" | "originId"> {
  const id = stanza.attrs["id"] ?? "";
  const originId = stanza.getChild("origin-id", ns.originId)?.attrs["id"] ?? "";
  if (id === "") return { id: originId === "" ? `causeway-${ctx.cause.id}` : originId };
  return originId === "" || originId === id ? { id } : { id, originId };
}

function headers(stanza: Element): Pick<Said<"message.sent">, "subject" | "thread"> {
  const subject = shorten(ownText(stanza, "subject") ?? "", limits.statusCharsMax);
  const thread = ownText(stanza, "thread") ?? "";
  // RFC 6121 §5.2.5: an opaque word, of use only as a whole.
  const usable = thread !== "" && thread.length <= limits.idCharsMax && !/\p{Cc}/u.test(thread);
  return { ...(subject === "" ? {} : { subject }), ...(usable ? { thread } : {}) };
}
