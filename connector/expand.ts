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

/** Serialised stanzas, made when asked for, to be read once; returns the recipients that are no bare addresses. */
export type Stanzas = Generator<string, readonly string[]>;

const isBare = (address: string) => parseBareJid(address).ok;

/**
 * One stanza per recipient: a broadcast never lies in memory as a whole, nor is it checked at one go, while messages
 * wait. Who has been told since `madeAt` that it sees the ghost no more is left out.
 */
function* address(
  template: Element,
  recipients: readonly string[],
  { versions }: ExpandContext,
  madeAt: number,
): Stanzas {
  const { from = "" } = template.attrs;
  const wrong: string[] = [];
  for (const to of recipients) {
    if (!isBare(to)) wrong.push(to);
    else if (!versions.hasParted(from, to, madeAt)) {
      template.attrs["to"] = to;
      yield serializeStanza(template);
    }
  }
  return wrong;
}

function* these(...stanzas: readonly string[]): Stanzas {
  yield* stanzas;
  return [];
}

function longestOf(addresses: readonly string[]): string {
  return addresses.reduce((a, b) => (b.length > a.length ? b : a), "");
}

function expandTemplate(
  item: OutboundItem,
  recipients: readonly string[],
  context: ExpandContext,
): Result<Stanzas, Unfit> {
  const parsed = parseStanza(item.xml);
  if (!parsed.ok) return err({ text: parsed.error });
  // The longest address makes the largest stanza.
  const longest = longestOf(recipients);
  const to = isBare(longest) ? longest : longestOf(recipients.filter(isBare));
  const madeAt = Date.parse(item.time);
  if (to === "") return ok(address(parsed.value, recipients, context, madeAt));
  parsed.value.attrs["to"] = to;
  const checked = checkOutbound(serializeStanza(parsed.value), [context.domain]);
  if (!checked.ok) return err({ text: checked.error, stanza: parsed.value });
  return ok(address(checked.value, recipients, context, madeAt));
}

/**
 * The stanzas of an item; none where it has expired, or a newer availability of that ghost has been written.
 *
 * @param sentAt when it was put into its queue, in milliseconds since 1970
 */
export function expandItem(
  item: OutboundItem,
  context: ExpandContext,
  sentAt: number,
): Result<Stanzas, Unfit> {
  const { availability, expires, recipients } = item;
  // False for what is no time, too.
  if (expires !== undefined && context.now() > Date.parse(expires)) return ok(these());
  if (availability && context.versions.isOld(availability.ghost, availability.version)) return ok(these());
  if (recipients) return expandTemplate(item, recipients, context);
  const checked = checkOutbound(item.xml, [context.domain]);
  if (!checked.ok) return unfit(item.xml, checked.error);
  const { from = "", to = "" } = checked.value.attrs;
  if (item.parting) context.versions.part(from, to, sentAt);
  if (item.written !== undefined) stampDelay(checked.value, item.written, context);
  return ok(these(serializeStanza(checked.value)));
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
