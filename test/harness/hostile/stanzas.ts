/** Stanzas that nobody sends in good faith: those of the field, changed. */
import { Element } from "ltx";
import { parseStanza, serializeStanza } from "#core/xmpp/codec.ts";
import { corpus } from "#test/fixtures/corpus.ts";
import type { Random } from "./random.ts";
import { knownAttributes, knownNames, knownNamespaces, longTexts, nastyNames, nastyTexts } from "./values.ts";

const contact = "alice@example.org";
const ghost = "nina@im.example.com";

function seedOf(attrs: string, children: string): Element {
  const read = parseStanza(
    `<message from="${contact}/phone" to="${ghost}" ${attrs.replace(/from="[^"]*"/, "")}>${children}</message>`,
  );
  if (!read.ok) throw new Error(read.error);
  return read.value;
}

const seeds: readonly Element[] = corpus.map(({ attrs, children }) => seedOf(attrs, children));

function copy(element: Element): Element {
  const made = new Element(element.name, { ...element.attrs });
  for (const child of element.children) made.append(typeof child === "string" ? child : copy(child));
  return made;
}

function all(element: Element): Element[] {
  return [element, ...element.getChildElements().flatMap(all)];
}

function text(random: Random): string {
  return random.oneIn(2000) ? random.pick(longTexts) : random.pick(nastyTexts);
}

/** Ways to change an element of a stanza. */
const changes: readonly ((random: Random, element: Element, stanza: Element) => void)[] = [
  (random, element) => {
    element.attrs[random.pick([...knownAttributes, ...nastyNames])] = text(random);
  },
  (random, element) => {
    const names = Object.keys(element.attrs);
    if (names.length > 0) element.attrs[random.pick(names)] = text(random);
  },
  (random, element, stanza) => {
    const names = Object.keys(element.attrs);
    // Nobody else can say who it is from and to: the server does.
    if (names.length > 0 && element !== stanza) delete element.attrs[random.pick(names)];
  },
  (random, element, stanza) => {
    if (element !== stanza) element.name = random.pick(random.oneIn(3) ? nastyNames : knownNames);
  },
  (random, element, stanza) => {
    if (element !== stanza) element.attrs["xmlns"] = random.pick(knownNamespaces);
  },
  (random, element) => {
    const graft = random.pick(all(random.pick(seeds)));
    element.append(copy(graft));
  },
  (random, element) => {
    const child = element.getChildElements()[0];
    const times = random.oneIn(500) ? 2000 : 1 + random.below(4);
    if (child !== undefined) for (let n = 0; n < times; n++) element.append(copy(child));
  },
  (random, element) => {
    element.children = [text(random)];
  },
  (random, element) => {
    element.append(text(random));
  },
  (random, element) => {
    if (element.children.length > 0) element.children.splice(random.below(element.children.length), 1);
  },
  (random, element) => {
    element.append(new Element(random.pick(knownNames), { xmlns: random.pick(knownNamespaces) }));
  },
  (_random, element) => {
    element.children.reverse();
  },
  (random, element, stanza) => {
    // A stanza inside itself, as forwards and carbons have it.
    if (element === stanza) return;
    element.children = [copy(stanza)];
    element.attrs["xmlns"] = random.pick(["urn:xmpp:forward:0", "urn:xmpp:carbons:2", "jabber:client"]);
  },
  (random, _element, stanza) => {
    stanza.attrs["type"] = random.pick(["error", "chat", "groupchat", "headline", "normal", "odd", ""]);
  },
  (random, _element, stanza) => {
    const [start, end] = [text(random), text(random)];
    const range = new Element("body", random.oneIn(3) ? { start } : { start, end });
    const mark = new Element("fallback", {
      xmlns: random.pick(["urn:xmpp:fallback:0", "urn:xmpp:feature-fallback:0"]),
      for: random.pick(knownNamespaces),
    });
    mark.append(range);
    stanza.append(mark);
  },
];

/** Text changed as text: what comes out is seldom XML any more. */
function scramble(random: Random, xml: string): string {
  const at = random.below(xml.length + 1);
  const span = xml.slice(at, at + random.below(40));
  const junk = random.pick([
    text(random),
    "\0",
    "\u0001",
    "\ufffe",
    "\ud800",
    "<",
    ">",
    "&",
    '"',
    "<!--",
    "<?x?>",
    span,
    "",
  ]);
  return xml.slice(0, at) + junk + xml.slice(at + (random.oneIn(2) ? span.length : 0));
}

/** One stanza after the other, as text. */
export function nextStanza(random: Random): string {
  const stanza = copy(random.pick(seeds));
  for (let n = random.below(6); n >= 0; n--) random.pick(changes)(random, random.pick(all(stanza)), stanza);
  const xml = serializeStanza(stanza);
  return random.oneIn(8) ? scramble(random, xml) : xml;
}
