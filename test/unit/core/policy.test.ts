import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { openPolicy, rulesOf, strangerMay, strangersMay } from "#core/policy.ts";
import { element } from "#core/xmpp/stanza.ts";

describe("domains", () => {
  test("stand for themselves and everything below, not for what only ends alike", () => {
    const { denies } = rulesOf({ ...openPolicy, deny: ["evil.example", "127.0.0.1"] });
    for (const domain of ["evil.example", "a.evil.example", "a.b.evil.example", "127.0.0.1"]) {
      assert.equal(denies(domain), true, domain);
    }
    for (const domain of ["example", "devil.example", "evil.example.org", "[::1]"]) {
      assert.equal(denies(domain), false, domain);
    }
  });

  test("that are allowed are the only ones; a denial counts for more", () => {
    const { denies } = rulesOf({ ...openPolicy, allow: ["good.example"], deny: ["bad.good.example"] });
    assert.equal(denies("good.example"), false);
    assert.equal(denies("chat.good.example"), false);
    assert.equal(denies("bad.good.example"), true);
    assert.equal(denies("other.example"), true);
    assert.equal(rulesOf({ ...openPolicy, allow: [] }).denies("good.example"), true);
  });

  test("are all welcome without a policy", () => {
    assert.equal(rulesOf(openPolicy).denies("any.example"), false);
  });
});

describe("what strangers may", () => {
  const may = (name: string, type?: string) =>
    strangersMay.filter((strangers) => strangerMay(strangers, element(name, { type })));
  const always = [...strangersMay];
  for (const [name, type, expected] of [
    ["message", "chat", ["message"]],
    ["message", undefined, ["message"]],
    ["message", "headline", ["message"]],
    ["message", "error", always],
    ["presence", undefined, ["message"]],
    ["presence", "subscribe", ["ask", "message"]],
    ["presence", "unsubscribe", always],
    ["presence", "unavailable", always],
    ["presence", "probe", always],
    ["presence", "error", always],
    ["iq", "get", always],
    ["iq", "result", always],
  ] as const) {
    test(`${name} of type ${type}: ${expected.join(", ")}`, () =>
      assert.deepEqual(may(name, type), expected));
  }
});
