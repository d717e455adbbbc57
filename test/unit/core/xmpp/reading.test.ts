import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Element } from "ltx";
import { limits } from "#core/limits.ts";
import { parseStanza } from "#core/xmpp/codec.ts";

function read(xml: string): Element {
  const parsed = parseStanza(xml);
  assert.ok(parsed.ok, `${xml.slice(0, 100)}: ${parsed.ok ? "" : parsed.error}`);
  return parsed.value;
}

describe("reading stanzas", () => {
  for (const xml of [
    "<a/>",
    " \n<a/>\n ",
    "<a></a>",
    "<a\n b = 'c'\td=\"'>\"\r\n/>",
    "<a>&lt;&amp;&gt;&quot;&apos;&#65;&#x1F600;</a >",
    "<p:a xmlns:p='urn:x' p:b='1' b='2'/>",
    "<a xmlns:p='urn:x'><b><p:c xml:lang='en'/></b></a>",
    "<a xmlns=''/>",
    "<größe/>",
    "<a>]] ></a>",
    "<a b=']]>'/>",
  ]) {
    test(`${JSON.stringify(xml)} is taken`, () => {
      assert.ok(parseStanza(xml).ok);
    });
  }

  for (const xml of [
    "",
    " ",
    "text",
    "<a",
    "<a>",
    "</a>",
    "<a></b>",
    "<a></b></a>",
    "<a><b></a></b>",
    "<a/></a>",
    "<a/><b/>",
    "<a/>text",
    "text<a/>",
    "<a/>&#32;",
    "<a/><b",
    "<a/><![CDATA[x]]>",
    "<a><![CDATA[x]]</a>",
    "<?xml version='1.0'?><a/>",
    "<a><?pi?></a>",
    "<a/><!-- c -->",
    "<a><!-- c --></a>",
    "<!DOCTYPE a><a/>",
    "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
    "<a>&b;</a>",
    "<a>&</a>",
    "<a>& b;</a>",
    "<a>&amp</a>",
    "<a>&#;</a>",
    "<a>&#1;</a>",
    "<a>&#xD800;</a>",
    "<a>&#xFFFF;</a>",
    "<a>&#x110000;</a>",
    "<a>&#X41;</a>",
    "<a b='&#0;'/>",
    "<a b='&c'/>",
    "<a xmlns:p='&#0;'/>",
    "<a>]]></a>",
    "<a>\u0001</a>",
    "<a>\ud800</a>",
    "<a b='\u000b'/>",
    "<a b='\ud800' c='x'/>",
    "<a b='\ufffe'/>",
    "<\u0001/>",
    "<a b/>",
    "<a b=c/>",
    "<a b='c\"/>",
    "<a b='<'/>",
    "<a b='1'c='2'/>",
    "<a b c='d'/>",
    "<a =b='c'/>",
    "<a / >",
    "<a /b='c'/>",
    "< a/>",
    "<1/>",
    "<a:/>",
    "<:a/>",
    "<a:b:c xmlns:a='urn:x'/>",
    "<p:a/>",
    "<a p:b='1'/>",
    "<a><b xmlns:p='urn:x'/><p:c/></a>",
    "<xmlns:a/>",
    "<a xmlns:p=''/>",
    "<a xmlns:xml='urn:x'/>",
    "<a xmlns:xmlns='urn:x'/>",
    "<a xmlns:p='http://www.w3.org/XML/1998/namespace'/>",
    "<a xmlns='http://www.w3.org/2000/xmlns/'/>",
    "<a b='1' b='1'/>",
    "<a xmlns='urn:x' xmlns='urn:x'/>",
    "<a xmlns:p='urn:x' xmlns:q='urn:&#120;' p:b='1' q:b='2'/>",
  ]) {
    test(`${JSON.stringify(xml)} is refused`, () => {
      assert.ok(!parseStanza(xml).ok);
    });
  }

  for (const xml of [
    "",
    "<a",
    "<a><b>",
    "<a>text",
    "<a/><b",
    "<a>&b;",
    "<?xml version='1.1'?><a/>",
    "<a xmlns:p='urn:x'/>",
  ]) {
    test(`nothing of ${JSON.stringify(xml)} reaches the next text`, () => {
      parseStanza(xml);
      assert.equal(read("<c>d</c>").toString(), "<c>d</c>");
      parseStanza(xml);
      assert.ok(!parseStanza("<p:c/>").ok);
    });
  }

  test("CDATA is text, and so is what follows it", () => {
    assert.equal(read("<a>x<![CDATA[<y>&amp;]]]>z<b/>&gt;</a>").getText(), "x<y>&amp;]z>");
  });

  test("elements may nest as deep as the limit, not one deeper", () => {
    const nested = (depth: number): string => "<a>".repeat(depth) + "</a>".repeat(depth);
    assert.ok(parseStanza(nested(limits.stanzaDepthMax)).ok);
    assert.ok(!parseStanza(nested(limits.stanzaDepthMax + 1)).ok);
    assert.ok(
      !parseStanza(`${"<a>".repeat(limits.stanzaDepthMax)}<b/>${"</a>".repeat(limits.stanzaDepthMax)}`).ok,
    );
  });

  const kilo = 1024;
  for (const [what, xml] of [
    ["nesting", "<a>".repeat(300 * kilo)],
    ["tag openings", "<a ".repeat(300 * kilo)],
    ["blanks in a tag", `<a${" ".repeat(kilo * kilo)}`],
    ["an attribute without end", `<a b="${"c".repeat(kilo * kilo)}`],
    ["names without value", `<a ${"b ".repeat(500 * kilo)}/>`],
    ["CDATA openings", `<a>${"<![CDATA[".repeat(100 * kilo)}`],
    ["ampersands", `<a>${"&".repeat(kilo * kilo)}</a>`],
    ["an attribute repeated", `<a ${"b='1' ".repeat(100 * kilo)}/>`],
  ] as const) {
    test(`endless ${what} is refused at once`, { timeout: 5_000 }, () => {
      assert.ok(!parseStanza(xml).ok);
    });
  }

  test("a hundred thousand attributes are read without choking", { timeout: 10_000 }, () => {
    const attributes = Array.from({ length: 100_000 }, (_, index) => `a${index}='1'`).join(" ");
    assert.equal(Object.keys(read(`<a ${attributes}/>`).attrs).length, 100_000);
  });
});
