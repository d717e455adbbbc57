/**
 * Entity capabilities (XEP-0115 1.6.0): presence carries a hash of what its sender says of itself in service
 * discovery, so that whoever has seen the hash before need not ask.
 */
import type { Element } from "ltx";
import { limits } from "../limits.ts";
import { childOf, element, ns } from "./stanza.ts";

/** XEP-0030 §3.1 */
export interface Identity {
  readonly category: string;
  readonly type: string;
  readonly lang?: string;
  readonly name?: string;
}

/** Extended information (XEP-0128): a data form, by its FORM_TYPE. */
export interface InfoForm {
  readonly formType: string;
  /** The other fields; each name once. */
  readonly fields: readonly { readonly name: string; readonly values: readonly string[] }[];
}

/** What an entity says of itself in service discovery. */
export interface DiscoInfo {
  readonly identities: readonly Identity[];
  readonly features: readonly string[];
  readonly forms: readonly InfoForm[];
}

/** The hash functions that are read, with the length of their digests in base64. XEP-0115 §5: the first is a must. */
const verChars = { "sha-1": 28, "sha-256": 44, "sha-512": 88 } as const;
export type CapsHash = keyof typeof verChars;

/** What a presence says of the capabilities of its sender. */
export interface Caps {
  readonly hash: CapsHash;
  /** A URI that names the software. */
  readonly node: string;
  /** The verification string. */
  readonly ver: string;
}

/** The child of a presence (XEP-0115 §4). */
export function capsElement({ hash, node, ver }: Caps): Element {
  return element("c", { xmlns: ns.caps, hash, node, ver });
}

/**
 * The capabilities that a presence bears; undefined for none, for the legacy kind without a hash, for a hash
 * function that we do not know, and for what can be no digest.
 */
export function readCaps(presence: Element): Caps | undefined {
  const { hash, node = "", ver = "" } = childOf(presence, "c", ns.caps)?.attrs ?? {};
  if (!isCapsHash(hash) || node === "" || node.length > limits.capsNodeCharsMax) return undefined;
  return isVer(hash, ver) ? { hash, node, ver } : undefined;
}

/** Whether the text names a hash function that is read. */
export function isCapsHash(name: unknown): name is CapsHash {
  return typeof name === "string" && Object.hasOwn(verChars, name);
}

/** Whether the text can be a digest of that hash function. */
export function isVer(hash: CapsHash, ver: string): boolean {
  return ver.length === verChars[hash] && /^[A-Za-z0-9+/]+={1,2}$/.test(ver);
}

/** XEP-0115 §6.2: the node of service discovery at which the capabilities are asked for. */
export function nodeOf({ node, ver }: Caps): string {
  return `${node}#${ver}`;
}

/** What is hashed (XEP-0115 §5.1), as text; its UTF-8 is what the hash function takes. */
export function verificationText({ identities, features, forms }: DiscoInfo): string {
  const names = identities
    .map(({ category, type, lang = "", name = "" }) => [category, type, lang, name])
    .sort(compareLists)
    .map((parts) => parts.join("/"));
  const extended = [...forms]
    .sort((a, b) => compareOctets(a.formType, b.formType))
    .flatMap(({ formType, fields }) => [
      formType,
      ...[...fields]
        .sort((a, b) => compareOctets(a.name, b.name))
        .flatMap(({ name, values }) => [name, ...[...values].sort(compareOctets)]),
    ]);
  const factors = [...names, ...[...features].sort(compareOctets), ...extended];
  // XEP-0115 §5.1: an escaped "<" stays escaped, or it could pass for the end of a factor.
  return factors.map((factor) => `${factor.replaceAll("<", "&lt;")}<`).join("");
}

/** RFC 4790 §9.3 (i;octet): texts sort as their UTF-8 does, in which surrogate pairs come after all else. */
function compareOctets(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  let at = 0;
  while (at < length && a.charCodeAt(at) === b.charCodeAt(at)) at += 1;
  return at === length ? a.length - b.length : rankOf(a.charCodeAt(at)) - rankOf(b.charCodeAt(at));
}

const isSurrogate = (unit: number) => unit >= 0xd800 && unit <= 0xdfff;
const rankOf = (unit: number) => (isSurrogate(unit) ? unit + 0x10000 : unit);

function compareLists(a: readonly string[], b: readonly string[]): number {
  for (const [index, part] of a.entries()) {
    const difference = compareOctets(part, b[index] ?? "");
    if (difference !== 0) return difference;
  }
  return 0;
}

/** A disco#info `query` as its entity describes itself, with the node that was asked for (XEP-0030 §3.2). */
export function infoElement({ identities, features, forms }: DiscoInfo, node?: string): Element {
  return element(
    "query",
    { xmlns: ns.discoInfo, node },
    ...identities.map(({ category, type, lang, name }) =>
      element("identity", { category, type, "xml:lang": lang, name }),
    ),
    ...features.map((feature) => element("feature", { var: feature })),
    ...forms.map(formElement),
  );
}

function formElement({ formType, fields }: InfoForm): Element {
  const fieldOf = (name: string, values: readonly string[], type?: string) =>
    element("field", { var: name, type }, ...values.map((value) => element("value", {}, value)));
  return element(
    "x",
    { xmlns: ns.dataForms, type: "result" },
    // XEP-0068 §3.1
    fieldOf("FORM_TYPE", [formType], "hidden"),
    ...fields.map(({ name, values }) => fieldOf(name, values)),
  );
}

/** Reads a disco#info `query`; undefined for what XEP-0115 §5.4 calls ill-formed, and for more than anybody says. */
export function readInfo(query: Element): DiscoInfo | undefined {
  const identities = query.getChildren("identity").map(readIdentity);
  const features = query.getChildren("feature").map((feature) => feature.attrs["var"] ?? "");
  const read = query.getChildren("x", ns.dataForms).map(readForm);
  if (read.includes("ill-formed")) return undefined;
  const forms = read.filter((form) => typeof form === "object");
  const values = forms.flatMap((form) => form.fields.flatMap((field) => ["", ...field.values]));
  if (identities.length + features.length + forms.length + values.length > limits.discoFactorsMax) {
    return undefined;
  }
  const distinct =
    isDistinct(identities.map((identity) => JSON.stringify(identity))) &&
    isDistinct(features) &&
    isDistinct(forms.map(({ formType }) => formType));
  return distinct ? { identities, features, forms } : undefined;
}

function readIdentity({ attrs }: Element): Identity {
  const { category = "", type = "", "xml:lang": lang, name } = attrs;
  return { category, type, ...(lang === undefined ? {} : { lang }), ...(name === undefined ? {} : { name }) };
}

/** XEP-0115 §5.4: a form without a hidden FORM_TYPE does not count. */
function readForm(form: Element): InfoForm | "ignored" | "ill-formed" {
  const fields = form.getChildren("field").map((field) => ({
    name: field.attrs["var"] ?? "",
    type: field.attrs["type"],
    values: field.getChildren("value").map((value) => value.getText()),
  }));
  const formType = fields.find(({ name }) => name === "FORM_TYPE");
  const [first, ...more] = formType?.values ?? [];
  if (formType?.type !== "hidden" || first === undefined) return "ignored";
  if (more.some((value) => value !== first)) return "ill-formed";
  const others = fields.filter((field) => field !== formType);
  return { formType: first, fields: others.map(({ name, values }) => ({ name, values })) };
}

function isDistinct(texts: readonly string[]): boolean {
  return new Set(texts).size === texts.length;
}
