/** Stanzas as text: read strictly, written from a checked tree only. */
import type { Element } from "ltx";
import { limits } from "../limits.ts";
import { err, ok, type Result } from "../result.ts";
import { makeElementReader, XmlFault } from "./element-reader.ts";
import { type Jid, parseJid } from "./jid.ts";
import { ns } from "./stanza.ts";
import { isLonger } from "./utf8.ts";

/** XML 1.0 §2.2 Char, negated; in a `u` pattern a lone surrogate counts as a character of its own. */
const forbidden = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;
const forbiddenAll = new RegExp(forbidden, "gu");
const tagWithBlanks = /<[^>]*[\t\n][^>]*>/g;
/** Bytes that one character may become when it is written: `"` or `'` in CDATA as `&quot;` or `&apos;`. */
const growthMax = 6;
const nonAscii = /[^!-~]/;
const nameFault = "a name or namespace that is not ASCII";
/** RFC 6120 §8: what a stream may carry. */
const stanzaNames = ["message", "presence", "iq"];

/** Whether a text holds what XML 1.0 forbids, even as a reference: most controls, lone surrogates, U+FFFE, U+FFFF. */
export function hasForbiddenCharacters(text: string): boolean {
  return forbidden.test(text);
}

/** The text as XML 1.0 can carry it: vertical tab and form feed become line feeds, the rest U+FFFD. */
export function cleanText(text: string): string {
  return text.replace(forbiddenAll, (char) => (char === "\v" || char === "\f" ? "\n" : "\ufffd"));
}

/** Reads one text after the other, each of one element. */
function makeReader() {
  let stanza: Element | undefined;
  const reader = makeElementReader({
    level: 0,
    depthMax: limits.stanzaDepthMax,
    onElement(element) {
      stanza = element;
    },
  });
  return {
    reader,
    take() {
      const taken = stanza;
      stanza = undefined;
      return taken;
    },
  };
}

/** Kept from text to text: to make one takes nearly as long as to read a stanza. */
let idle: ReturnType<typeof makeReader> | undefined;

/**
 * Reads exactly one element, at most `limits.stanzaDepthMax` deep. Refuses what RFC 6120 §11 refuses: comments,
 * instructions, declarations, unknown entities, unbound prefixes, illegal characters. Never throws.
 */
export function parseStanza(xml: string): Result<Element, string> {
  // saxes takes whatever follows a lone high surrogate for the rest of that character, a quotation mark too.
  if (!xml.isWellFormed()) return err("a lone surrogate");
  const one = idle ?? makeReader();
  idle = undefined;
  try {
    one.reader.write(xml);
    one.reader.end();
  } catch (error) {
    if (error instanceof XmlFault) return err(error.message);
    throw error;
  }
  // Not after a fault: what was begun then cannot be ended.
  idle = one;
  const stanza = one.take();
  return stanza === undefined ? err("not well-formed") : ok(stanza);
}

/** The stanza as XML; a reader gets the very same texts and attributes back. */
export function serializeStanza(stanza: Element): string {
  const xml = stanza.toString();
  if (!/[\t\n\r]/.test(xml)) return xml;
  // XML 1.0 §2.11 and §3.3.3: readers turn a bare CR into LF, and blanks of attributes into spaces.
  return xml
    .replace(/\r/g, "&#13;")
    .replace(tagWithBlanks, (tag) => tag.replace(/\t/g, "&#9;").replace(/\n/g, "&#10;"));
}

/**
 * Checks a stanza before it goes to the socket (invariant 8): what passes makes no server close the
 * stream. `domains` are ours, prepared; `bytesMax` bounds the stanza as it will be written. Write the element that
 * comes back with {@link serializeStanza}, not the text that went in.
 */
export function checkOutbound(
  xml: string,
  domains: readonly string[],
  bytesMax: number = limits.stanzaOutBytesMax,
): Result<Element, string> {
  const tooLarge = err(`the stanza is larger than ${bytesMax} bytes`);
  if (isLonger(xml, bytesMax)) return tooLarge;
  const parsed = parseStanza(xml);
  if (!parsed.ok) return parsed;
  const stanza = parsed.value;
  if (!stanzaNames.includes(stanza.name)) return err("the element is no message, presence or iq");
  const { xmlns, from, to } = stanza.attrs;
  if (xmlns !== undefined && xmlns !== ns.client && xmlns !== ns.component) {
    return err("the stanza is in a foreign namespace");
  }
  // The stream's own namespace is inherited: servers differ in which others they take (XEP-0114).
  delete stanza.attrs["xmlns"];
  const fault = findFromFault(from, domains) ?? findToFault(to) ?? findNameFault(stanza);
  if (fault !== undefined) return err(fault);
  // What is short stays so, however it is escaped.
  if (xml.length * growthMax <= bytesMax) return ok(stanza);
  return isLonger(serializeStanza(stanza), bytesMax) ? tooLarge : ok(stanza);
}

function findFromFault(from: string | undefined, domains: readonly string[]): string | undefined {
  const jid = from === undefined ? undefined : parseJid(from);
  if (!jid?.ok) return "the stanza has no valid sender";
  if (!domains.includes(jid.value.domain)) return "the sender is not in a domain of ours";
  // Servers compare the sender's domain as it stands, without preparing it.
  return writeJid(jid.value) === from ? undefined : "the sender's address is not prepared";
}

function findToFault(to: string | undefined): string | undefined {
  return to !== undefined && parseJid(to).ok ? undefined : "the stanza has no valid recipient";
}

/**
 * Servers' XML readers follow older editions of XML 1.0, which know fewer letters: names in ASCII suit them all.
 * Expat puts namespace and name together with a sign between them, and closes where a namespace holds that sign
 * itself: on ejabberd it is the line feed.
 */
function findNameFault(stanza: Element): string | undefined {
  const waiting = [stanza];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    if (nonAscii.test(next.name)) return nameFault;
    for (const [key, value] of Object.entries(next.attrs)) {
      if (nonAscii.test(key) || (isDeclaration(key) && nonAscii.test(`${value}`))) return nameFault;
    }
    for (const child of next.children) if (typeof child !== "string") waiting.push(child);
  }
  return undefined;
}

const isDeclaration = (attribute: string) => attribute === "xmlns" || attribute.startsWith("xmlns:");

function writeJid(jid: Jid): string {
  return jid.resource === "" ? jid.bare : `${jid.bare}/${jid.resource}`;
}
