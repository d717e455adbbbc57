import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readConfig } from "#infra/config.ts";

const good: Readonly<Record<string, unknown>> = {
  "causeway:domains": "im.example.com,chat.bücher.example",
  "causeway:xmppService": "xmpp://xmpp.example.com:5347",
  "causeway:directory": "open",
  "causeway:standby": "false",
};

const read = (context: Readonly<Record<string, unknown>>) => readConfig((key) => context[key]);

describe("the deployment's configuration", () => {
  test("is read from the CDK context", () => {
    assert.deepEqual(read(good), {
      domains: ["im.example.com", "chat.bücher.example"],
      xmppService: "xmpp://xmpp.example.com:5347",
      directory: "open",
      standby: false,
    });
    assert.equal(read({ ...good, "causeway:standby": true }).standby, true);
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
    ["causeway:domains", ["im.example.com"]],
    ["causeway:xmppService", "xmpp.example.com:5347"],
    ["causeway:xmppService", "xmpp://xmpp.example.com"],
    ["causeway:directory", "closed"],
    ["causeway:standby", "yes"],
  ] as const) {
    test(`refuses ${JSON.stringify(value)} as ${key}, and says what it should look like`, () => {
      assert.throws(() => read({ ...good, [key]: value }), new RegExp(`"${key}" is .*, not of the form `));
    });
  }
});
