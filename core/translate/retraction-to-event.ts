/** XEP-0424: the contact takes a message of its own back. */
import type { Element } from "ltx";
import { ns } from "../xmpp/stanza.ts";
import { deliverOne, type Incoming, idsOf, type Outcome } from "./incoming.ts";

/** What a native system reads that cannot take messages back. */
const said = "(I have taken a message back.)";

/** Its text is for clients that do not understand it, whether it says so or not. */
export function retractionToEvent(incoming: Incoming): Outcome {
  const id = retractedId(incoming.stanza);
  if (id === "") return "other";
  if (!incoming.capabilities.retractions) {
    return deliverOne(incoming, "message.sent", { ...idsOf(incoming), body: said });
  }
  return deliverOne(incoming, "message.retracted", { id });
}

/** XEP-0424; up to version 0.3 the retraction was fastened to its message (XEP-0422). */
function retractedId(stanza: Element): string {
  const own = stanza.getChild("retract", ns.retraction);
  const fastened = stanza
    .getChildren("apply-to", ns.fastening)
    .find((child) => child.getChild("retract", ns.retraction0) !== undefined);
  return own?.attrs["id"] || fastened?.attrs["id"] || "";
}
