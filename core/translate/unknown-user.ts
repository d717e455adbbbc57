/** What a user that does not exist answers (RFC 6121 §8.5.1). */
import type { Element } from "ltx";
import { probeId, refusedProbe } from "./probe.ts";
import { errorAnswer, replyAddresses } from "./reply.ts";

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
