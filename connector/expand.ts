/** An outbound item as the stanzas to write: still worth it, checked, expanded, stamped. */
import type { Element } from "ltx";
import type { OutboundItem } from "#core/contract/envelope.ts";
import type { Limits } from "#core/limits.ts";
import { err, ok, type Result } from "#core/result.ts";
import { checkOutbound, parseStanza, serializeStanza } from "#core/xmpp/codec.ts";
import { errorReply } from "#core/xmpp/error.ts";
import { parseBareJid } from "#core/xmpp/jid.ts";
import { childOf, element, ns } from "#core/xmpp/stanza.ts";
import type { Versions } from "./versions.ts";

export interface ExpandContext {
  /** Ours, prepared. */
  readonly domain: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly versions: Versions;
  readonly limits: Pick<Limits, "delayAfterMs">;
}

/** Why an item may not leave, and its stanza as far as it could be read. */
export interface Unfit {
  readonly text: string;
  readonly stanza?: Element;
}

function unfit(xml: string, text: string): Result<never, Unfit> {
  const parsed = parseStanza(xml);
  return err(parsed.ok ? { text, stanza: parsed.value } : { text });
}

/** XEP-0203: a message that leaves late says when it was written. */
function stampDelay(stanza: Element, written: string, { domain, now, limits }: ExpandContext): void {
  const at = new Date(written);
  // False for what is no time, too.
  const isLate = now() - at.getTime() > limits.delayAfterMs;
  if (stanza.name !== "message" || !isLate) return;
  if (childOf(stanza, "delay", ns.delay)) return;
  // XEP-0082 §3.2: in UTC.
  stanza.append(element("delay", { xmlns: ns.delay, from: domain, stamp: at.toISOString() }));
}

/** One stanza per recipient, made when asked for: a broadcast never lies in memory as a whole. */
function* address(template: Element, recipients: readonly string[]): Generator<string> {
  for (const to of recipients) {
    template.attrs["to"] = to;
    yield serializeStanza(template);
  }
}

function expandTemplate(
  item: OutboundItem,
  recipients: readonly string[],
  domain: string,
): Result<Iterable<string>, Unfit> {
  const wrong = recipients.some((recipient) => !parseBareJid(recipient).ok);
  if (wrong) return unfit(item.xml, "a recipient is no bare address");
  const parsed = parseStanza(item.xml);
  if (!parsed.ok) return err({ text: parsed.error });
  // The longest address makes the largest stanza.
  const longest = recipients.reduce((a, b) => (b.length > a.length ? b : a), "");
  if (longest === "") return ok([]);
  parsed.value.attrs["to"] = longest;
  const checked = checkOutbound(serializeStanza(parsed.value), [domain]);
  if (!checked.ok) return err({ text: checked.error, stanza: parsed.value });
  return ok(address(checked.value, recipients));
}

/**
 * The stanzas of an item, serialised; none where it has expired, or a newer availability of that ghost has been
 * written. The sequence is lazy and must be read once, in order.
 */
export function expandItem(item: OutboundItem, context: ExpandContext): Result<Iterable<string>, Unfit> {
  const { availability, expires, recipients } = item;
  // False for what is no time, too.
  if (expires !== undefined && context.now() > Date.parse(expires)) return ok([]);
  if (availability && context.versions.isOld(availability.ghost, availability.version)) return ok([]);
  if (recipients) return expandTemplate(item, recipients, context.domain);
  const checked = checkOutbound(item.xml, [context.domain]);
  if (!checked.ok) return unfit(item.xml, checked.error);
  if (item.written !== undefined) stampDelay(checked.value, item.written, context);
  return ok([serializeStanza(checked.value)]);
}

/** RFC 6120 §8.2.3: whoever asked gets an error where the answer may not leave; nothing for any other stanza. */
export function errorInstead({ stanza }: Unfit, domain: string): string | undefined {
  if (stanza?.name !== "iq" || stanza.attrs["type"] !== "result") return undefined;
  const { from, to, id } = stanza.attrs;
  const request = element("iq", { type: "get", from: to, to: from, id });
  const error = errorReply(request, "internal-server-error");
  const checked = error && checkOutbound(serializeStanza(error), [domain]);
  return checked?.ok ? serializeStanza(checked.value) : undefined;
}
