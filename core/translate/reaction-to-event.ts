/** XEP-0444: the contact's reactions to a message, as they now are. */
import { isPlainText } from "../contract/fields.ts";
import { limits } from "../limits.ts";
import { readStanzaId } from "../stanza-id.ts";
import { ns } from "../xmpp/stanza.ts";
import { deliverOne, type Incoming, idsOf, type Outcome, type Refusal } from "./incoming.ts";
import { deliverSent } from "./long-text.ts";
import { shorten } from "./text.ts";

type Restrictions = Exclude<Incoming["capabilities"]["reactions"], false>;

export function reactionToEvent(incoming: Incoming): Outcome {
  const reactions = incoming.stanza.getChild("reactions", ns.reactions);
  const id = reactions?.attrs["id"] ?? "";
  if (reactions === undefined || id === "") return "other";
  const given = reactions.getChildren("reaction", ns.reactions).map((reaction) => reaction.getText().trim());
  const usable = given.filter(isEmoji);
  const restrictions = incoming.capabilities.reactions;
  // One that is no emoji is ignored (XEP-0444 §4); to say that none is left would be untrue.
  if (given.length > 0 && usable.length === 0) return refused("That is no reaction.");
  if (restrictions === false) return inWords(incoming, usable);
  const emojis = [...new Set(usable.map((emoji) => allowedAs(emoji, restrictions)))];
  const accepted = emojis.filter((emoji) => emoji !== undefined);
  const fits = accepted.length === emojis.length && accepted.length <= restrictions.max;
  if (!fits) return refused(rulesOf(restrictions));
  // An id of the contact's own may be any text.
  const about = readStanzaId(id) ?? { id };
  const part = about.part === undefined ? {} : { part: about.part };
  return deliverOne(incoming, "message.reacted", { id: about.id, ...part, emojis: accepted });
}

function isEmoji(text: string): boolean {
  return text !== "" && text.length <= limits.emojiCharsMax && isPlainText(text);
}

/** The emoji as it is allowed: clients differ in whether they ask for its colourful form (U+FE0F). */
function allowedAs(emoji: string, { allowed }: Restrictions): string | undefined {
  const plain = (text: string) => text.replaceAll("\ufe0f", "");
  return allowed === undefined ? emoji : allowed.find((each) => plain(each) === plain(emoji));
}

/** A native system without reactions reads the emojis; that they were taken back is not worth a message. */
function inWords(incoming: Incoming, emojis: readonly string[]): Outcome {
  const body = [...new Set(emojis)].slice(0, limits.emojisMax).join(" ");
  return body === "" ? "taken" : deliverSent(incoming, { ...idsOf(incoming), body });
}

/** XEP-0444 §3.3: `not-acceptable`, with the rules in words. */
function refused(text: string): Refusal {
  return { condition: "not-acceptable", text };
}

function rulesOf({ allowed, max }: Restrictions): string {
  const which = allowed === undefined ? "" : ` Accepted are: ${allowed.join(" ")}`;
  return shorten(`A message takes at most ${max} of your reactions.${which}`, limits.statusCharsMax);
}
