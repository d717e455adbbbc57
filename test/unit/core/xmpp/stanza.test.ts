import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { childOf, childText, element, ns } from "#core/xmpp/stanza.ts";

describe("stanza helpers", () => {
  test("undefined attributes and children are left out, empty ones stay", () => {
    const built = element("a", { b: "1", c: undefined, d: "" }, undefined, "text", element("e", {}));
    assert.equal(built.toString(), '<a b="1" d="">text<e/></a>');
  });

  test("children know their parent, so they inherit its namespace", () => {
    const child = element("child", {});
    element("parent", { xmlns: "urn:x" }, child);
    assert.equal(child.getNS(), "urn:x");
  });

  for (const xmlns of [undefined, ns.component, ns.client]) {
    test(`a child in the stanza's own namespace is found where that is ${xmlns ?? "inherited"}`, () => {
      const stanza = element(
        "message",
        { xmlns },
        element("body", { xmlns: "urn:other" }, "other"),
        element("body", {}, "hi"),
      );
      assert.equal(childText(stanza, "body"), "hi");
      assert.equal(childText(stanza, "body", "urn:other"), "other");
    });
  }

  test("a child that declares the stream's namespace itself is the stanza's own", () => {
    const stanza = element("message", {}, element("body", { xmlns: ns.client }, "hi"));
    assert.equal(childText(stanza, "body"), "hi");
  });

  test("a namespace may be bound by a prefix", () => {
    const stanza = element("iq", { "xmlns:p": ns.ping }, element("p:ping", {}));
    assert.equal(childOf(stanza, "ping", ns.ping)?.name, "p:ping");
    assert.equal(childOf(stanza, "ping"), undefined);
  });

  test("an empty child has empty text, a missing one none", () => {
    const stanza = element("message", {}, element("body", {}));
    assert.equal(childText(stanza, "body"), "");
    assert.equal(childText(stanza, "subject"), undefined);
    assert.equal(childText(stanza, "body", ns.delay), undefined);
  });
});
