/**
 * The strictness that ltx lacks: it takes unquoted junk inside tags, repeated attributes, stray ends, text after
 * the root, comments and unbound prefixes, each of which makes an XMPP server close the stream. This scan goes
 * through the text once, keeps no tree and does not recurse.
 */
import { unescapeXML } from "ltx";

/** Namespaces in XML §4, NCName. */
const nameStart =
  "A-Z_a-z\\u00c0-\\u00d6\\u00d8-\\u00f6\\u00f8-\\u02ff\\u0370-\\u037d\\u037f-\\u1fff\\u200c\\u200d\\u2070-\\u218f" +
  "\\u2c00-\\u2fef\\u3001-\\ud7ff\\uf900-\\ufdcf\\ufdf0-\\ufffd\\u{10000}-\\u{effff}";
const ncName = `[${nameStart}][${nameStart}\\-.0-9\\u00b7\\u0300-\\u036f\\u203f\\u2040]*`;
const name = `(?:${ncName}:)?${ncName}`;
const blank = "[ \\t\\r\\n]";

// Sticky, and none of them can match one text in two ways: so a scan takes linear time.
const textRun = /[^<]+/y;
const cdata = /<!\[CDATA\[[\s\S]*?\]\]>/y;
const endTag = new RegExp(`</(${name})${blank}*>`, "uy");
const tagStart = new RegExp(`<(${name})`, "uy");
const attribute = new RegExp(`${blank}+(${name})${blank}*=${blank}*(?:"([^"<]*)"|'([^'<]*)')`, "uy");
const tagEnd = new RegExp(`${blank}*(/?)>`, "y");

/** RFC 6120 §11.1: references to the predefined entities and to characters, no others. */
const badReference = /&(?!(?:amp|lt|gt|quot|apos|#[0-9]+|#x[0-9A-Fa-f]+);)/;
const notBlank = /[^ \t\r\n]/;

const xmlNamespace = "http://www.w3.org/XML/1998/namespace";
const xmlnsNamespace = "http://www.w3.org/2000/xmlns/";

/** An element whose end has not come: its name and the prefixes that it binds. */
interface OpenElement {
  readonly name: string;
  readonly bindings: ReadonlyMap<string, string>;
}

interface Attribute {
  readonly name: string;
  readonly value: string;
}

interface StartTag {
  readonly name: string;
  readonly attributes: readonly Attribute[];
  readonly empty: boolean;
  readonly length: number;
}

const noBindings: ReadonlyMap<string, string> = new Map();

/**
 * Why a text is not one well-formed, namespace-well-formed element as RFC 6120 §11 restricts XML; undefined where
 * it is one. The text must hold legal characters only. Throws where a namespace holds a reference to an illegal
 * character, as ltx does.
 */
export function findXmlFault(xml: string, depthMax: number): string | undefined {
  const open: OpenElement[] = [];
  let rootSeen = false;
  let at = 0;
  while (at < xml.length) {
    const inside = open.length > 0;
    const text = matchAt(textRun, xml, at)?.[0] ?? (inside ? matchAt(cdata, xml, at)?.[0] : undefined);
    if (text !== undefined) {
      const fault = text.startsWith("<") ? undefined : findTextFault(text, inside);
      if (fault !== undefined) return fault;
      at += text.length;
      continue;
    }
    const end = matchAt(endTag, xml, at);
    if (end) {
      if (open.pop()?.name !== end[1]) return "an end tag does not match";
      at += end[0].length;
      continue;
    }
    const start = readStartTag(xml, at);
    if (!start) return "a tag, comment, instruction or declaration that is not allowed";
    if (!inside && rootSeen) return "more than one root element";
    if (open.length >= depthMax) return `elements nested deeper than ${depthMax}`;
    rootSeen = true;
    const bindings = findBindings(start.attributes);
    const fault = findNamespaceFault(start, bindings, open);
    if (fault !== undefined) return fault;
    if (!start.empty) open.push({ name: start.name, bindings });
    at += start.length;
  }
  return rootSeen && open.length === 0 ? undefined : "the element is not complete";
}

function findTextFault(text: string, inside: boolean): string | undefined {
  if (!inside) return notBlank.test(text) ? "text outside the root element" : undefined;
  // XML 1.0 §2.4: `]]>` may end a CDATA section only.
  return badReference.test(text) || text.includes("]]>")
    ? "an illegal reference or `]]>` in text"
    : undefined;
}

function readStartTag(xml: string, from: number): StartTag | undefined {
  const start = matchAt(tagStart, xml, from);
  if (!start) return undefined;
  let at = from + start[0].length;
  const attributes: Attribute[] = [];
  for (let next = matchAt(attribute, xml, at); next; next = matchAt(attribute, xml, at)) {
    attributes.push({ name: next[1] ?? "", value: next[2] ?? next[3] ?? "" });
    at += next[0].length;
  }
  const end = matchAt(tagEnd, xml, at);
  if (!end) return undefined;
  const length = at + end[0].length - from;
  return { name: start[1] ?? "", attributes, empty: end[1] === "/", length };
}

function findBindings(attributes: readonly Attribute[]): ReadonlyMap<string, string> {
  const declarations = attributes.filter((each) => each.name.startsWith("xmlns:"));
  return declarations.length === 0
    ? noBindings
    : new Map(declarations.map((each) => [each.name.slice("xmlns:".length), unescapeXML(each.value)]));
}

/** Namespaces in XML §3, §5 and §6.3: reserved names, unbound prefixes, attributes given twice. */
function findNamespaceFault(
  tag: StartTag,
  bindings: ReadonlyMap<string, string>,
  open: readonly OpenElement[],
): string | undefined {
  const lookUp = (prefix: string): string | undefined => {
    if (prefix === "xml") return xmlNamespace;
    return bindings.get(prefix) ?? open.findLast((each) => each.bindings.has(prefix))?.bindings.get(prefix);
  };
  for (const [prefix, uri] of bindings) {
    const reserved = prefix === "xml" || prefix === "xmlns" || uri === xmlNamespace || uri === xmlnsNamespace;
    if (reserved || uri === "") return "a reserved or empty namespace declaration";
  }
  const elementPrefix = prefixOf(tag.name);
  if (elementPrefix !== "" && lookUp(elementPrefix) === undefined) return "an unbound prefix";
  const seen = new Set<string>();
  for (const { name, value } of tag.attributes) {
    if (badReference.test(value)) return "an illegal reference in an attribute";
    if (name === "xmlns" && [xmlNamespace, xmlnsNamespace].includes(unescapeXML(value))) {
      return "a reserved or empty namespace declaration";
    }
    const prefix = prefixOf(name);
    const qualified = prefix !== "" && prefix !== "xmlns";
    const uri = qualified ? lookUp(prefix) : undefined;
    if (qualified && uri === undefined) return "an unbound prefix";
    // A blank cannot be part of a name: so the two kinds of keys never meet.
    const key = uri === undefined ? name : `${uri} ${name.slice(prefix.length + 1)}`;
    if (seen.has(key)) return "an attribute is given twice";
    seen.add(key);
  }
  return undefined;
}

function prefixOf(qualifiedName: string): string {
  return qualifiedName.slice(0, Math.max(0, qualifiedName.indexOf(":")));
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}
