/** Entity capabilities: the vectors of XEP-0115, what its rules refuse, and answers made to deceive. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Element } from "ltx";
import { capsDigest } from "#aws/hash.ts";
import { limits } from "#core/limits.ts";
import { capsElement, infoElement, readCaps, readInfo, verificationText } from "#core/xmpp/caps.ts";
import { parseStanza } from "#core/xmpp/codec.ts";

function read(xml: string): Element {
  const parsed = parseStanza(xml);
  assert.ok(parsed.ok, parsed.ok ? "" : parsed.error);
  return parsed.value;
}

const query = (children: string) =>
  read(`<query xmlns="http://jabber.org/protocol/disco#info">${children}</query>`);

function textOf(children: string): string {
  const info = readInfo(query(children));
  assert.ok(info, "ill-formed");
  return verificationText(info);
}

const sha1 = (children: string) => capsDigest("sha-1", textOf(children));
const isIllFormed = (children: string) => assert.equal(readInfo(query(children)), undefined);
const feature = (name: string) => `<feature var="${name}"/>`;
const field = (name: string, values: readonly string[], type = "") =>
  `<field var="${name}"${type}>${values.map((value) => `<value>${value}</value>`).join("")}</field>`;
const form = (...fields: string[]) => `<x xmlns="jabber:x:data" type="result">${fields.join("")}</x>`;
const formType = (...values: string[]) => field("FORM_TYPE", values, ' type="hidden"');

const usual = ["disco#items", "disco#info", "muc", "caps"].map((name) =>
  feature(`http://jabber.org/protocol/${name}`),
);

test("the simple example of XEP-0115 §5.2 has its hash", () => {
  const exodus = `<identity category="client" name="Exodus 0.9.1" type="pc"/>${usual.join("")}`;
  assert.equal(sha1(exodus), "QgayPKawpkPSDYmwT/WM94uAlu0=");
});

test("the complex example of XEP-0115 §5.3 has its hash, in whichever order it comes", () => {
  const parts = [
    '<identity xml:lang="en" category="client" name="Psi 0.11" type="pc"/>',
    '<identity xml:lang="el" category="client" name="Ψ 0.11" type="pc"/>',
    ...usual,
    form(
      formType("urn:xmpp:dataforms:softwareinfo"),
      field("ip_version", ["ipv4", "ipv6"]),
      field("os", ["Mac"]),
      field("os_version", ["10.5.1"]),
      field("software", ["Psi"]),
      field("software_version", ["0.11"]),
    ),
  ];
  assert.equal(sha1(parts.join("")), "q07IKJEyjvHSyhy//CH0CxmKi8w=");
  const turned = [
    form(
      field("software_version", ["0.11"]),
      field("ip_version", ["ipv6", "ipv4"]),
      field("software", ["Psi"]),
      field("os_version", ["10.5.1"]),
      field("os", ["Mac"]),
      formType("urn:xmpp:dataforms:softwareinfo"),
    ),
    ...parts.slice(0, -1).reverse(),
  ];
  assert.equal(sha1(turned.join("")), "q07IKJEyjvHSyhy//CH0CxmKi8w=");
});

test("what sorts sorts by octets: capitals first, U+FF5E before U+1D11E", () => {
  assert.equal(textOf(["b", "a", "B", "𝄞", "～", "ab"].map(feature).join("")), "B<a<ab<b<～<𝄞<");
});

test("any two texts sort as their UTF-8 does", () => {
  const text = fc.string({ unit: "binary", maxLength: 4 });
  fc.assert(
    fc.property(fc.uniqueArray(text, { maxLength: 8 }), (features) => {
      const bytes = (each: string) => Buffer.from(each.replaceAll("<", "&lt;"));
      const sorted = [...features].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      const expected = sorted.map((each) => `${bytes(each)}<`).join("");
      assert.equal(verificationText({ identities: [], features, forms: [] }), expected);
    }),
  );
});

test("identities sort by category, type and language, and say all four parts", () => {
  const identities = ["c/b", "a/d", "a/b"].map((name) => {
    const [category, type] = name.split("/");
    return `<identity category="${category}" type="${type}"/>`;
  });
  const languages = ["nl", "", "en"].map(
    (lang) => `<identity category="a" type="b" xml:lang="${lang}" name="N"/>`,
  );
  const [, , first] = identities;
  assert.equal(
    textOf([...identities.slice(0, 2), ...languages].join("")),
    "a/b//N<a/b/en/N<a/b/nl/N<a/d//<c/b//<",
  );
  assert.equal(textOf(first ?? ""), "a/b//<");
});

test("an escaped bracket stays escaped, so that no text passes for two", () => {
  assert.equal(textOf(feature("a&lt;b")), "a&lt;b<");
  assert.notEqual(textOf(feature("a&lt;b")), textOf(feature("a") + feature("b")));
});

test("what says the same twice is ill-formed", () => {
  isIllFormed('<identity category="a" type="b" name="N"/>'.repeat(2));
  isIllFormed(feature("a") + feature("a"));
  isIllFormed(form(formType("f")).repeat(2));
  isIllFormed(form(formType("f", "g")));
  assert.equal(textOf(form(formType("f", "f"))), "f<");
});

test("a form without a hidden FORM_TYPE does not count", () => {
  for (const ignored of [
    form(field("a", ["b"])),
    form(field("FORM_TYPE", ["f"]), field("a", ["b"])),
    form(field("FORM_TYPE", ["f"], ' type="text-single"')),
    form(formType()),
  ]) {
    assert.equal(textOf(feature("x") + ignored), "x<");
  }
});

test("more than anybody says is not read", () => {
  const features = (count: number) => Array.from({ length: count }, (_, n) => feature(`f${n}`)).join("");
  assert.ok(readInfo(query(features(limits.discoFactorsMax))));
  isIllFormed(features(limits.discoFactorsMax + 1));
  isIllFormed(form(formType("f"), field("a", Array(limits.discoFactorsMax).fill("v"))));
});

test("what is written is read as it was", () => {
  const info = {
    identities: [{ category: "client", type: "pc", lang: "en", name: "C <&>" }],
    features: ["b", "a"],
    forms: [{ formType: "f", fields: [{ name: "n", values: ["v", "w"] }] }],
  };
  const written = infoElement(info, "node");
  assert.equal(written.attrs["node"], "node");
  assert.deepEqual(readInfo(read(written.toString())), info);
});

const ver = "QgayPKawpkPSDYmwT/WM94uAlu0=";
const bearing = (attrs: string) =>
  readCaps(read(`<presence><c xmlns="http://jabber.org/protocol/caps" ${attrs}/></presence>`));

test("capabilities are read from presence as they are written", () => {
  const caps = { hash: "sha-1", node: "https://example.org/#client", ver } as const;
  assert.deepEqual(readCaps(read(`<presence>${capsElement(caps)}</presence>`)), caps);
  const long = capsDigest("sha-512", "");
  assert.equal(bearing(`hash="sha-512" node="n" ver="${long}"`)?.ver, long);
});

test("without a hash, with another hash, or with what is no digest, they are nothing", () => {
  for (const attrs of [
    'node="n" ver="0.9"',
    `node="n" ver="${ver}"`,
    `hash="md5" node="n" ver="${ver}"`,
    `hash="constructor" node="n" ver="${ver}"`,
    `hash="SHA-1" node="n" ver="${ver}"`,
    `hash="sha-256" node="n" ver="${ver}"`,
    `hash="sha-1" node="" ver="${ver}"`,
    `hash="sha-1" ver="${ver}"`,
    `hash="sha-1" node="n" ver="${ver.replace("/", "#")}"`,
    `hash="sha-1" node="n" ver="${ver} "`,
    `hash="sha-1" node="n" ver=""`,
    `hash="sha-1" node="${"n".repeat(limits.capsNodeCharsMax + 1)}" ver="${ver}"`,
  ]) {
    assert.equal(bearing(attrs), undefined, attrs);
  }
  assert.equal(readCaps(read("<presence/>")), undefined);
});
