/** Files that a message speaks of: XEP-0447, XEP-0385, XEP-0066, or an address that is the whole text. */
import type { Element } from "ltx";
import { isPlainText } from "../contract/fields.ts";
import { limits } from "../limits.ts";
import { cleanText } from "../xmpp/codec.ts";
import { ns } from "../xmpp/stanza.ts";
import type { Said } from "./effects.ts";
import { mediaTypeOf } from "./media-types.ts";
import { shorten } from "./text.ts";

export type Attachment = NonNullable<Said<"message.sent">["attachments"]>[number];

/** An address as it was written, and in the form in which addresses are compared. */
interface Address {
  readonly text: string;
  readonly href: string;
}

/** A file, with every address under which the message offers it. */
interface Offer {
  readonly urls: readonly Address[];
  readonly details: Omit<Attachment, "url">;
}

/** XEP-0385 names its version in these, and clients use several. */
const mediaSharing = /^urn:xmpp:sims:\d+$/;
const jingleFile = /^urn:xmpp:jingle:apps:file-transfer:\d+$/;
const hashNamespace = /^urn:xmpp:hashes:\d+$/;
/** XEP-0300 §5, the best of what a receiver surely knows first. */
const hashes = ["sha-256", "sha3-256", "sha-512", "sha3-512", "blake2b-256", "blake2b-512", "sha-1"];

/** Namespaces whose fallback text stands for files. */
export const fileNamespaces: readonly string[] = [
  ns.fileSharing,
  ns.outOfBand,
  "urn:xmpp:sims:1",
  "urn:xmpp:sims:2",
];

/** Whether the message speaks of files, also of such as cannot be fetched. */
export function mentionsFiles(stanza: Element): boolean {
  return sharings(stanza).length + mediaSharings(stanza).length + links(stanza).length > 0;
}

/**
 * The files of a message, each once however often it is described; the most telling description comes first.
 *
 * @returns with all addresses that were given for them, in the form of {@link hrefOf}
 */
export function readAttachments(stanza: Element): {
  readonly files: readonly Attachment[];
  readonly urls: ReadonlySet<string>;
} {
  const offers = [
    ...sharings(stanza).map(sharedFile),
    ...mediaSharings(stanza).map(sharedMedia),
    ...links(stanza).map(linked),
  ].filter(({ urls }) => urls.length > 0);
  const indexOf = new Map<string, number>();
  const files: Attachment[] = [];
  for (const { urls, details } of offers) {
    const [first] = urls;
    if (first === undefined) continue;
    const index =
      urls.map(({ href }) => indexOf.get(href)).find((known) => known !== undefined) ?? files.length;
    for (const { href } of urls) indexOf.set(href, index);
    files[index] = { url: first.text, ...details, ...files[index] };
  }
  return { files, urls: new Set(indexOf.keys()) };
}

/**
 * A text that is nothing but the HTTPS address of a file: what most clients send after an upload (XEP-0363), some
 * without saying so. With a query or fragment, or no extension of a file's, it is a link like any other.
 */
export function attachmentOfText(text: string): Attachment | undefined {
  const address = addressOf(text);
  if (address === undefined || !/^https:\/\/[^?#@]+$/i.test(address.text)) return undefined;
  const file = withNames({ url: address.text });
  return file.mediaType === undefined ? undefined : file;
}

/** The form in which addresses are compared; "" for what is none. */
export function hrefOf(text: string): string {
  return URL.parse(text)?.href ?? "";
}

/** Only what can be fetched by HTTP. */
function addressOf(text: string): Address | undefined {
  const trimmed = text.trim();
  const isUsable = /^https?:\/\/\S+$/i.test(trimmed) && isPlainText(trimmed);
  const href = isUsable && trimmed.length <= limits.urlCharsMax ? hrefOf(trimmed) : "";
  return href === "" ? undefined : { text: trimmed, href };
}

function addresses(texts: readonly (string | undefined)[]): Address[] {
  return texts.map((text = "") => addressOf(text)).filter((address) => address !== undefined);
}

function sharings(stanza: Element): Element[] {
  return stanza.getChildren("file-sharing", ns.fileSharing);
}

/** XEP-0447 §3.1 */
function sharedFile(sharing: Element): Offer {
  const sources = sharing.getChild("sources", ns.fileSharing)?.getChildren("url-data", ns.urlData) ?? [];
  return {
    urls: addresses(sources.map(({ attrs }) => attrs["target"])),
    details: metadata(sharing.getChild("file", ns.fileMetadata)),
  };
}

/** XEP-0385 §4.1: what refers to a place in the text. */
function mediaSharings(stanza: Element): Element[] {
  return stanza
    .getChildren("reference", ns.references)
    .flatMap((reference) => reference.getChildren("media-sharing"))
    .filter((sharing) => mediaSharing.test(sharing.getNS() ?? ""));
}

function sharedMedia(sharing: Element): Offer {
  const sources = sharing.getChild("sources")?.getChildren("reference", ns.references) ?? [];
  const file = sharing.getChildren("file").find((child) => jingleFile.test(child.getNS() ?? ""));
  return { urls: addresses(sources.map(({ attrs }) => attrs["uri"])), details: metadata(file) };
}

function links(stanza: Element): Element[] {
  return stanza.getChildren("x", ns.outOfBand);
}

/** XEP-0066 §3 */
function linked(link: Element): Offer {
  const description = textOf(link, "desc");
  return {
    urls: addresses([link.getChildText("url") ?? undefined]),
    details: description === "" ? {} : { description },
  };
}

/** XEP-0446 §2, which repeats most of XEP-0234 §5. */
function metadata(file: Element | undefined): Offer["details"] {
  if (file === undefined) return {};
  const name = fileName(textOf(file, "name"));
  const [mediaType = ""] = textOf(file, "media-type").split(";");
  const [width, height] = textOf(file, "dimensions").split("x");
  const description = textOf(file, "desc");
  return {
    ...(name === "" ? {} : { name }),
    ...(/^[\w.+-]{1,127}\/[\w.+-]{1,127}$/.test(mediaType) ? { mediaType } : {}),
    ...numbers({
      size: textOf(file, "size"),
      // Version 0.2 of XEP-0446 has them apart.
      width: textOf(file, "width") || width,
      height: textOf(file, "height") || height,
    }),
    ...hashOf(file),
    ...(description === "" ? {} : { description }),
  };
}

function textOf(element: Element, name: string): string {
  const text = element.getChildren(name, element.getNS())[0]?.getText() ?? "";
  return shorten(cleanText(text).trim(), limits.statusCharsMax);
}

function numbers<K extends string>(texts: Record<K, string | undefined>): { [N in K]?: number } {
  const read = Object.entries<string | undefined>(texts).flatMap(([name, text = ""]) => {
    const number = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    return Number.isSafeInteger(number) ? [[name, number] as const] : [];
  });
  return Object.fromEntries(read) as { [N in K]?: number };
}

/** One hash is enough: the best that was given. */
function hashOf(file: Element): { hash?: string } {
  const given = file.getChildren("hash").filter((hash) => hashNamespace.test(hash.getNS() ?? ""));
  for (const algorithm of hashes) {
    const hash = given.find(({ attrs }) => attrs["algo"] === algorithm);
    // XEP-0300 §3: base64, in which blanks count for nothing.
    const value = hash?.getText().replaceAll(/\s/g, "") ?? "";
    if (/^[A-Za-z0-9+/]{20,172}={0,2}$/.test(value)) return { hash: `${algorithm}:${value}` };
  }
  return {};
}

/**
 * XEP-0446 §3: a name and no path; nor does it turn the direction of what follows, as names do that hide what they
 * are.
 */
function fileName(text: string): string {
  const last = text.split(/[/\\]/).at(-1) ?? "";
  const name = shorten(
    last.replaceAll(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, "").trim(),
    limits.nameCharsMax,
  );
  return /^\.{1,2}$/.test(name) ? "" : name;
}

/** With what the address tells of a file that was not described. */
export function withNames(file: Attachment): Attachment {
  const name = file.name ?? nameInUrl(file.url);
  const mediaType = file.mediaType ?? mediaTypeOf(name);
  return {
    ...file,
    ...(name === "" ? {} : { name }),
    ...(mediaType === undefined ? {} : { mediaType }),
  };
}

function nameInUrl(url: string): string {
  const { pathname } = new URL(url);
  const last = pathname.slice(pathname.lastIndexOf("/") + 1);
  try {
    const name = fileName(decodeURIComponent(last));
    return name.includes(".") ? cleanText(name) : "";
  } catch {
    // Percent signs that encode no text.
    return "";
  }
}
