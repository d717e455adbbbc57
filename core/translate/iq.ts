/** IQ requests to the domain or a ghost: every one gets an answer, the same one each time. */
import type { Element } from "ltx";
import { discoInfo, discoItems } from "../disco.ts";
import type { Condition } from "../xmpp/error.ts";
import { element, ns } from "../xmpp/stanza.ts";
import { errorAnswer, fullText, replyAddresses } from "./reply.ts";

/** What is known of those between whom an IQ passes. */
export interface IqAddressee {
  /** It is for the domain itself. */
  readonly toDomain: boolean;
  readonly userExists: boolean;
  /** The contact may see the user's presence. */
  readonly mayLook: boolean;
}

/** The answer to an IQ; undefined for what is never answered: results and errors (RFC 6120 §8.2.3). */
export function answerIq(stanza: Element, addressee: IqAddressee): Element | undefined {
  const { type, id } = stanza.attrs;
  if (type === "result" || type === "error") return undefined;
  const payload = answerTo(stanza, addressee);
  if (typeof payload === "string") return errorAnswer(stanza, payload);
  const addresses = replyAddresses(stanza);
  if (addresses === undefined) return undefined;
  const { from, to } = addresses;
  return element("iq", { type: "result", from: fullText(from), to: fullText(to), id }, payload.result);
}

type Answer = Condition | { readonly result?: Element };

function answerTo(stanza: Element, { toDomain, userExists, mayLook }: IqAddressee): Answer {
  const { type, id = "" } = stanza.attrs;
  const [request, ...others] = stanza.getChildElements();
  // RFC 6120 §8.2.3: an id, a type of four, exactly one child.
  const wellFormed = (type === "get" || type === "set") && id !== "" && others.length === 0;
  if (!wellFormed || request === undefined) return "bad-request";
  // RFC 6121 §8.5.1, and design §4: strangers learn no more of a user than that there may be none.
  if (!toDomain && !(userExists && mayLook)) return "service-unavailable";
  if (type === "set") return "service-unavailable";
  return result(request, toDomain);
}

function result(request: Element, toDomain: boolean): Answer {
  const is = (name: string, xmlns: string) => request.getName() === name && request.getNS() === xmlns;
  // XEP-0199 §4.2
  if (is("ping", ns.ping)) return {};
  const info = is("query", ns.discoInfo);
  if (!info && !is("query", ns.discoItems)) return "service-unavailable";
  // XEP-0030 §7: there are no nodes.
  if (request.attrs["node"] !== undefined) return "item-not-found";
  return { result: info ? discoInfo(toDomain ? "domain" : "user") : discoItems() };
}
