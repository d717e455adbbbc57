/** IQ requests to the domain or a ghost: every one gets an answer, the same one each time. */
import type { Element } from "ltx";
import type { Capabilities } from "../capabilities.ts";
import { accountInfo, deviceInfo, discoItems, domainInfo } from "../disco.ts";
import { type Caps, infoElement, nodeOf } from "../xmpp/caps.ts";
import type { Condition } from "../xmpp/error.ts";
import { element, ns } from "../xmpp/stanza.ts";
import { errorAnswer, fullText, replyAddresses } from "./reply.ts";

/** What is known of those between whom an IQ passes. */
export interface IqAddressee {
  /** The domain itself, a user at its bare JID, or one at a full JID. */
  readonly to: "domain" | "user" | "device";
  readonly userExists: boolean;
  /** The contact may see the user's presence. */
  readonly mayLook: boolean;
}

/** What users can do, and the hash of it that their presence bears. */
export interface Abilities {
  readonly capabilities: Capabilities;
  readonly caps: Caps;
}

/** The answer to an IQ; undefined for what is never answered: results and errors (RFC 6120 §8.2.3). */
export function answerIq(stanza: Element, addressee: IqAddressee, abilities: Abilities): Element | undefined {
  const { type, id } = stanza.attrs;
  if (type === "result" || type === "error") return undefined;
  const payload = answerTo(stanza, addressee, abilities);
  if (typeof payload === "string") return errorAnswer(stanza, payload);
  const addresses = replyAddresses(stanza);
  if (addresses === undefined) return undefined;
  const { from, to } = addresses;
  return element("iq", { type: "result", from: fullText(from), to: fullText(to), id }, payload.result);
}

type Answer = Condition | { readonly result?: Element };

function answerTo(stanza: Element, addressee: IqAddressee, abilities: Abilities): Answer {
  const { type, id = "" } = stanza.attrs;
  const { to, userExists, mayLook } = addressee;
  const [request, ...others] = stanza.getChildElements();
  // RFC 6120 §8.2.3: an id, a type of four, exactly one child.
  const wellFormed = (type === "get" || type === "set") && id !== "" && others.length === 0;
  if (!wellFormed || request === undefined) return "bad-request";
  // RFC 6121 §8.5.1: strangers learn no more of a user than that there may be none.
  if (to !== "domain" && !(userExists && mayLook)) return "service-unavailable";
  if (type === "set") return "service-unavailable";
  return result(request, to, abilities);
}

function result(request: Element, to: IqAddressee["to"], abilities: Abilities): Answer {
  const is = (name: string, xmlns: string) => request.getName() === name && request.getNS() === xmlns;
  const { node } = request.attrs;
  // XEP-0199 §4.2
  if (is("ping", ns.ping)) return {};
  if (is("query", ns.discoInfo)) return info(to, node, abilities);
  if (!is("query", ns.discoItems)) return "service-unavailable";
  // XEP-0030 §7: nothing has nodes with items.
  return node === undefined ? { result: discoItems() } : "item-not-found";
}

/** XEP-0030 §3.1, and XEP-0115 §6.2: the one node is that of what presence bears now. */
function info(to: IqAddressee["to"], node: string | undefined, { capabilities, caps }: Abilities): Answer {
  if (node !== undefined) {
    const isCurrent = to !== "domain" && node === nodeOf(caps);
    return isCurrent ? { result: infoElement(deviceInfo(capabilities), node) } : "item-not-found";
  }
  if (to === "domain") return { result: infoElement(domainInfo) };
  return { result: infoElement(to === "user" ? accountInfo(capabilities) : deviceInfo(capabilities)) };
}
