/** XEP-0308: the contact corrects a message of its own. */
import { type Incoming, idsOf, type Outcome } from "./incoming.ts";
import { deliverEdited, deliverSent } from "./long-text.ts";
import { type Content, correctedId } from "./message-content.ts";
import { asksOf } from "./receipt-to-event.ts";

/** What marks a correction in a native system that cannot correct. */
const mark = "✎";

/**
 * A correction says the whole message anew. Whether there is such a message, and whether it is the contact's, is for
 * whoever has the messages to check.
 */
export function correctionToEvent(incoming: Incoming, content: Content): Outcome {
  const replaces = correctedId(incoming.stanza);
  if (replaces === undefined) return "other";
  const said = { ...idsOf(incoming), ...content, ...asksOf(incoming) };
  if (incoming.capabilities.edits) return deliverEdited(incoming, { ...said, replaces });
  const body = content.body === undefined ? mark : `${mark} ${content.body}`;
  return deliverSent(incoming, { ...said, body });
}
