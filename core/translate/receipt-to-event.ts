/** XEP-0184 and XEP-0333: what became of the user's message; and what the contact would like to be told of its own. */
import type { Element } from "ltx";
import { isPlainText } from "../contract/fields.ts";
import { limits } from "../limits.ts";
import { type About, idAboutNothing, readStanzaId } from "../stanza-id.ts";
import { element, ns } from "../xmpp/stanza.ts";
import type { Said } from "./effects.ts";
import type { Incoming } from "./incoming.ts";

/**
 * Delivers what receipt and marker say. Where the native system is told of no display, a marker says at least that
 * the message has arrived.
 */
export function receiptToEvents({ stanza, capabilities, effects, time }: Incoming): void {
  const received =
    aboutOwn(stanza.getChild("received", ns.receipts)) ??
    // XEP-0333 had this marker up to version 0.4, as it had `acknowledged`.
    aboutOwn(stanza.getChild("received", ns.chatMarkers));
  const shown =
    aboutOwn(stanza.getChild("displayed", ns.chatMarkers)) ??
    aboutOwn(stanza.getChild("acknowledged", ns.chatMarkers));
  const delivered = received ?? (capabilities.markers ? undefined : shown);
  if (delivered !== undefined) effects.deliver("message.delivered", delivered, time);
  if (shown !== undefined && capabilities.markers) effects.deliver("message.displayed", shown, time);
}

/** The user's message that a receipt names; a message has no event of its own, other stanzas of ours have. */
function aboutOwn(receipt: Element | undefined): Pick<About, "id" | "part"> | undefined {
  const about = readStanzaId(receipt?.attrs["id"] ?? "");
  return about?.event === undefined ? about : undefined;
}

/** What the contact asks to be told that the native system will have to say. */
export function asksOf({ stanza, capabilities }: Incoming): Pick<Said<"message.sent">, "asks"> {
  if (!canAsk(stanza)) return {};
  const delivered = capabilities.receipts === "delivered" && stanza.getChild("request", ns.receipts);
  const displayed = capabilities.markers && stanza.getChild("markable", ns.chatMarkers);
  if (!delivered && !displayed) return {};
  return {
    asks: [...(delivered ? ["delivered" as const] : []), ...(displayed ? ["displayed" as const] : [])],
  };
}

/**
 * The receipt that leaves as soon as the message is in the native system's queue, where the deployment says so.
 * Never for what comes out of an archive (XEP-0184 §5.5).
 */
export function receiptAtHandover({ ctx, stanza, capabilities, effects }: Incoming): void {
  const asked = capabilities.receipts === "handover" && stanza.getChild("request", ns.receipts);
  if (!asked || !canAsk(stanza) || stanza.getChild("delay") !== undefined) return;
  const type = stanza.attrs["type"] === "chat" ? "chat" : undefined;
  const receipt = element(
    "message",
    { from: ctx.ghost, to: ctx.pair.contact, type, id: idAboutNothing(ctx.cause.id) },
    element("received", { xmlns: ns.receipts, id: stanza.attrs["id"] }),
    element("store", { xmlns: ns.hints }),
  );
  effects.stanza(receipt, { afterwards: capabilities.tellStrangers ? "always" : "seen-by-contact" });
}

/**
 * Whether an answer can name the message (XEP-0184 §7, XEP-0333), and is called for: neither a headline nor an
 * answer is answered (RFC 6121 §5.2.2, XEP-0184 §5.4).
 */
function canAsk(stanza: Element): boolean {
  const { id = "", type } = stanza.attrs;
  const isAnswer = stanza.getChild("received") !== undefined || stanza.getChild("displayed") !== undefined;
  const hasName = id !== "" && id.length <= limits.referredIdCharsMax && isPlainText(id);
  return hasName && type !== "headline" && !isAnswer;
}
