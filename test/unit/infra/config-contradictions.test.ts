/** Properties that are well by themselves, and not beside another. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readConfig } from "#infra/read-config.ts";

const good = { domains: ["chat.bücher.example"], xmppService: "xmpps://xmpp.example.com:5348" };
const keyArn = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555";

describe("what contradicts another key is refused with key, value and fix", () => {
  const plainOf = (service: string) => ({ "chat.bücher.example": { service, plain: "private" } });
  for (const [change, complaint] of [
    [
      { xmppService: "xmpp://8.8.8.8:5347", xmppPlain: "private" },
      'xmppService is "xmpp://8.8.8.8:5347", a plain stream to a public address, which xmppPlain = private refuses: use xmpps://',
    ],
    [{ xmppService: "xmpp://[2001:db8::1]:5347", xmppPlain: "private" }, "or set xmppPlain to allow"],
    [
      { xmppDomains: plainOf("xmpp://8.8.8.8:5347") },
      "which xmppDomains.chat.bücher.example.plain = private refuses",
    ],
    [
      { traceRatio: 0.5 },
      "traceRatio is 0.5, and traces is off: leave it out, or set traces to aws or the URL",
    ],
    [
      { xmppService: "xmpp://10.1.2.3:5347", xmppPlain: "private" },
      'xmppService is "xmpp://10.1.2.3:5347", a private address that is not in network.cidr (10.0.0.0/16), so that no',
    ],
    [
      {
        xmppService: "xmpp://10.99.0.5:5347",
        xmppPlain: "private",
        network: { peering: { vpcId: "vpc-12345678", cidr: "10.20.0.0/16" } },
      },
      "not in network.cidr (10.0.0.0/16) or network.peering.cidr (10.20.0.0/16), so that no connector can reach it: set",
    ],
    [
      { xmppService: "xmpps://[fd00::7]:5348" },
      "a private address that is not in network.cidr (10.0.0.0/16)",
    ],
    [{ xmppService: "xmpp://127.0.0.1:5347", xmppPlain: "allow" }, "or network.peering to its vpcId and the"],
    [
      { xmppDomains: plainOf("xmpp://10.1.2.3:5347") },
      'xmppDomains.chat.bücher.example.service is "xmpp://10.1.2.3:5347", a private address that is not in',
    ],
    [
      { xmppSecretKeyArn: keyArn },
      `xmppSecretKeyArn is "${keyArn}", and xmppSecretArn is missing: set that to the secret that has this key`,
    ],
    [
      { xmppDomains: { "chat.bücher.example": { service: "xmpps://x:1", secretKeyArn: keyArn } } },
      "and xmppDomains.chat.bücher.example.secretArn is missing: set that to the secret",
    ],
    [{ traces: "off", traceRatio: 0 }, "traceRatio is 0, and traces is off"],
  ] as const) {
    test(JSON.stringify(change), () => {
      assert.throws(
        () => readConfig({ ...good, ...change }),
        ({ message }: Error) => {
          assert.ok(message.startsWith("configuration: ") && message.includes(complaint), message);
          return true;
        },
      );
    });
  }
});
