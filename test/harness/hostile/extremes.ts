/** Stanzas at and far beyond the limits. */
import { Buffer } from "node:buffer";
import { limits } from "#core/limits.ts";

const { stanzaPartsMax: parts, stanzaDepthMax: depth, stanzaInBytesMax: bytes } = limits;
const addresses = 'from="alice@example.org/phone" to="nina@im.example.com"';
const open = `<message ${addresses} type="chat" id="x">`;
const message = (children: string) => `${open}${children}</message>`;
const many = (count: number, make: (index: number) => string) =>
  Array.from({ length: count }, (_, n) => make(n)).join("");
/** As large as a stanza may be. */
const full = (unit: string) => unit.repeat(Math.floor((bytes - 500) / Buffer.byteLength(unit)));
const within = (tag: string, times: number, inside = "") =>
  `${`<${tag}>`.repeat(times)}${inside}${`</${tag.split(" ")[0]}>`.repeat(times)}`;

type Named = readonly (readonly [string, string])[];

/** Of what the translation looks for, as many as are let in. */
const repeated: Named = [
  '<fallback xmlns="urn:xmpp:fallback:0" for="urn:xmpp:reply:0"><body start="0" end="1"/></fallback>',
  '<x xmlns="jabber:x:oob"><url>https://a.example/b</url></x>',
  '<delay xmlns="urn:xmpp:delay" stamp="2026-01-01T00:00:00Z"/>',
  '<reactions xmlns="urn:xmpp:reactions:0" id="m"><reaction>👍</reaction></reactions>',
  '<a xmlns="urn:x"/>',
  "<a/>",
].map((unit) => {
  const inUnit = unit.split(/<[a-z]|="/).length - 1;
  return [`many of ${unit}`, message(unit.repeat(Math.floor((parts - 5) / inUnit)))] as const;
});

const texts: Named = [
  ...["a", "😀", "&amp;", "&gt; \n", "e\u0301", "\u0301", "🇹🇼", " ", "&#13;", "<![CDATA[x]]>"],
  "https://a.example/b.jpg ",
].map((unit) => [`a text full of ${JSON.stringify(unit)}`, message(`<body>${full(unit)}</body>`)] as const);

const ranges = '<body start="0" end="99999"/>'.repeat(parts / 4);
const large: Named = [
  ["a million attributes", `${open.slice(0, -1)} ${many(1_000_000, (n) => `a${n}="" `)}/>`],
  ["all attributes that are let in", `${open.slice(0, -1)} ${many(parts - 6, (n) => `a${n}="" `)}/>`],
  ["100,000 children", message("<a/>".repeat(100_000))],
  [
    "all prefixes that are let in",
    `${open.slice(0, -1)} ${many(parts - 10, (n) => `xmlns:p${n}="u" `)}><p1:body/></message>`,
  ],
  [
    "one range over another",
    message(
      `<body>${"x".repeat(100_000)}</body><reply xmlns="urn:xmpp:reply:0" id="a"/>` +
        `<fallback xmlns="urn:xmpp:fallback:0" for="urn:xmpp:reply:0">${ranges}</fallback>`,
    ),
  ],
  [
    "many different reactions",
    message(
      `<reactions xmlns="urn:xmpp:reactions:0" id="m">${many(parts / 2, (n) => `<reaction>${n}</reaction>`)}</reactions>`,
    ),
  ],
  ["a long address", message(`<body>https://${full("a")}.jpg</body>`)],
  ["a long id", `<message ${addresses} id="${full("cw:%41")}"><body>x</body></message>`],
  ["a long id of letters that envelopes escape", `<message ${addresses} id="${full("я")}"/>`],
  ["a long name", message(`<${full("a")}/>`)],
];

const deep: Named = [
  ["10,000 levels", message(within("a", 10_000))],
  ["10,000 levels of forwarding", message(within('forwarded xmlns="urn:xmpp:forward:0"', 10_000))],
  ["one level too many", message(within("a", depth))],
  ["an empty element one level too deep", message(within("a", depth - 1, "<b/>"))],
  ["all levels that are let in, and wide", message(within("a", depth - 2, "<b/>".repeat(parts - depth - 5)))],
  ["a prefix bound again and again", message(within('a xmlns:p="1"', depth - 2, "<p:body/>"))],
];

const tricks: Named = [
  [
    "names that objects have",
    message('<__proto__ __proto__="x" constructor="y"><constructor xmlns="__proto__"/></__proto__>'),
  ],
  ["a prefix that is bound to nothing", message("<p:body>x</p:body>")],
  ["the namespace of XML taken away", message('<a xmlns:xml="urn:x"/>')],
  ["an attribute twice by two prefixes", message('<a xmlns:p="u" xmlns:q="u" p:x="1" q:x="2"/>')],
  ...[
    '<a xmlns:p=""/>',
    '<a xmlns:xmlns="urn:x"/>',
    '<a xmlns:p="http://www.w3.org/2000/xmlns/"/>',
    '<a xmlns="http://www.w3.org/2000/xmlns/"/>',
    '<a xmlns:p="http://www.w3.org/XML/1998/namespace"/>',
    '<a xmlns="http://www.w3.org/XML/1998/namespace"/>',
    '<p:q:a xmlns:p="u"/>',
    '<a p:q:b="" xmlns:p="u"/>',
    "<:a/>",
    '<a :b=""/>',
    '<p: xmlns:p="u"/>',
    "<xml:a/>",
    "<xmlns:a/>",
    '<a xml:b="" xml:lang="" xml:space="x" xml:id=" "/>',
    '<a b="\t\n&#9;&#10;&#13;"/>',
    "<a\u00b7\u0300\u203f/>",
    "<\u{10000}/>",
    '<a xmlns="&lt;&quot;&amp;"/>',
    '<a xmlns=" "/>',
    "<!-- a -->",
    "<?a b?>",
    "a]]>b",
    "&#0;",
    "&#xfffe;",
    "&#xd800;",
  ].map((inside) => [`in a message: ${inside}`, message(inside)] as const),
  ["an entity in an entity", `<!DOCTYPE m [<!ENTITY a "b">]>${message("<body>&a;</body>")}`],
];

/** By what they are. */
export const extremes: ReadonlyMap<string, string> = new Map([
  ...repeated,
  ...texts,
  ...large,
  ...deep,
  ...tricks,
]);
