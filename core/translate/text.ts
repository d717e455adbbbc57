/** Reading the human text and the times of a stanza. */
import type { Element } from "ltx";
import { limits } from "../limits.ts";
import { ns } from "../xmpp/stanza.ts";

/**
 * The text of a child that may come once per language (RFC 6121 §5.2.3): the one in the stanza's own language,
 * which names none or the same, else the first.
 */
export function ownText(stanza: Element, name: string): string | undefined {
  const all = stanza.getChildElements().filter((child) => {
    return child.getName() === name && child.getNS() === stanza.getNS();
  });
  const language = stanza.attrs["xml:lang"];
  const own = all.find(({ attrs }) => attrs["xml:lang"] === undefined || attrs["xml:lang"] === language);
  return (own ?? all[0])?.getText();
}

/** XEP-0172: what the sender would like to be called; undefined where it does not say. */
export function nickOf(stanza: Element): string | undefined {
  const nick = shorten(stanza.getChild("nick", ns.nick)?.getText() ?? "", limits.nameCharsMax);
  return nick === "" ? undefined : nick;
}

/** At most so many UTF-16 units of a text, never half a character. */
export function shorten(text: string, unitsMax: number): string {
  if (text.length <= unitsMax) return text;
  const cut = text.slice(0, unitsMax);
  return cut.isWellFormed() ? cut : cut.slice(0, -1);
}

/** XEP-0082 §3.2; what has no zone is no point in time. Years of the common calendar only. */
const dateTime = /^[1-9]\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** A time that a stanza states, in UTC; undefined where it is none or lies after `now`, never of the future. */
export function statedTime(text: string | undefined, now: string): string | undefined {
  if (text === undefined || !dateTime.test(text)) return undefined;
  const time = Date.parse(text);
  return time < Date.parse(now) ? new Date(time).toISOString() : undefined;
}

/** When the stanza was sent: the earliest stamp of its servers (XEP-0203), else when it was read. */
export function sentAt(stanza: Element, now: string): string {
  const stamps = stanza
    .getChildren("delay", ns.delay)
    .map((delay) => statedTime(delay.attrs["stamp"], now))
    .filter((stamp) => stamp !== undefined);
  return stamps.sort()[0] ?? now;
}
