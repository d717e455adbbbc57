import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { Element } from "ltx";
import { limits } from "#core/limits.ts";
import {
  checkOutbound,
  cleanText,
  hasForbiddenCharacters,
  parseStanza,
  serializeStanza,
} from "#core/xmpp/codec.ts";
import { element, ns } from "#core/xmpp/stanza.ts";

const domains = ["im.localhost", "bücher.example"];
const legalText = fc.string({ unit: "binary", maxLength: 30 }).map(cleanText);
const name = fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9._-]{0,8}$/).filter((text) => !/^xml/i.test(text));
const tree: fc.Memo<Element> = fc.memo((depth) => {
  const children =
    depth <= 1 ? fc.constant([]) : fc.array(fc.oneof(legalText, tree(depth - 1)), { maxLength: 3 });
  return fc
    .tuple(name, fc.dictionary(name, legalText, { maxKeys: 3 }), children)
    .map(([tag, attrs, inner]) => element(tag, attrs, ...inner));
});

/** Neighbouring and empty texts are one text on the wire. */
function shape(node: Element): unknown {
  const children: unknown[] = [];
  for (const child of node.children) {
    if (typeof child !== "string") children.push(shape(child));
    else if (typeof children.at(-1) === "string") children.push(`${children.pop()}${child}`);
    else if (child !== "") children.push(child);
  }
  return [node.name, Object.entries(node.attrs), children];
}

function read(xml: string): Element {
  const parsed = parseStanza(xml);
  assert.ok(parsed.ok, `${xml}: ${parsed.ok ? "" : parsed.error}`);
  return parsed.value;
}

describe("writing stanzas", () => {
  test("no text makes the reader throw, and what it takes is written as something that it takes again", () => {
    const pieces = [
      "<a",
      "<b>",
      "</a>",
      "</b>",
      "/>",
      ">",
      " c='",
      "'",
      '"',
      "&amp;",
      "&#",
      ";",
      "<!--",
      "-->",
      "<![CDATA[",
      "]]>",
      "xmlns:p='u'",
      "p:",
      "<p:a",
      "x",
      " ",
      "\n",
      "\0",
      "=",
    ];
    const soup = fc.array(fc.constantFrom(...pieces), { maxLength: 14 }).map((all) => all.join(""));
    fc.assert(
      fc.property(fc.oneof(soup, fc.string({ unit: "binary" })), (xml) => {
        const parsed = parseStanza(xml);
        if (parsed.ok) assert.deepEqual(shape(read(serializeStanza(parsed.value))), shape(parsed.value));
      }),
      { numRuns: 1_000 },
    );
  });

  test("every tree of legal texts reads back the same", () => {
    fc.assert(
      fc.property(tree(4), (built) => assert.deepEqual(shape(read(serializeStanza(built))), shape(built))),
    );
  });

  test("line ends and tabs that an XML reader would change are written as references", () => {
    const xml = serializeStanza(element("a", { b: "1\r\n\t2" }, "3\r\n\t4>", element("c", {}), "\n"));
    assert.equal(xml, '<a b="1&#13;&#10;&#9;2">3&#13;\n\t4&gt;<c/>\n</a>');
  });
});

describe("what may go to the socket", () => {
  const message = (attrs: string, inner = "<body>hi</body>"): string =>
    `<message ${attrs}>${inner}</message>`;
  const addresses = `from='nina@im.localhost' to='alice@localhost'`;

  for (const xml of [
    message(addresses),
    message("from='nina@im.localhost/causeway' to='alice@localhost/phone'"),
    message("from='im.localhost' to='localhost'"),
    message("from='nina@bücher.example' to='Alice@LOCALHOST'"),
    `<presence ${addresses}/>`,
    `<iq ${addresses} type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>`,
    message(`${addresses} xmlns='jabber:client'`),
    message(`${addresses} xmlns='jabber:component:accept'`),
  ]) {
    test(`${xml} passes`, () => {
      const checked = checkOutbound(xml, domains);
      assert.ok(checked.ok, checked.ok ? "" : checked.error);
      assert.equal(checked.value.attrs["xmlns"], undefined);
    });
  }

  for (const [why, xml] of [
    ["no XML", "<message"],
    ["no stanza", `<stream ${addresses}/>`],
    ["a prefixed stanza", `<p:message xmlns:p='${ns.client}' ${addresses}/>`],
    ["a foreign namespace", message(`${addresses} xmlns='urn:other'`)],
    ["no namespace at all", message(`${addresses} xmlns=''`)],
    ["two stanzas", message(addresses) + message(addresses)],
    ["no sender", message("to='alice@localhost'")],
    ["an empty sender", message("from='' to='alice@localhost'")],
    ["a broken sender", message("from='@im.localhost' to='alice@localhost'")],
    ["a sender elsewhere", message("from='nina@localhost' to='alice@localhost'")],
    ["a sender in a subdomain", message("from='nina@a.im.localhost' to='alice@localhost'")],
    ["a sender in a resource", message("from='localhost/nina@im.localhost' to='alice@localhost'")],
    ["a sender in capitals", message("from='nina@IM.localhost' to='alice@localhost'")],
    ["no recipient", message("from='nina@im.localhost'")],
    ["an empty recipient", message("from='nina@im.localhost' to=''")],
    ["a broken recipient", message("from='nina@im.localhost' to='a b@localhost'")],
    ["a control character", message(addresses, "<body>\u0001</body>")],
    ["a reference to one", message(addresses, "<body>&#1;</body>")],
    ["a comment", message(addresses, "<!-- -->")],
    ["an unbound prefix", message(addresses, "<p:body/>")],
    ["an element name beyond ASCII", message(addresses, "<größe xmlns='urn:x'/>")],
    [
      "a namespace with a line feed, which ends a stream on ejabberd",
      message(addresses, "<x xmlns='a&#10;b'/>"),
    ],
    ["a prefix's namespace with one", message(addresses, "<x xmlns:p='a&#10;b'/>")],
    ["an attribute name beyond ASCII", message(addresses, "<x xmlns='urn:x'><y größe='1'/></x>")],
  ] as const) {
    test(`${why} does not pass`, () => {
      assert.ok(!checkOutbound(xml, domains).ok);
    });
  }

  test("the limit counts bytes, and counts them as they will be written", () => {
    const limit = 200;
    const sizeOf = (body: string): number =>
      Buffer.byteLength(serializeStanza(read(message(addresses, `<body>${body}</body>`))));
    const room = limit - sizeOf("-") + 1;
    const check = (body: string): boolean =>
      checkOutbound(message(addresses, `<body>${body}</body>`), domains, limit).ok;
    assert.ok(check("a".repeat(room)));
    assert.ok(!check("a".repeat(room + 1)));
    assert.ok(!check("ö".repeat(room - 10)));
    assert.ok(check(">".repeat(Math.floor(room / "&gt;".length))));
    assert.ok(!check(">".repeat(room - 10)));
  });

  test("the default limit is the server's", () => {
    assert.ok(
      !checkOutbound(message(addresses, `<body>${"a".repeat(limits.stanzaOutBytesMax)}</body>`), domains).ok,
    );
    assert.ok(
      checkOutbound(message(addresses, `<body>${"a".repeat(limits.stanzaOutBytesMax - 200)}</body>`), domains)
        .ok,
    );
  });

  test("any legal body passes and arrives as it was", () => {
    fc.assert(
      fc.property(legalText, (body) => {
        const stanza = element(
          "message",
          { from: "nina@im.localhost", to: "a@b" },
          element("body", {}, body),
        );
        const checked = checkOutbound(serializeStanza(stanza), domains);
        assert.ok(checked.ok);
        assert.equal(read(serializeStanza(checked.value)).getChildText("body"), body);
      }),
    );
  });
});

describe("characters that XML forbids", () => {
  test("they are found and replaced, all others stay", () => {
    const forbidden = ["\0", "\u0008", "\u000b", "\u000c", "\u001f", "\ud800", "\udfff", "\ufffe", "\uffff"];
    for (const char of forbidden) assert.ok(hasForbiddenCharacters(`a${char}b`), JSON.stringify(char));
    for (const char of [
      "\t",
      "\n",
      "\r",
      " ",
      "\u007f",
      "\u0085",
      "\ud7ff",
      "\ue000",
      "\ufffd",
      "😀",
      "\u{10ffff}",
    ]) {
      assert.ok(!hasForbiddenCharacters(`a${char}b`), JSON.stringify(char));
      assert.equal(cleanText(char), char);
    }
  });

  test("vertical tab and form feed become line feeds, the rest a replacement character", () => {
    assert.equal(cleanText("a\vb\fc\0d\ud800e\uffff"), "a\nb\nc\ufffdd\ufffde\ufffd");
  });

  test("cleaned text holds none", () => {
    const units = fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 30 });
    fc.assert(fc.property(units, (all) => !hasForbiddenCharacters(cleanText(String.fromCharCode(...all)))));
  });
});
