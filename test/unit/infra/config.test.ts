import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { allCapabilities } from "#core/capabilities.ts";
import { limits } from "#core/limits.ts";
import { ratesOf } from "#core/rates.ts";
import { readConfig } from "#infra/config.ts";

const good: Readonly<Record<string, unknown>> = {
  "causeway:domains": "chat.bücher.example",
  "causeway:xmppService": "xmpps://xmpp.example.com:5348",
  "causeway:directory": "open",
  "causeway:standby": "false",
};

const read = (context: Readonly<Record<string, unknown>>) => readConfig((key) => context[key]);

describe("the deployment's configuration", () => {
  test("is read from the CDK context", () => {
    assert.deepEqual(read(good), {
      domains: ["chat.bücher.example"],
      xmppService: "xmpps://xmpp.example.com:5348",
      xmppDomains: {},
      xmppPlain: "private",
      directory: "open",
      capabilities: allCapabilities,
      rates: ratesOf(limits),
      standby: false,
      traces: undefined,
    });
    assert.equal(read({ ...good, "causeway:standby": true }).standby, true);
  });

  test("takes several domains, prepared; one below another is one of its own", () => {
    const { domains } = read({
      ...good,
      "causeway:domains": "IM.example.com,chat.im.example.com,xn--bcher-kva.de",
    });
    assert.deepEqual(domains, ["im.example.com", "chat.im.example.com", "bücher.de"]);
  });

  test("sends traces nowhere, to AWS or to a collector, and as many as it is told", () => {
    const traces = (to: unknown, ratio?: unknown) =>
      read({ ...good, "causeway:traces": to, ...(ratio !== undefined && { "causeway:traceRatio": ratio }) })
        .traces;
    assert.equal(traces("off", "0.5"), undefined);
    assert.deepEqual(traces("aws"), {});
    assert.deepEqual(traces("aws", 0.1), { ratio: 0.1 });
    assert.deepEqual(traces("https://otel.example.com:4318", "1"), {
      collector: "https://otel.example.com:4318",
      ratio: 1,
    });
    for (const wrong of ["on", "otel.example.com:4318"]) {
      assert.throws(() => traces(wrong), /"causeway:traces" is .*, not of the form aws: /);
    }
    assert.throws(() => traces("aws", "2"), /"causeway:traceRatio" is .*, not of the form 0\.05: /);
  });

  test("refuses a domain that is named twice", () => {
    const reading = () => read({ ...good, "causeway:domains": "im.example.com,IM.example.com" });
    const way =
      /"causeway:domains" is "im.example.com,IM.example.com": im.example.com is in it twice, name each/;
    assert.throws(reading, way);
  });

  test("takes another server for single domains, as an object and as JSON from the command line", () => {
    const service = "xmpp://10.0.0.5:5347";
    const servers = { "Chat.bücher.example": { service, plain: "private" } };
    for (const declared of [servers, JSON.stringify(servers)]) {
      const { xmppDomains } = read({ ...good, "causeway:xmppDomains": declared });
      assert.deepEqual(xmppDomains, { "chat.bücher.example": { service, plain: "private" } });
    }
  });

  for (const [value, fault] of [
    ["{", "it is no JSON: pass an object like "],
    [[], "it is no object: set it to one like "],
    [{ "im.other.example": {} }, '"im.other.example" is not served: name one of chat.bücher.example'],
    [{ "chat.bücher.example": "xmpps://x:1" }, 'chat.bücher.example is "xmpps://x:1": set it to an object'],
    [{ "chat.bücher.example": {} }, "chat.bücher.example.service is undefined: set it to the component"],
    [{ "chat.bücher.example": { service: "x:1" } }, 'chat.bücher.example.service is "x:1": set it to the'],
    [{ "chat.bücher.example": { secret: "s" } }, "chat.bücher.example.secret is no setting: there are"],
    [
      { "chat.bücher.example": { service: "xmpp://x:1" } },
      'chat.bücher.example.service is "xmpp://x:1", a plain stream: use xmpps://, or set',
    ],
    [
      { "chat.bücher.example": { service: "xmpps://x:1", plain: 1 } },
      "chat.bücher.example.plain is 1: set it",
    ],
  ] as const) {
    test(`refuses ${JSON.stringify(value)} as causeway:xmppDomains, and says what to do`, () => {
      const reading = () => read({ ...good, "causeway:xmppDomains": value });
      assert.throws(reading, (error: Error) =>
        error.message.startsWith(`CDK context "causeway:xmppDomains": ${fault}`),
      );
    });
  }

  test("takes how much may come in, and names what is wrong with it", () => {
    const overall = { perS: 7, burst: 8 };
    for (const declared of [{ overall }, JSON.stringify({ overall })]) {
      assert.deepEqual(read({ ...good, "causeway:rates": declared }).rates.overall, overall);
    }
    const reading = () => read({ ...good, "causeway:rates": { overall: { perS: 0, burst: 1 } } });
    assert.throws(reading, /"causeway:rates": overall.perS is wrong: set it to /);
  });

  test("takes what the native system can do as an object, and as JSON from the command line", () => {
    for (const declared of [{ typing: false }, '{"typing":false}']) {
      const config = read({ ...good, "causeway:capabilities": declared });
      assert.deepEqual(config.capabilities, { ...allCapabilities, typing: false });
    }
  });

  for (const wrong of [{ typing: 0 }, '{"typing":0}']) {
    test(`names what is wrong with capabilities, and the fix: ${JSON.stringify(wrong)}`, () => {
      const reading = () => read({ ...good, "causeway:capabilities": wrong });
      assert.throws(reading, /"causeway:capabilities": typing is 0: set it to true or false; see docs/);
    });
  }

  test("takes a plain stream only where it says how far it may go", () => {
    const plain = { ...good, "causeway:xmppService": "xmpp://xmpp.example.com:5347" };
    assert.throws(() => read(plain), /a plain stream: use xmpps:\/\/, or pass -c causeway:xmppPlain=private/);
    for (const how of ["private", "allow"]) {
      assert.equal(read({ ...plain, "causeway:xmppPlain": how }).xmppPlain, how);
    }
    assert.throws(
      () => read({ ...good, "causeway:xmppPlain": "yes" }),
      /"causeway:xmppPlain" is "yes": pass -c/,
    );
  });

  for (const key of Object.keys(good)) {
    test(`names ${key} and the fix when it is missing`, () => {
      const { [key]: _, ...rest } = good;
      assert.throws(() => read(rest), new RegExp(`"${key}" is missing: set it in cdk\\.json .* -c ${key}=`));
    });
  }

  for (const [key, value] of [
    ["causeway:domains", ""],
    ["causeway:domains", "im.example.com, other"],
    ["causeway:domains", "im.example.com,,other"],
    ["causeway:domains", ["im.example.com"]],
    ["causeway:xmppService", "xmpp.example.com:5347"],
    ["causeway:xmppService", "xmpp://xmpp.example.com"],
    ["causeway:xmppService", "xmppss://xmpp.example.com:5348"],
    ["causeway:directory", "closed"],
    ["causeway:standby", "yes"],
  ] as const) {
    test(`refuses ${JSON.stringify(value)} as ${key}, and says what it should look like`, () => {
      assert.throws(() => read({ ...good, [key]: value }), new RegExp(`"${key}" is .*, not of the form `));
    });
  }
});
