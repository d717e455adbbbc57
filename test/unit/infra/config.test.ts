import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { allCapabilities } from "#core/capabilities.ts";
import { limits } from "#core/limits.ts";
import { ratesOf } from "#core/rates.ts";
import { readConfig } from "#infra/read-config.ts";

const good = {
  domains: ["chat.bücher.example"],
  xmppService: "xmpps://xmpp.example.com:5348",
} as const;

const read = (change: Readonly<Record<string, unknown>>) => readConfig({ ...good, ...change });

const secretArn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:xmpp-AbCdEf";
const arn = "arn:aws:sqs:eu-central-1:123456789012:their-queue";

describe("the deployment's configuration", () => {
  test("needs a domain and a server; everything else has a default", () => {
    assert.deepEqual(readConfig(good), {
      domains: ["chat.bücher.example"],
      xmppService: "xmpps://xmpp.example.com:5348",
      xmppDomains: {},
      xmppPlain: "private",
      xmppCa: undefined,
      xmppSecretArn: undefined,
      xmppSecretKeyArn: undefined,
      directory: "announced",
      capabilities: allCapabilities,
      rates: ratesOf(limits),
      lanes: 8,
      standby: true,
      traces: undefined,
      network: {},
      nativePrincipals: [],
      deliveriesQueueArn: undefined,
      encryption: "aws",
      permissionsBoundaryArn: undefined,
      removal: "retain",
      logRetentionDays: 30,
      alarmEmail: undefined,
      alarmTopicArn: undefined,
      runbookUrl: "docs/runbook.md",
      transactionSearch: false,
    });
  });

  test("is overridden property by property, by text from the command line too", () => {
    const config = readConfig(good, {
      domains: "IM.example.com,chat.im.example.com,xn--bcher-kva.de",
      standby: "false",
      lanes: "16",
      capabilities: '{"typing":false}',
      rates: '{"overall":{"perS":7,"burst":8}}',
      network: '{"vpcId":"vpc-12345678","subnetIds":["subnet-12345678"],"publicIp":"true"}',
      nativePrincipals: "123456789012,arn:aws:iam::210987654321:role/chat",
      logRetentionDays: "7",
      transactionSearch: "true",
    });
    // Prepared; one below another is one of its own.
    assert.deepEqual(config.domains, ["im.example.com", "chat.im.example.com", "bücher.de"]);
    assert.equal(config.standby, false);
    assert.equal(config.lanes, 16);
    assert.equal(config.capabilities.typing, false);
    assert.deepEqual(config.rates.overall, { perS: 7, burst: 8 });
    assert.deepEqual(config.network, {
      vpcId: "vpc-12345678",
      subnetIds: ["subnet-12345678"],
      publicIp: true,
    });
    assert.deepEqual(config.nativePrincipals, ["123456789012", "arn:aws:iam::210987654321:role/chat"]);
    assert.equal(config.logRetentionDays, 7);
    assert.equal(config.transactionSearch, true);
  });

  test("takes another server for single domains", () => {
    const service = "xmpp://10.0.0.5:5347";
    const servers = { "Chat.bücher.example": { service, plain: "private" } };
    for (const xmpp of [servers, JSON.stringify(servers)]) {
      const { xmppDomains } = readConfig(good, { xmppDomains: xmpp });
      assert.deepEqual(xmppDomains, { "chat.bücher.example": { service, plain: "private" } });
    }
  });

  test("takes a server by its private address where connectors reach it, or may", () => {
    const behind = { vpcId: "vpc-12345678", cidr: "10.20.0.0/16" };
    for (const [service, network] of [
      ["xmpp://10.0.255.255:5347", {}],
      ["xmpp://10.20.0.5:5347", { peering: behind }],
      ["xmpps://10.7.0.5:5348", { cidr: "10.7.0.0/24", peering: behind }],
      ["xmpp://192.168.1.7:5347", { vpcId: "vpc-12345678", subnetIds: ["subnet-12345678"] }],
      ["xmpp://internal.example.com:5347", {}],
    ] as const) {
      assert.equal(read({ xmppService: service, xmppPlain: "private", network }).xmppService, service);
      const xmppDomains = { "chat.bücher.example": { service, plain: "private" } };
      assert.deepEqual(read({ xmppDomains, network }).xmppDomains, xmppDomains);
    }
  });

  test("takes a key of KMS, by its ARN, for everything or for a secret that is there", () => {
    for (const id of ["11111111-2222-3333-4444-555555555555", `mrk-${"0123456789abcdef".repeat(2)}`]) {
      const key = `arn:aws:kms:eu-central-1:123456789012:key/${id}`;
      assert.equal(read({ encryption: key }).encryption, key);
      const { xmppSecretKeyArn } = read({ xmppSecretArn: secretArn, xmppSecretKeyArn: key });
      assert.equal(xmppSecretKeyArn, key);
    }
  });

  test("sends traces nowhere, to AWS or to a collector, and as many as it is told", () => {
    assert.equal(read({ traces: "off" }).traces, undefined);
    assert.deepEqual(read({ traces: "aws" }).traces, {});
    assert.deepEqual(read({ traces: "aws", traceRatio: "0.1" }).traces, { ratio: 0.1 });
    const collector = "https://otel.example.com:4318";
    assert.deepEqual(read({ traces: collector, traceRatio: 1 }).traces, { collector, ratio: 1 });
  });

  test("takes a plain stream only where it says how far it may go", () => {
    const plain = { xmppService: "xmpp://xmpp.example.com:5347" };
    for (const how of ["private", "allow"]) {
      assert.equal(read({ ...plain, xmppPlain: how }).xmppPlain, how);
    }
    const network = { vpcId: "vpc-12345678", subnetIds: ["subnet-12345678"] };
    for (const xmppService of ["xmpp://10.0.3.7:5347", "xmpp://[fd00::7]:5347"]) {
      assert.equal(read({ xmppService, xmppPlain: "private", network }).xmppPlain, "private");
    }
    assert.equal(read({ xmppService: "xmpp://8.8.8.8:5347", xmppPlain: "allow" }).xmppPlain, "allow");
  });
});

describe("a wrong configuration is refused with key, value and fix", () => {
  for (const [key, value, complaint] of [
    ["domains", undefined, "domains is missing: set it to a list of component domains like im.example.com"],
    ["domains", "", 'domains is [""]: set it to component domains: entry 1 is empty'],
    [
      "domains",
      "im..example",
      'domains is ["im..example"]: set it to component domains: "im..example" is no',
    ],
    ["domains", ["a.example", "A.example"], "set it to component domains: a.example is in it twice"],
    ["domains", 7, "domains is 7: set it to a list of component domains"],
    ["xmppService", undefined, "xmppService is missing: set it to xmpps://host:port (TLS) or"],
    [
      "xmppService",
      "xmpp.example.com:5347",
      'xmppService is "xmpp.example.com:5347": set it to xmpps://host',
    ],
    ["xmppService", "xmpps://xmpp.example.com", "set it to xmpps://host:port"],
    [
      "xmppService",
      "xmpps://xmpp.example.com:99999",
      "set it to xmpps://host:port with a port from 1 to 65535",
    ],
    ["xmppService", "xmpps://xmpp.example.com:0", "set it to xmpps://host:port with a port from 1"],
    ["xmppService", "xmpps://im:pw@xmpp.example.com:5348", "set it to xmpps://host:port (TLS)"],
    [
      "xmppService",
      "xmpp://xmpp.example.com:5347",
      "a plain stream: use xmpps://, or set xmppPlain to private",
    ],
    ["xmppPlain", "yes", 'xmppPlain is "yes": set it to private or allow'],
    [
      "xmppDomains",
      { "im.other.example": { service: "xmpps://x:1" } },
      "xmppDomains.im.other.example is not served",
    ],
    ["xmppDomains", { "chat.bücher.example": { service: "x:1" } }, 'service is "x:1": set it to xmpps://'],
    ["xmppDomains", { "chat.bücher.example": {} }, "service is missing: set it to xmpps://host:port"],
    [
      "xmppDomains",
      { "chat.bücher.example": { service: "xmpp://x:1" } },
      "a plain stream: use xmpps://, or set",
    ],
    ["xmppDomains", { "chat.bücher.example": { secret: "s" } }, "service is missing"],
    ["xmppDomains", "{", 'xmppDomains is "{": set it to an object with domains as keys'],
    [
      "xmppDomains",
      { "chat.bücher.example": 1 },
      "xmppDomains.chat.bücher.example is 1: set it to an object with",
    ],
    ["network", "vpc-12345678", 'network is "vpc-12345678": set it to an object with cidr'],
    ["xmppSecretArn", "xmpp-secret", 'xmppSecretArn is "xmpp-secret": set it to a whole ARN, with the six'],
    [
      "xmppSecretArn",
      "arn:aws:secretsmanager:eu-central-1:123456789012:secret:xmpp",
      "set it to a whole ARN, with the six characters that AWS adds to the name, like arn:aws:secretsmanager:",
    ],
    ["directory", "closed", 'directory is "closed": set it to announced or open'],
    ["capabilities", { typing: 0 }, "capabilities: typing is 0: set it to true or false"],
    ["rates", { overall: { perS: 0, burst: 1 } }, "rates: overall.perS is 0: set it to"],
    ["rates", { all: 1 }, "rates: all is unknown: set it to an object of sender, presence, domain, overall"],
    ["rates", { sender: { perS: 1 } }, "rates: sender.burst is missing: set it to an object of sender"],
    ["rates", { sender: 1 }, "rates: sender is 1: set it to an object of sender, presence, domain, overall"],
    ["lanes", 9, "lanes is 9: set it to a power of two up to 1024, like 8"],
    ["lanes", "2048", "lanes is 2048: set it to a power of two"],
    ["standby", "yes", 'standby is "yes": set it to true or false'],
    ["traces", "on", 'traces is "on": set it to off, aws, or the URL of an OTLP/HTTP collector'],
    ["traces", "http://otel.example.com:99999", "set it to off, aws, or the URL of an OTLP/HTTP collector"],
    ["traceRatio", 2, "traceRatio is 2: set it to a part of 1, like 0.05"],
    ["network", { vpcId: "vpc-12345678" }, "network.subnetIds is missing: set it to the ids of subnets like"],
    [
      "network",
      { subnetIds: ["subnet-12345678"] },
      "network.vpcId is missing: set it to the id of a VPC like",
    ],
    [
      "network",
      { vpcId: "mine", subnetIds: ["subnet-12345678"] },
      'network.vpcId is "mine": set it to the id',
    ],
    ["network", { natGateways: 3 }, "network.natGateways is 3: set it to 0, 1 or 2"],
    ["network", { peering: { vpcId: "vpc-12345678" } }, "network.peering.cidr is missing: set it to a block"],
    ["network", { cidr: "10.0.0.256/16" }, 'network.cidr is "10.0.0.256/16": set it to a block of addresses'],
    ["network", { cidr: "10.0.0.0/33" }, "set it to a block of addresses like 10.7.0.0/16"],
    ["network", { cidr: "10.0.0.0/8" }, "set it to a block of addresses from /16 to /26"],
    ["network", { cidr: "10.0.0.0/27" }, "set it to a block of addresses from /16 to /26"],
    [
      "network",
      { peering: { vpcId: "vpc-12345678", cidr: "10.0.0.0/8" } },
      "set it to addresses that do not overlap: cidr (default: 10.0.0.0/16) and peering.cidr",
    ],
    [
      "network",
      { cidr: "10.7.0.0/16", peering: { vpcId: "vpc-12345678", cidr: "10.7.128.0/20" } },
      "set it to addresses that do not overlap",
    ],
    [
      "nativePrincipals",
      ["me"],
      'nativePrincipals.0 is "me": set it to accounts of 12 digits, or ARNs of roles',
    ],
    ["deliveriesQueueArn", arn, `deliveriesQueueArn is "${arn}": set it to the ARN of a FIFO queue`],
    ["encryption", "always", 'encryption is "always": set it to aws, key, or the ARN of a key of KMS'],
    [
      "encryption",
      "key/abc",
      'encryption is "key/abc": set it to aws, key, or the ARN of a key of KMS, like arn:',
    ],
    [
      "encryption",
      "arn:aws:kms:eu-central-1:123456789012:key/abc",
      'encryption is "arn:aws:kms:eu-central-1:123456789012:key/abc": set it to aws, key, or the ARN of a key',
    ],
    [
      "xmppSecretKeyArn",
      "alias/xmpp",
      'xmppSecretKeyArn is "alias/xmpp": set it to the ARN of a key of KMS, like arn:aws:kms:',
    ],
    [
      "permissionsBoundaryArn",
      "boundary",
      'permissionsBoundaryArn is "boundary": set it to the ARN of a policy',
    ],
    ["removal", "keep", 'removal is "keep": set it to retain or destroy'],
    ["logRetentionDays", 31, "logRetentionDays is 31: set it to days that CloudWatch knows: 1, 3, 5"],
    ["alarmEmail", "oncall", 'alarmEmail is "oncall": set it to an address like oncall@example.com'],
    ["alarmTopicArn", "topic", 'alarmTopicArn is "topic": set it to the ARN of a topic of SNS'],
    ["runbookUrl", "runbook#top", 'runbookUrl is "runbook#top": set it to a URL or path without #'],
    ["transactionSearch", 1, "transactionSearch is 1: set it to true or false"],
    ["standBy", true, "standBy is true, and unknown: leave it out; known are domains, xmppService"],
    ["network", { vpc: "vpc-12345678" }, 'network.vpc is "vpc-12345678", and unknown: leave it out'],
    ["xmppSecret", "hunter2", "xmppSecret is there, and unknown: leave it out; known are"],
  ] as const) {
    test(`${key}: ${JSON.stringify(value)}`, () => {
      assert.throws(
        () => read({ [key]: value }),
        ({ message }: Error) => {
          assert.ok(message.startsWith("configuration: ") && message.includes(complaint), message);
          assert.ok(!message.includes("\n"));
          return true;
        },
      );
    });
  }
});
