/** The list of domains, and the names of the queues that each further one has for itself. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { addressOfDomain, queueSuffixOf, readDomains, servedDomain } from "#aws/domains.ts";
import { queueNames, queueOfDomain, queueRefsOf } from "#core/contract/queues.ts";
import { limits } from "#core/limits.ts";

const many = (count: number, of = (index: number) => `d${index}.example`) =>
  Array.from({ length: count }, (_, index) => of(index)).join(",");

describe("a list of domains", () => {
  test("is taken in its order, prepared; one below another is a domain of its own", () => {
    const domains = readDomains(" Chat.IM.example, im.example,xn--bcher-kva.example");
    assert.deepEqual(domains.ok && domains.value, ["chat.im.example", "im.example", "bücher.example"]);
    assert.ok(readDomains(many(limits.domainsMax)).ok);
  });

  for (const [list, fault] of [
    ["", /^entry 1 is empty/],
    ["a.example,,b.example", /^entry 2 is empty/],
    ["a.example,", /^entry 2 is empty/],
    ["a.example,b c", /^"b c" is no domain/],
    ["a.example,b.example,A.example.", /^a\.example is in it twice/],
    [many(limits.domainsMax + 1), /^it has 17, 16 are the most/],
    [
      many(limits.domainsMax, (index) => `d${index}.${"x".repeat(60)}.${"y".repeat(63)}.example`),
      /^it takes \d+ bytes/,
    ],
  ] as const) {
    test(`is refused with what to do about it: ${fault}`, () => {
      const read = readDomains(list);
      assert.ok(!read.ok);
      assert.match(read.error, fault);
    });
  }

  test("is refused where two would share queues, which no two domains are known to do", () => {
    const read = readDomains("a.example,b.example,c.example", (domain) =>
      domain === "b.example" ? "x" : "y",
    );
    assert.equal(read.ok ? "" : read.error, "a.example and c.example would share queues, rename one of them");
  });

  test("says whether a name means one that is served", () => {
    assert.equal(servedDomain("IM.example", ["im.example"]), "im.example");
    assert.equal(servedDomain("other.example", ["im.example"]), undefined);
    assert.equal(servedDomain("no domain", ["im.example"]), undefined);
  });
});

describe("the queues of a domain", () => {
  const domains = ["im.a.example", "im.b.example", "im.c.example"];

  test("are everybody's but for the outbound ones, and the first domain's have no name of a domain", () => {
    for (const queue of queueNames) {
      const isOutbound = queue.startsWith("outbound");
      assert.equal(queueOfDomain(queue, "im.a.example", domains), queue);
      const expected = isOutbound ? `${queue}/im.b.example` : queue;
      assert.equal(queueOfDomain(queue, "im.b.example", domains), expected);
      assert.equal(queueRefsOf(queue, domains).length, isOutbound ? 3 : 1);
      assert.deepEqual(queueRefsOf(queue, []), [queue]);
    }
  });

  test("are named after those of the first one, in letters that SQS takes, and never alike", () => {
    const bases = ["causeway-outbound-stanzas.fifo", "causeway-outbound-stanzas-dead.fifo"];
    fc.assert(
      fc.property(fc.uniqueArray(fc.domain(), { minLength: 2, maxLength: 20 }), (names) => {
        const all = [...bases, ...names.flatMap((name) => bases.map((base) => addressOfDomain(base, name)))];
        assert.equal(new Set(all).size, all.length);
        for (const name of all) assert.match(name ?? "", /^causeway-outbound-stanzas[\w-]{0,18}\.fifo$/);
      }),
    );
  });

  test("have the place of the name in a URL too; what ends otherwise names no such queue", () => {
    const suffix = queueSuffixOf("im.b.example");
    assert.equal(suffix.length, 12);
    assert.equal(
      addressOfDomain("https://sqs.eu-central-1.amazonaws.com/1/out-dead.fifo", "im.b.example"),
      `https://sqs.eu-central-1.amazonaws.com/1/out-${suffix}-dead.fifo`,
    );
    assert.equal(addressOfDomain("https://sqs.eu-central-1.amazonaws.com/1/out", "im.b.example"), undefined);
  });
});
