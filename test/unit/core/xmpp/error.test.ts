import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { limits } from "#core/limits.ts";
import { checkOutbound, parseStanza, serializeStanza } from "#core/xmpp/codec.ts";
import { type Condition, conditions, errorReply, readError } from "#core/xmpp/error.ts";
import { element, ns } from "#core/xmpp/stanza.ts";

const names = Object.keys(conditions) as Condition[];

function stanza(xml: string) {
  const parsed = parseStanza(xml);
  assert.ok(parsed.ok, xml);
  return parsed.value;
}

function errorOf(inner: string, type = ""): ReturnType<typeof readError> {
  return readError(stanza(`<message type="error"><error${type}>${inner}</error></message>`));
}

describe("error conditions", () => {
  test("all 22 of RFC 6120 §8.3.3 are there", () => {
    assert.equal(names.length, 22);
    assert.ok(names.every((name) => conditions[name].text.endsWith(".")));
  });

  test("what the RFC types as wait is never permanent", () => {
    const waiting = names.filter((name) => conditions[name].type === "wait");
    assert.ok(waiting.length > 0 && waiting.every((name) => !conditions[name].permanent));
  });
});

describe("error replies", () => {
  test("every condition can be sent, and reads back as it was meant", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...names),
        fc.constantFrom("message", "presence", "iq"),
        (condition, name) => {
          const cause = element(name, { from: "alice@localhost/phone", to: "nina@im.localhost", id: "x<1" });
          const reply = errorReply(cause, condition, "why & how");
          assert.ok(reply);
          const sent = checkOutbound(serializeStanza(reply), ["im.localhost"]);
          assert.ok(sent.ok);
          const { from, to, id, type } = sent.value.attrs;
          assert.deepEqual(
            [sent.value.name, from, to, id, type],
            [name, "nina@im.localhost", "alice@localhost/phone", "x<1", "error"],
          );
          const { type: usual, permanent } = conditions[condition];
          assert.deepEqual(readError(sent.value), { condition, type: usual, permanent, text: "why & how" });
        },
      ),
    );
  });

  test("without a text the condition speaks for itself", () => {
    const reply = errorReply(element("iq", { type: "get", from: "a@b", to: "c@d" }), "service-unavailable");
    assert.equal(
      reply?.getChild("error")?.toString(),
      `<error type="cancel"><service-unavailable xmlns="${ns.stanzas}"/></error>`,
    );
    assert.ok(!("id" in (reply?.attrs ?? {})));
  });

  for (const [why, attrs] of [
    ["an error", { type: "error" }],
    ["a stanza without sender", { type: "get", from: undefined }],
    ["a stanza without recipient", { type: "get", to: undefined }],
    ["the result of an iq", { type: "result" }],
  ] as const) {
    test(`${why} is never answered`, () => {
      const cause = element("iq", { from: "a@b", to: "c@d", id: "1", ...attrs });
      assert.equal(errorReply(cause, "bad-request"), undefined);
    });
  }
});

describe("errors received", () => {
  const timeout = `<remote-server-timeout xmlns="${ns.stanzas}"/>`;

  test("condition, type and text are read, with a prefix too", () => {
    const text = `<p:text xmlns:p="${ns.stanzas}"> gone home </p:text>`;
    assert.deepEqual(
      errorOf(`<x xmlns="urn:app"/><gone xmlns="${ns.stanzas}">xmpp:b@c</gone>${text}`, ' type="cancel"'),
      {
        condition: "gone",
        type: "cancel",
        text: "gone home",
        permanent: true,
      },
    );
  });

  test("a text that is missing or blank gives way to the condition's own", () => {
    assert.equal(errorOf(timeout).text, conditions["remote-server-timeout"].text);
    assert.equal(
      errorOf(`${timeout}<text xmlns="${ns.stanzas}"> </text>`).text,
      conditions["remote-server-timeout"].text,
    );
  });

  test("an error of type wait is not permanent, whatever the condition", () => {
    const policy = `<policy-violation xmlns="${ns.stanzas}"/>`;
    assert.equal(errorOf(policy, ' type="wait"').permanent, false);
    assert.equal(errorOf(policy, ' type="modify"').permanent, true);
  });

  test("a server that cannot be reached is not permanent, whatever the type", () => {
    assert.equal(errorOf(timeout, ' type="cancel"').permanent, false);
    assert.equal(
      errorOf(`<remote-server-not-found xmlns="${ns.stanzas}"/>`, ' type="cancel"').permanent,
      false,
    );
  });

  for (const xml of [
    `<message type="error"/>`,
    `<message type="error"><error/></message>`,
    `<message type="error"><error type="fatal"><toString xmlns="${ns.stanzas}"/></error></message>`,
    `<message type="error"><error><gone xmlns="urn:other"/></error></message>`,
    `<message type="error"><error xmlns="urn:other"><gone xmlns="${ns.stanzas}"/></error></message>`,
  ]) {
    test(`${xml} reads as undefined-condition`, () => {
      const { type, permanent, text } = conditions["undefined-condition"];
      assert.deepEqual(readError(stanza(xml)), { condition: "undefined-condition", type, permanent, text });
    });
  }

  test("a stranger's text is cut, never inside a character", () => {
    const long = `a${"😀".repeat(limits.statusCharsMax)}`;
    const { text } = errorOf(`${timeout}<text xmlns="${ns.stanzas}">${long}</text>`);
    assert.ok(text.length <= limits.statusCharsMax && text.isWellFormed() && long.startsWith(text));
    assert.ok(text.length > limits.statusCharsMax - 2);
  });
});
