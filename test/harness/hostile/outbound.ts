/** Stanzas as a function with a fault of its own might put them on an outbound queue. */
import type { OutboundItem } from "#core/contract/envelope.ts";
import { limits } from "#core/limits.ts";
import type { Random } from "./random.ts";
import { nextStanza } from "./stanzas.ts";
import { nastyTexts } from "./values.ts";

/** Who says all this, unless what is hostile is the sender. */
const hostileUser = "hostile";

export interface HostileItem {
  readonly what: string;
  readonly item: Pick<OutboundItem, "xml"> & Partial<OutboundItem>;
}

const attribute = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");

/** The bridge's, and an account of its server, as tests have them. */
const domain = "im.localhost";
const to = "alice@localhost";
const from = `${hostileUser}@${domain}`;
const ours = `from="${from}"`;
const both = `${ours} to="${to}"`;
const availability = `<presence from="${from}/causeway"/>`;
const message = (attrs: string, inside = "<body>x</body>") => `<message ${attrs}>${inside}</message>`;
const inside = (children: string) => message(both, children);
const body = (text: string) => inside(`<body>${text}</body>`);
const template = (xml: string, ...recipients: string[]): HostileItem["item"] => ({ xml, recipients });

const senders: Record<string, string> = {
  "from nobody": message(`to="${to}"`),
  "from an empty address": message(`from="" to="${to}"`),
  "from another domain": message(`from="x@elsewhere.example" to="${to}"`),
  "from a subdomain of ours": message(`from="x@sub.${domain}" to="${to}"`),
  "from the server's domain": message(`from="${to.split("@")[1]}" to="${to}"`),
  "from a real account": message(`from="${to}" to="${to}"`),
  "from a domain that ends like ours": message(`from="x@x${domain}" to="${to}"`),
  "from a domain with a dot behind": message(`from="${from}." to="${to}"`),
  "from what is no JID": message(`from="@@" to="${to}"`),
  "from an address in capitals": message(`from="${from.toUpperCase()}" to="${to}"`),
  "from an address in wide letters": message(`from="ｈｏｓｔｉｌｅ@${domain}" to="${to}"`),
  "from a resource with blanks": message(`from="${from}/a  b" to="${to}"`),
  "from a resource of emojis": message(`from="${from}/👩‍👩‍👧‍👦" to="${to}"`),
  "from a resource that ends in a zero-width joiner": message(`from="${from}/a\u200d" to="${to}"`),
  "from a resource that turns the direction": message(`from="${from}/\u202eabc" to="${to}"`),
  "from a resource of two directions": message(`from="${from}/a\u05d0" to="${to}"`),
  "from a resource that is younger than Unicode 3.2": message(`from="${from}/\u{1fae0}" to="${to}"`),
  "from a private character": message(`from="${from}/\ue000" to="${to}"`),
  "from a noncharacter": message(`from="${from}/\ufdd0" to="${to}"`),
};
const recipients: Record<string, string> = {
  "to nobody": message(ours),
  "to an empty address": message(`${ours} to=""`),
  "to what is no JID": message(`${ours} to="@@"`),
  "to a resource alone": message(`${ours} to="/x"`),
  "to our own domain": message(`${ours} to="${domain}"`),
  "to a ghost": message(`${ours} to="${from}"`),
  "to a host that does not exist": message(`${ours} to="x@does-not-exist.invalid"`),
  "to an address with a blank": message(`${ours} to="a b@${to.split("@")[1]}"`),
  "to a domain of labels": message(`${ours} to="x@${"a.".repeat(120)}example"`),
  "to a domain with an underscore": message(`${ours} to="x@a_b.example"`),
  "to an address of IPv6": message(`${ours} to="x@[::1]"`),
  "to a domain in Cyrillic": message(`${ours} to="x@пример.рф"`),
  "to a localpart of 1023 bytes": message(`${ours} to="${"x".repeat(1023)}@localhost"`),
  "to a localpart of 1024 bytes": message(`${ours} to="${"x".repeat(1024)}@localhost"`),
  "to a localpart that is younger than Unicode 3.2": message(`${ours} to="\u{1fae0}@localhost"`),
};
const markup: Record<string, string> = {
  nothing: "",
  text: "Hello",
  blanks: " \n ",
  JSON: '{"message":1}',
  "a fragment": `<message ${both}><body>x`,
  "an opening tag": `<message ${both}>`,
  "a closing tag": "</message>",
  "two stanzas": body("1") + body("2"),
  "text behind a stanza": `${body("1")}x`,
  "a declaration before a stanza": `<?xml version="1.0"?>${body("1")}`,
  "the stream's opening tag": `<stream:stream xmlns:stream="http://etherx.jabber.org/streams" xmlns="jabber:component:accept" to="${domain}">`,
  "the stream's closing tag": "</stream:stream>",
  "a stanza and the end of the stream": `${body("1")}</stream:stream>`,
  "a stream error":
    '<stream:error xmlns:stream="http://etherx.jabber.org/streams"><conflict/></stream:error>',
  "a handshake": `<handshake ${both}/>`,
  "another element": `<x ${both}/>`,
  "a message with a prefix": `<x:message xmlns:x="jabber:client" ${both}/>`,
  "a message in capitals": `<MESSAGE ${both}/>`,
  "a stanza of another namespace": message(`xmlns="urn:example:x" ${both}`),
  "a stanza of no namespace": message(`xmlns="" ${both}`),
  "a stanza of the servers' namespace": message(`xmlns="jabber:server" ${both}`),
  "a stanza of the clients' namespace": message(`xmlns="jabber:client" ${both}`),
  "a stream inside a stanza": inside('<stream xmlns="http://etherx.jabber.org/streams"/>'),
  "an error of streams inside a stanza": inside('<error xmlns="http://etherx.jabber.org/streams"/>'),
  "a stanza inside a stanza": inside(message(`xmlns="jabber:client" ${both}`)),
  "a comment": inside("<!-- x -->"),
  "an instruction": inside("<?x y?>"),
  "a document type": `<!DOCTYPE message [<!ENTITY a "b">]>${body("&a;")}`,
  "a section of CDATA": body("<![CDATA[<a>&b;]]>"),
  "a section of CDATA without an end": body("<![CDATA[x"),
  "the end of CDATA as text": body("]]>"),
  "an entity that nobody defined": body("&nbsp;"),
  "an ampersand": body("a & b"),
  "a less-than sign": body("a < b"),
  "a duplicate attribute": message(`${both} id="a" id="b"`),
  "an attribute without quotes": `<message ${both} id=a/>`,
  "an attribute without a value": `<message ${both} id/>`,
  "a less-than sign in an attribute": message(`${both} id="<"`),
  "a NUL": body("\0"),
  "a NUL as a reference": body("&#0;"),
  "a control character": body("\u0001"),
  "a control character as a reference": body("&#1;"),
  "a control character in an attribute": message(`${both} id="&#x1f;"`),
  "a lone surrogate": body("\ud800"),
  "a lone surrogate in an attribute": message(`${both} id="\udc00"`),
  "a surrogate as a reference": body("&#xd800;"),
  "U+FFFE": body("\ufffe"),
  "U+FFFF as a reference": body("&#xffff;"),
  "a character beyond Unicode": body("&#x110000;"),
  "a noncharacter that XML allows": body("\ufdd0\u{1fffe}\u{10ffff}"),
  "C1 controls, which XML allows": body("\u0080\u0085\u009f\u2028"),
  "signs that turn the direction": body("\u202e\u2066\u200f"),
  "a byte order mark": `\ufeff${body("x")}`,
  "carriage returns, tabs and line feeds": message(
    `${both} id="a&#13;&#10;&#9;b"`,
    "<body>\r\n&#13;\t</body>",
  ),
};
const names: Record<string, string> = {
  "a prefix that nobody bound": inside("<x:y/>"),
  "an attribute's prefix that nobody bound": inside('<y x:z="1"/>'),
  "a prefix that is bound to nothing": inside('<y xmlns:x=""/>'),
  "the prefix of XML bound to something else": inside('<y xmlns:xml="urn:x"/>'),
  "the namespace of XML as the default": inside('<y xmlns="http://www.w3.org/XML/1998/namespace"/>'),
  "the namespace of XML by another prefix": inside('<y xmlns:x="http://www.w3.org/XML/1998/namespace"/>'),
  "the namespace of namespaces": inside('<y xmlns="http://www.w3.org/2000/xmlns/"/>'),
  "the prefix of namespaces bound": inside('<y xmlns:xmlns="urn:x"/>'),
  "an element of that prefix": inside("<xmlns:y/>"),
  "a prefix of xml": inside('<y xml:lang="" xml:space="odd" xml:x="1"/>'),
  "an attribute twice by two prefixes": inside('<y xmlns:p="u" xmlns:q="u" p:x="1" q:x="2"/>'),
  "a line feed in a namespace": inside('<y xmlns="a&#10;b"/>'),
  "a bar in a namespace": inside('<y xmlns="a|b" xmlns:p="c|d" p:e="1"/>'),
  "a blank in a namespace": inside('<y xmlns="a b"/>'),
  "a namespace that is no URI": inside('<y xmlns="&lt;&gt;&amp;👍"/>'),
  "a long namespace": inside(`<y xmlns="${"u".repeat(60_000)}"/>`),
  "a name that is not ASCII": inside("<größe/>"),
  "a name of a newer alphabet": inside("<\u{1e900}/>"),
  "a name that begins with a digit": inside("<1/>"),
  "a name with two colons": inside('<a:b:c xmlns:a="u"/>'),
  "a name that ends in a colon": inside("<a:/>"),
  "a long name": inside(`<${"n".repeat(60_000)}/>`),
  "names that objects have": inside('<__proto__ constructor="x"><toString xmlns="__proto__"/></__proto__>'),
};
const sizes: Record<string, string> = {
  "as large as a stanza may be": body("x".repeat(limits.stanzaOutBytesMax - 200)),
  "larger than servers take": body("x".repeat(600 * 1024)),
  "larger once it is escaped": body("&gt;".repeat(limits.stanzaOutBytesMax / 4)),
  "larger in UTF-8": body("語".repeat(limits.stanzaOutBytesMax / 3 + 1)),
  "as deep as a stanza may be": inside(
    "<a>".repeat(limits.stanzaDepthMax - 2) + "</a>".repeat(limits.stanzaDepthMax - 2),
  ),
  "too deep": inside("<a>".repeat(5_000) + "</a>".repeat(5_000)),
  "many children": inside("<a/>".repeat(50_000)),
  "many attributes": inside(`<a ${Array.from({ length: 20_000 }, (_, n) => `a${n}=""`).join(" ")}/>`),
  "many prefixes": inside(`<a ${Array.from({ length: 5_000 }, (_, n) => `xmlns:p${n}="u${n}"`).join(" ")}/>`),
  "a long id": message(`${both} id="${"i".repeat(100_000)}"`),
  "a long id of what escapes": message(`${both} id="${attribute('"<&').repeat(20_000)}"`),
};
const kinds: Record<string, string> = {
  "a message of an odd type": message(`${both} type="odd"`),
  "a message of type error without an error": message(`${both} type="error"`),
  "a groupchat message to a person": message(`${both} type="groupchat"`),
  "a presence of an odd type": `<presence ${both} type="odd"/>`,
  "a presence of an odd show": `<presence ${both}><show>odd</show><priority>999</priority></presence>`,
  "an iq without a type": `<iq ${both} id="1"/>`,
  "an iq of an odd type": `<iq ${both} id="1" type="odd"><x xmlns="u"/></iq>`,
  "an iq without an id": `<iq ${both} type="result"/>`,
  "an iq without a child": `<iq ${both} id="1" type="set"/>`,
  "an iq with two children": `<iq ${both} id="1" type="get"><a xmlns="u"/><b xmlns="u"/></iq>`,
  "an iq's error without an error": `<iq ${both} id="1" type="error"/>`,
  "an iq's result to nobody's question": `<iq ${both} id="1" type="result"><x xmlns="u"/></iq>`,
  "an odd language": message(`${both} xml:lang="!!"`),
};
const templates: Readonly<Record<string, HostileItem["item"]>> = {
  "a template to what is no JID": template(availability, "@@"),
  "a template to one that is none among others": template(availability, to, "a b@c", to),
  "a template to a resource": template(availability, `${to}/x`),
  "a template to an empty address": template(availability, ""),
  "a template to nobody": template(availability),
  "a template that is no XML": template("<presence", to),
  "a template from another domain": template('<presence from="x@elsewhere.example"/>', to),
  "a template that is no stanza": template(`<x from="${from}"/>`, to),
  "a template that is too large": template(
    `<presence from="${from}"><status>${"x".repeat(600_000)}</status></presence>`,
    to,
  ),
  "a template with a recipient of its own": template(`<presence ${both}/>`, to),
  "what is no time": { xml: body("x"), written: "9999-99-99T99:99:99Z", expires: "2026-02-31T00:00:00Z" },
};
const plain = { ...senders, ...recipients, ...markup, ...names, ...sizes, ...kinds };

/** Beside them there are those of {@link nextOutbound}. */
export const craftedItems: readonly HostileItem[] = [
  ...Object.entries(plain).map(([what, xml]) => ({ what, item: { xml } })),
  ...Object.entries(templates).map(([what, item]) => ({ what, item })),
  ...nastyTexts.map((text) => ({
    what: `${JSON.stringify(text.slice(0, 40))} everywhere`,
    item: {
      xml: message(
        `${both} id="${attribute(text)}"`,
        `<body xmlns:a="u" a:b="${attribute(text)}">${attribute(text)}</body>`,
      ),
    },
  })),
];

/** A stanza of the field, changed as {@link nextStanza} does, on its way out. */
export function nextOutbound(random: Random): HostileItem {
  const xml = nextStanza(random)
    .replaceAll("nina@im.example.com", "\0")
    .replaceAll("alice@example.org", from)
    .replaceAll("\0", to);
  return { what: xml, item: { xml } };
}

/** Bodies of a queue that are no packs. */
export const noPacks: Readonly<Record<string, string>> = {
  "no JSON": '{"v":1,',
  "no object": "[1]",
  "no version": '{"items":[]}',
  "a version that is text": '{"v":"1","items":[]}',
  "items that are none": '{"v":1,"items":{}}',
  "an item of another kind": '{"v":1,"items":[{"hello":"world"}]}',
  "a stanza that is no text":
    '{"v":1,"items":[{"id":"x","time":"2026-11-02T09:30:00Z","trace":"t","hops":1,"xml":7}]}',
  XML: "<message/>",
};
