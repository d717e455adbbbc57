import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { limits } from "#core/limits.ts";
import { domainOf, localpartOf, makeBareJid, parseBareJid, parseJid, prepareDomain } from "#core/xmpp/jid.ts";

const max = limits.jidPartBytesMax;
const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 60 }),
  fc
    .array(
      fc.constantFrom(..."aB@/.[]:-_ßÅ😀\u3002\u200d\0 ", "xn--", "xn--bcher-kva", "\ud800", "ﷺ", "℀", "א"),
      {
        maxLength: 12,
      },
    )
    .map((all) => all.join("")),
);

function read(text: string) {
  const jid = parseJid(text);
  assert.ok(jid.ok, `${JSON.stringify(text)} is an address`);
  return jid.value;
}

describe("addresses", () => {
  const taken: readonly (readonly [text: string, local: string, domain: string, resource: string])[] = [
    ["alice@example.com", "alice", "example.com", ""],
    ["alice@example.com/phone", "alice", "example.com", "phone"],
    ["example.com", "", "example.com", ""],
    ["example.com/a@b", "", "example.com", "a@b"],
    ["a@b/c/d@e", "a", "b", "c/d@e"],
    ["Alice@EXAMPLE.com/Phone", "alice", "example.com", "Phone"],
    ["ALI\uff23E@example.com", "alice", "example.com", ""],
    ["a\u030a@example.com/a\u030a", "å", "example.com", "å"],
    ["d\\27artagnan@musketeers.lit", "d\\27artagnan", "musketeers.lit", ""],
    ["a@example.com/my phone", "a", "example.com", "my phone"],
    ["a@example.com/my\u3000phone", "a", "example.com", "my phone"],
    ["a@example.com/👩\u200d💻", "a", "example.com", "👩\u200d💻"],
    ["a@127.0.0.1", "a", "127.0.0.1", ""],
    ["a@[::1]/x", "a", "[::1]", "x"],
    ["straße@example.com", "straße", "example.com", ""],
  ];
  for (const [text, local, domain, resource] of taken) {
    test(`${JSON.stringify(text)} is taken apart and prepared`, () => {
      const bare = local === "" ? domain : `${local}@${domain}`;
      assert.deepEqual(read(text), { local, domain, resource, bare });
    });
  }

  const refused = [
    "",
    "@",
    "/",
    "@b",
    "a@",
    "a@/r",
    "b/",
    "a@b/",
    "a@b@c",
    "a b@c",
    "a\u00a0b@c",
    `a"@c`,
    "a&@c",
    "a'@c",
    "a:@c",
    "a<@c",
    "a>@c",
    "\ufe6b@c",
    "a\u0000@c",
    "a\u00ad@c",
    "a\u202e@c",
    "\ud800@c",
    "a@\udc00",
    "a@b/\ud800",
    "a@b/\u0007",
    "a@b/\u2028",
    "a@b/\ufffe",
    "a@b c",
    "a@b..c",
    "a@.",
    "a@.b",
    "a@℀.example",
    "a@xn--a",
    "a@xn--",
    "a@[::1",
    "a@[::1]:5269",
    "a@[fe80::1%25eth0]",
    "a@[]",
    "a@b:5222",
    "a@b?c",
    "a@b#c",
    `a@${"b".repeat(max + 1)}`,
    `${"a".repeat(max + 1)}@b`,
    `a@b/${"r".repeat(max + 1)}`,
    `${"ö".repeat(max)}@b`,
    "a".repeat(1_000_000),
  ];
  for (const text of refused) {
    test(`${JSON.stringify(text.slice(0, 30))} (${text.length}) is refused`, () => {
      assert.ok(!parseJid(text).ok);
    });
  }

  test("each part may take all the bytes there are", () => {
    const text = `${"a".repeat(max)}@${"b".repeat(max)}/${"r".repeat(max)}`;
    assert.equal(read(text).resource.length, max);
  });

  test("any text is taken or refused, never thrown at, and what is taken is prepared for good", () => {
    fc.assert(
      fc.property(anyText, anyText, anyText, (local, domain, resource) => {
        for (const text of [
          local,
          `${local}@${domain}`,
          `a@${domain}/${resource}`,
          `${local}@b.c/${resource}`,
        ]) {
          const first = parseJid(text);
          if (!first.ok) continue;
          const { bare, resource: prepared } = first.value;
          assert.deepEqual(read(prepared === "" ? bare : `${bare}/${prepared}`), first.value);
        }
      }),
      { numRuns: 500 },
    );
  });

  test("a localpart of any one character is refused or prepared for good", () => {
    for (let codePoint = 0; codePoint < 0x20000; codePoint += 1) {
      const first = parseJid(`x${String.fromCodePoint(codePoint)}@b`);
      if (first.ok && first.value.local !== "") assert.equal(read(first.value.bare).bare, first.value.bare);
    }
  });
});

describe("bare addresses", () => {
  test("a bare address has no resource", () => {
    assert.deepEqual(parseBareJid("A@B"), { ok: true, value: "a@b" });
    assert.ok(!parseBareJid("a@b/c").ok);
  });

  test("a bare address comes apart into what it was made of", () => {
    const jid = makeBareJid("Nina", "IM.localhost");
    assert.ok(jid.ok);
    assert.equal(localpartOf(jid.value), "nina");
    assert.equal(domainOf(jid.value), "im.localhost");
  });

  test("the address of a domain has an empty localpart", () => {
    const jid = makeBareJid("", "example.com");
    assert.ok(jid.ok);
    assert.equal(localpartOf(jid.value), "");
    assert.equal(domainOf(jid.value), "example.com");
  });

  test("parts that hold separators make no address", () => {
    assert.ok(!makeBareJid("a@b", "c").ok);
    assert.ok(!makeBareJid("a", "b/c").ok);
    assert.ok(!makeBareJid("a", "b@c").ok);
  });
});

describe("domains", () => {
  const prepared: readonly (readonly [text: string, domain: string])[] = [
    ["example.com", "example.com"],
    ["EXAMPLE.com.", "example.com"],
    ["Bücher.example", "bücher.example"],
    ["xn--bcher-kva.example", "bücher.example"],
    ["XN--BCHER-KVA.example", "bücher.example"],
    ["例え。テスト", "例え.テスト"],
    ["a_b.example", "a_b.example"],
    ["[0:0:0:0:0:0:0:1]", "[::1]"],
    ["[2001:DB8::A]", "[2001:db8::a]"],
  ];
  for (const [text, domain] of prepared) {
    test(`${text} is compared as ${domain}`, () => {
      assert.deepEqual(prepareDomain(text), { ok: true, value: domain });
    });
  }

  test("upper case changes no ASCII domain: the short way and the tables agree", () => {
    const label = fc.string({ unit: fc.constantFrom(..."abz019-_x"), minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(fc.array(label, { minLength: 1, maxLength: 4 }), (labels) => {
        const text = labels.join(".");
        assert.deepEqual(prepareDomain(`Q.${text}`), prepareDomain(`q.${text}`));
      }),
    );
  });
});
