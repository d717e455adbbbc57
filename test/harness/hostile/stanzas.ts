/** Stanzas that nobody sends in good faith: those of the field, changed; and some that are extreme. */
import { Element } from "ltx";
import { limits } from "#core/limits.ts";
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

const open = `<message from="${contact}/phone" to="${ghost}" type="chat" id="x">`;
const message = (children: string) => `${open}${children}</message>`;
const many = (count: number, make: (index: number) => string) =>
  Array.from({ length: count }, (_, n) => make(n)).join("");
/** As large as a stanza may be. */
const full = (unit: string) =>
  unit.repeat(Math.floor((limits.stanzaInBytesMax - 500) / Buffer.byteLength(unit)));

/** Stanzas at and far beyond the limits, by what they are. */
export function extremes(): ReadonlyMap<string, string> {
  const { stanzaPartsMax: parts, stanzaDepthMax: depth } = limits;
  const repeated: Record<string, string> = {
    fallback:
      '<fallback xmlns="urn:xmpp:fallback:0" for="urn:xmpp:reply:0"><body start="0" end="1"/></fallback>',
    link: '<x xmlns="jabber:x:oob"><url>https://a.example/b</url></x>',
    delay: '<delay xmlns="urn:xmpp:delay" stamp="2026-01-01T00:00:00Z"/>',
    reaction: '<reactions xmlns="urn:xmpp:reactions:0" id="m"><reaction>👍</reaction></reactions>',
    namespaced: '<a xmlns="urn:x"/>',
    empty: "<a/>",
  };
  const most = Object.entries(repeated).map(([name, unit]): [string, string] => {
    const inUnit = unit.split(/<[a-z]|="/).length - 1;
    return [`as many of ${name} as are let in`, message(unit.repeat(Math.floor((parts - 5) / inUnit)))];
  });
  const texts = [
    "a",
    "😀",
    "&amp;",
    "&gt; \n",
    "e\u0301",
    "\u0301",
    "🇹🇼",
    "https://a.example/b.jpg ",
    " ",
    "<![CDATA[x]]>",
    "&#13;",
  ].map((unit): [string, string] => [
    `a text full of ${JSON.stringify(unit)}`,
    message(`<body>${full(unit)}</body>`),
  ]);
  const ranges = `<reply xmlns="urn:xmpp:reply:0" id="a"/><fallback xmlns="urn:xmpp:fallback:0" for="urn:xmpp:reply:0">${'<body start="0" end="99999"/>'.repeat(parts / 4)}</fallback>`;
  return new Map([
    ...most,
    ...texts,
    ["10,000 levels", message("<a>".repeat(10_000) + "</a>".repeat(10_000))],
    [
      "10,000 levels of forwarding",
      message(
        '<forwarded xmlns="urn:xmpp:forward:0"><message>'.repeat(5_000) +
          "</message></forwarded>".repeat(5_000),
      ),
    ],
    [
      "all levels that are let in, and wide",
      message("<a>".repeat(depth - 2) + "<b/>".repeat(parts - depth - 5) + "</a>".repeat(depth - 2)),
    ],
    ["a million attributes", `${open.slice(0, -1)} ${many(1_000_000, (n) => `a${n}=""`)}/>`],
    ["as many attributes as are let in", `${open.slice(0, -1)} ${many(parts - 6, (n) => `a${n}=""`)}/>`],
    ["100,000 children", message("<a/>".repeat(100_000))],
    [
      "as many prefixes as are let in",
      `${open.slice(0, -1)} ${many(parts - 10, (n) => `xmlns:p${n}="u"`)}><p1:body/></message>`,
    ],
    ["one range over another", message(`<body>${"x".repeat(100_000)}</body>${ranges}`)],
    [
      "a reaction of many emojis",
      message(
        `<reactions xmlns="urn:xmpp:reactions:0" id="m">${many(parts / 2, (n) => `<reaction>${n}</reaction>`)}</reactions>`,
      ),
    ],
    ["an address of half a megabyte", message(`<body>https://${full("a")}.jpg</body>`)],
    [
      "an id of half a megabyte",
      `<message from="${contact}/p" to="${ghost}" id="${full("cw:%41")}"><body>x</body></message>`,
    ],
    ["a name of half a megabyte", message(`<${full("a")}/>`)],
    [
      "names that objects have",
      message('<__proto__ __proto__="x" constructor="y"><constructor xmlns="__proto__"/></__proto__>'),
    ],
    ["a prefix that is bound to nothing", message("<p:body>x</p:body>")],
    [
      "a prefix bound again and again",
      message(`${'<a xmlns:p="1">'.repeat(60)}<p:body/>${"</a>".repeat(60)}`),
    ],
    ["the namespace of XML taken away", message('<a xmlns:xml="urn:x"/>')],
    ["an attribute twice by two prefixes", message('<a xmlns:p="u" xmlns:q="u" p:x="1" q:x="2"/>')],
    ["an entity in an entity", `<!DOCTYPE m [<!ENTITY a "b">]>${message("<body>&a;</body>")}`],
  ]);
}
