/** Messages from a contact: what each one is, in one order, and what becomes of it. */
import type { Element } from "ltx";
import type { Capabilities } from "../capabilities.ts";
import type { Effect } from "../decision.ts";
import type { Condition } from "../xmpp/error.ts";
import { ns } from "../xmpp/stanza.ts";
import { bounceToEvent } from "./bounce-to-event.ts";
import { chatStateToEvent } from "./chat-state-to-event.ts";
import type { Context } from "./context.ts";
import { correctionToEvent } from "./correction-to-event.ts";
import { collectEffects, type EffectCollector } from "./effects.ts";
import { encryptedToEvent } from "./encrypted-to-event.ts";
import { type Incoming, idsOf, type Outcome } from "./incoming.ts";
import { refuseInvitation } from "./invitation.ts";
import { deliverSent } from "./long-text.ts";
import { readContent } from "./message-content.ts";
import { probeId, refusedProbe } from "./probe.ts";
import { reactionToEvent } from "./reaction-to-event.ts";
import { asksOf, receiptAtHandover, receiptToEvents } from "./receipt-to-event.ts";
import { errorAnswer, replyAddresses } from "./reply.ts";
import { retractionToEvent } from "./retraction-to-event.ts";
import { nickOf, sentAt } from "./text.ts";

/**
 * Decides on a message to a ghost that exists. The first that fits:
 *
 * 1. an error: our message came back;
 * 2. `groupchat`: comes back (RFC 6121 §8.5.2.1.1);
 * 3. a copy of a message, or an event of a service: nothing;
 * 4. a headline: encrypted, else its text and files, else nothing;
 * 5. a retraction, else reactions, else encrypted, else an invitation, else text and files (a correction, or a new
 *    message): each of them speaks for the whole stanza but for receipts;
 * 6. with or without those, receipt and marker;
 * 7. without any of 5, a chat state.
 *
 * Everything else, known or not (XEP-0224, XEP-0353, …), passes by.
 *
 * @param now when it is decided on
 */
export function messageToEvent(
  ctx: Context,
  stanza: Element,
  capabilities: Capabilities,
  now = ctx.cause.time,
): { readonly effects: readonly Effect[] } {
  const effects = collectEffects(ctx);
  const { type } = stanza.attrs;
  if (type === "error") bounceToEvent(stanza, effects);
  else if (type === "groupchat") answer(stanza, "service-unavailable", undefined, effects);
  else if (!isCopy(stanza)) {
    const incoming = { ctx, stanza, capabilities, effects, time: sentAt(stanza, ctx.cause.time) };
    const outcome = type === "headline" ? newsToEvent(incoming) : saidToEvents(incoming, now);
    if (typeof outcome !== "string") answer(stanza, outcome.condition, outcome.text, effects);
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

function answer(
  stanza: Element,
  condition: Condition,
  text: string | undefined,
  effects: EffectCollector,
): void {
  const reply = errorAnswer(stanza, condition, text);
  if (reply !== undefined) effects.stanza(reply);
}

/**
 * What somebody's server made of a message for one of that account's own clients (XEP-0280, XEP-0313). No ghost asks
 * for any. `private` of XEP-0280 is no copy: it says that none is wanted.
 */
function isCopy(stanza: Element): boolean {
  return stanza.getChildElements().some((child) => {
    const isCarbon = child.getNS() === ns.carbons && child.getName() !== "private";
    return isCarbon || (child.getName() === "result" && /^urn:xmpp:mam:/.test(child.getNS() ?? ""));
  });
}

function newsToEvent(incoming: Incoming): Outcome {
  // XEP-0060: what a node publishes is not for people.
  if (incoming.stanza.getChild("event", ns.pubsubEvent) !== undefined) return "taken";
  return firstOf([encryptedToEvent, contentToEvent], incoming);
}

function saidToEvents(incoming: Incoming, now: string): Outcome {
  const kinds = [retractionToEvent, reactionToEvent, encryptedToEvent, refuseInvitation, contentToEvent];
  const outcome = firstOf(kinds, incoming);
  receiptToEvents(incoming);
  if (outcome === "other") chatStateToEvent(incoming, now);
  return outcome;
}

function firstOf(kinds: readonly ((incoming: Incoming) => Outcome)[], incoming: Incoming): Outcome {
  for (const kind of kinds) {
    const outcome = kind(incoming);
    if (outcome !== "other") return outcome;
  }
  return "other";
}

/** XEP-0297: what a message forwards in a child is the word of somebody else, and never looked at here. */
function contentToEvent(incoming: Incoming): Outcome {
  const content = readContent(incoming);
  if (content === undefined) return "other";
  if ("condition" in content) return content;
  const corrected = correctionToEvent(incoming, content);
  const outcome =
    corrected === "other"
      ? deliverSent(incoming, { ...idsOf(incoming), ...content, ...asksOf(incoming) })
      : corrected;
  if (outcome !== "taken") return outcome;
  receiptAtHandover(incoming);
  // XEP-0172 §4.2: on the first messages to somebody. Told each time, since nothing is stored for a message.
  const nick = nickOf(incoming.stanza);
  if (nick !== undefined) incoming.effects.deliver("contact.updated", { nick });
  return "taken";
}
