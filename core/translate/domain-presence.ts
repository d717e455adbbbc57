/** Presence to the domain itself, which is up whenever it can answer: gateways are subscribed to like users. */
import type { Element } from "ltx";
import { element } from "../xmpp/stanza.ts";
import { probeId } from "./probe.ts";
import { replyAddresses } from "./reply.ts";

/**
 * What the domain answers to a presence stanza, in order. It keeps no list of who is subscribed: everybody may see
 * that it is up, so that nothing has to be remembered and nobody can fill a table with it.
 */
export function answerForDomain(stanza: Element): readonly Element[] {
  const addresses = replyAddresses(stanza);
  if (addresses === undefined) return [];
  const from = addresses.from.domain;
  const to = addresses.to.bare;
  const id = probeId(stanza);
  switch (stanza.attrs["type"]) {
    case "subscribe":
      // RFC 6121 §3.1.5: who was let in sees the presence at once.
      return [element("presence", { from, to, id, type: "subscribed" }), element("presence", { from, to })];
    case "unsubscribe":
      // RFC 6121 §A.3.2
      return [element("presence", { from, to, id, type: "unsubscribed" })];
    case "probe":
      // RFC 6121 §4.3.2
      return [element("presence", { from, to, id })];
    default:
      return [];
  }
}
