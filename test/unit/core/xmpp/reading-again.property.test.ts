/** One parser reads one text after the other: none must tell which came before it. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseStanza } from "#core/xmpp/codec.ts";
import { type ElementReaderOptions, makeElementReader, XmlFault } from "#core/xmpp/element-reader.ts";

const pieces = [
  "<message>",
  "</message>",
  "<a xmlns='urn:a'>",
  "<p:a xmlns:p='urn:p'>",
  "<p:b/>",
  "</a>",
  "</p:a>",
  "<b c='d'/>",
  "text",
  "&amp;",
  "&x;",
  "<![CDATA[",
  "]]>",
  "<!--",
  "<?",
  " x='",
  '"',
  "<",
  ">",
];
const texts = fc.array(
  fc.array(fc.constantFrom(...pieces), { maxLength: 8 }).map((parts) => parts.join("")),
  {
    minLength: 1,
    maxLength: 8,
  },
);

/** What a reader of its own makes of a text. */
function readFresh(xml: string): string {
  const read: string[] = [];
  const options: ElementReaderOptions = {
    level: 0,
    depthMax: 64,
    onElement: (element) => void read.push(element.toString()),
  };
  try {
    const reader = makeElementReader(options);
    reader.write(xml);
    reader.end();
    return read[0] ?? "not well-formed";
  } catch (error) {
    if (error instanceof XmlFault) return error.message;
    throw error;
  }
}

test("a text is read as if it were the first", () => {
  fc.assert(
    fc.property(texts, (all) => {
      for (const xml of all) {
        const read = parseStanza(xml);
        assert.equal(read.ok ? read.value.toString() : read.error, readFresh(xml));
      }
    }),
    { numRuns: 2_000 },
  );
});
