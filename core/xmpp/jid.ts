/**
 * XMPP addresses (RFC 7622), parsed once at the edge and compared as prepared text ever after.
 *
 * No PRECIS library is kept alive, so preparation is the part of it on which servers that still apply nodeprep
 * and servers that apply RFC 7622 agree; what arrives was prepared by its own server already.
 */
import { domainToUnicode } from "node:url";
import { limits } from "../limits.ts";
import { err, ok, type Result } from "../result.ts";
import { isLonger } from "./utf8.ts";

declare const brand: unique symbol;
/** `local@domain` or `domain`, prepared. */
export type BareJid = string & { readonly [brand]: "BareJid" };

/** An address in its parts, all prepared; `local` and `resource` are "" where absent. */
export interface Jid {
  readonly local: string;
  readonly domain: string;
  readonly resource: string;
  readonly bare: BareJid;
}

/** RFC 7622 §3.3.1, and what neither nodeprep nor PRECIS lets into a localpart: blanks, the unprintable, the invisible. */
const refusedInLocal = /["&'/:<>@\p{Z}\p{Cc}\p{Cf}\p{Cs}\p{NChar}\p{DI}]/u;
/** RFC 7622 §3.4.1 (OpaqueString refuses controls), and what no text may hold. */
const refusedInResource = /[\p{Cc}\p{Cs}\p{NChar}\p{Zl}\p{Zp}]/u;
/** What UTS #46 may leave or make that no host name has: every ASCII character but letters, digits, `-`, `_` and dots. */
const refusedInDomain = /[^a-z0-9._\-\u0080-\u{10ffff}]|[\p{Cs}\p{NChar}]/u;
/** Domains that preparation leaves as they are; most are such, and the tables of UTS #46 are slow. */
const preparedAlready = /^(?!.*xn--)[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/;
/** ASCII without A-labels: lower case is all that UTS #46 would make of it. */
const plainAscii = /^(?!.*xn--)[\0-\x7f]*$/i;
/** Longest text worth looking at: three parts and two separators, counted in characters, which are never more than the bytes. */
const jidCharsMax = 3 * limits.jidPartBytesMax + 2;

/**
 * Reads an address of any form, as RFC 7622 §3.2 takes it apart: the resource follows the first slash, the
 * localpart precedes the first `@` of the rest. Never throws, whatever the text.
 */
export function parseJid(text: string): Result<Jid, string> {
  if (text.length > jidCharsMax) return err("the address is too long");
  const slash = text.indexOf("/");
  const rest = slash < 0 ? text : text.slice(0, slash);
  const at = rest.indexOf("@");
  const local = at < 0 ? ok("") : prepareLocal(rest.slice(0, at));
  if (!local.ok) return local;
  const domain = prepareDomain(rest.slice(at + 1));
  if (!domain.ok) return domain;
  const resource = slash < 0 ? ok("") : prepareResource(text.slice(slash + 1));
  if (!resource.ok) return resource;
  return ok({
    local: local.value,
    domain: domain.value,
    resource: resource.value,
    bare: joinBare(local.value, domain.value),
  });
}

/** Reads an address without a resource; one with a resource is refused. */
export function parseBareJid(text: string): Result<BareJid, string> {
  if (text.includes("/")) return err("the address has a resource, a bare address is expected");
  const jid = parseJid(text);
  return jid.ok ? ok(jid.value.bare) : jid;
}

/** Puts a bare address together from its parts; an empty `local` gives the address of the domain itself. */
export function makeBareJid(local: string, domain: string): Result<BareJid, string> {
  const preparedLocal = local === "" ? ok("") : prepareLocal(local);
  if (!preparedLocal.ok) return preparedLocal;
  const preparedDomain = prepareDomain(domain);
  return preparedDomain.ok ? ok(joinBare(preparedLocal.value, preparedDomain.value)) : preparedDomain;
}

/** The localpart, "" for the address of a domain. */
export function localpartOf(jid: BareJid): string {
  return jid.slice(0, Math.max(0, jid.indexOf("@")));
}

/** The domain, as {@link prepareDomain} left it. */
export function domainOf(jid: BareJid): string {
  return jid.slice(jid.indexOf("@") + 1);
}

/**
 * The form in which domains are compared: U-labels (UTS #46), lower case, without the final dot (RFC 7622 §3.2). IP
 * addresses are domains too; one in brackets comes back in its shortest form.
 */
export function prepareDomain(text: string): Result<string, string> {
  if (text === "") return err("the address has no domain");
  if (text.length > limits.jidPartBytesMax) return err("the domain is too long");
  if (preparedAlready.test(text)) return ok(text);
  if (text.startsWith("[")) return prepareIpv6(text);
  const unicode = plainAscii.test(text) ? text.toLowerCase() : uLabels(text);
  const name = unicode.endsWith(".") ? unicode.slice(0, -1) : unicode;
  if (name === "" || refusedInDomain.test(name)) {
    return err("the domain holds a character that no domain may hold");
  }
  if (name.split(".").includes("")) return err("the domain has an empty label");
  return withinLimit("domain", name);
}

/** UTS #46, by Node's own tables; "" for what is no domain. */
function uLabels(text: string): string {
  // The function reads a host as a URL has it: what only a URL has must not reach it.
  if (refusedInDomain.test(text.toLowerCase())) return "";
  const unicode = domainToUnicode(text);
  // Digits of other scripts would become an IPv4 address that nobody wrote; an A-label that stays stands for nothing.
  return /^[\d.]*$|(?:^|\.)xn--/.test(unicode) ? "" : unicode;
}

function prepareIpv6(text: string): Result<string, string> {
  const url = `http://${text}/`;
  // The pattern keeps out ports, paths and zones, which the URL would take.
  return /^\[[0-9A-Fa-f:.]+\]$/.test(text) && URL.canParse(url)
    ? ok(new URL(url).hostname)
    : err("the domain is no IPv6 address");
}

function prepareLocal(text: string): Result<string, string> {
  if (text === "") return err("the localpart is empty");
  // NFKC and lower case, as nodeprep (RFC 3920 appendix A) and RFC 7622 §3.3.1 do; again, for İ comes apart.
  const local = text.normalize("NFKC").toLowerCase().normalize("NFKC");
  if (refusedInLocal.test(local)) return err("the localpart holds a character that no localpart may hold");
  return withinLimit("localpart", local);
}

function prepareResource(text: string): Result<string, string> {
  if (text === "") return err("the resource is empty");
  // RFC 8265 §4.2.2 (OpaqueString): every blank becomes a plain one; no folding of case or width.
  const resource = text.replace(/\p{Zs}/gu, " ").normalize("NFC");
  if (refusedInResource.test(resource))
    return err("the resource holds a character that no resource may hold");
  return withinLimit("resource", resource);
}

function withinLimit(part: string, prepared: string): Result<string, string> {
  return isLonger(prepared, limits.jidPartBytesMax)
    ? err(`the ${part} is longer than ${limits.jidPartBytesMax} bytes`)
    : ok(prepared);
}

function joinBare(local: string, domain: string): BareJid {
  return (local === "" ? domain : `${local}@${domain}`) as BareJid;
}
