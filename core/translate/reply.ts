/** Answers to a stanza, to where it came from. */
import type { Element } from "ltx";
import { limits } from "../limits.ts";
import { type Condition, type ErrorType, errorReply } from "../xmpp/error.ts";
import { type Jid, parseJid } from "../xmpp/jid.ts";

/** Addresses of an answer, prepared: servers refuse a sender that is not (invariant 8). */
interface ReplyAddresses {
  /** Who answers: whom the stanza was for. */
  readonly from: Jid;
  /** Who asked. */
  readonly to: Jid;
}

/** From whom to whom an answer goes; undefined where it cannot be answered. */
export function replyAddresses(stanza: Element): ReplyAddresses | undefined {
  const { from, to, id = "" } = stanza.attrs;
  // An id that is nearly a stanza of its own would make the answer larger than servers take.
  if (from === undefined || to === undefined || id.length > idCharsMax) return undefined;
  const sender = parseJid(to);
  const recipient = parseJid(from);
  return sender.ok && recipient.ok ? { from: sender.value, to: recipient.value } : undefined;
}

/** Escapes make up to six bytes of a character. */
const idCharsMax = limits.stanzaOutBytesMax / 8;

export function fullText({ bare, resource }: Jid): string {
  return resource === "" ? bare : `${bare}/${resource}`;
}

/** {@link errorReply} with prepared addresses. */
export function errorAnswer(
  stanza: Element,
  condition: Condition,
  text?: string,
  type?: ErrorType,
): Element | undefined {
  const addresses = replyAddresses(stanza);
  const reply = addresses === undefined ? undefined : errorReply(stanza, condition, text, type);
  if (addresses === undefined || reply === undefined) return undefined;
  reply.attrs["from"] = fullText(addresses.from);
  reply.attrs["to"] = fullText(addresses.to);
  return reply;
}
