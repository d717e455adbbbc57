/** The environment: what is taken, and one line with the way out for what is not. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { readConnectorEnv } from "#aws/connector-env.ts";
import { readFunctionEnv } from "#aws/env.ts";
import { allCapabilities } from "#core/capabilities.ts";
import { environmentNameOf, queueNames } from "#core/contract/queues.ts";
import { limits } from "#core/limits.ts";
import { ratesOf } from "#core/rates.ts";

const folder = mkdtempSync(join(tmpdir(), "causeway-env-"));
after(() => rmSync(folder, { recursive: true }));

const secret = "s3cret-of-the-component";
const queues = Object.fromEntries(
  queueNames.flatMap((queue) => [
    [`CAUSEWAY_QUEUE_${environmentNameOf(queue)}`, `http://127.0.0.1:9324/0/${queue}.fifo`],
    [`CAUSEWAY_DEAD_LETTERS_${environmentNameOf(queue)}`, `http://127.0.0.1:9324/0/${queue}-dead.fifo`],
  ]),
);
const common = { CAUSEWAY_DOMAINS: "im.example.com", CAUSEWAY_TABLE: "causeway", ...queues };
const connector = {
  ...common,
  CAUSEWAY_XMPP_SERVICE: "xmpp://127.0.0.1:5347",
  CAUSEWAY_XMPP_SECRET: secret,
};
type Variables = Readonly<Record<string, string | undefined>>;

const ofFunction = (change: Variables = {}) =>
  readFunctionEnv(["nativeDeliveries"], { ...common, ...change });
const ofConnector = (change: Variables = {}) => readConnectorEnv({ ...connector, ...change });

function complaint(read: { ok: true } | { ok: false; error: string }): string {
  assert.ok(!read.ok, "it was taken");
  assert.ok(!read.error.includes("\n"), "one line");
  assert.ok(!read.error.includes(secret), "never the secret");
  return read.error;
}

describe("a function's environment", () => {
  test("is read with defaults for what may be left out", () => {
    const env = ofFunction();
    assert.ok(env.ok);
    const { urls, deadLetterUrls, ...rest } = env.value;
    assert.deepEqual(rest, {
      region: "us-east-1",
      table: "causeway",
      domains: ["im.example.com"],
      directory: "announced",
      resync: { pairsPerS: limits.resyncPairsPerS, settleS: limits.resyncSettleS },
      capabilities: allCapabilities,
      traces: { ratio: limits.traceRatio, service: "causeway", target: { kind: "nowhere" } },
    });
    assert.equal(urls.nativeDeliveries, queues["CAUSEWAY_QUEUE_NATIVE_DELIVERIES"]);
    assert.equal(deadLetterUrls.messageStanzas, queues["CAUSEWAY_DEAD_LETTERS_MESSAGE_STANZAS"]);
  });

  test("takes domains as stanzas name them", () => {
    const env = ofFunction({ CAUSEWAY_DOMAINS: " IM.Example.COM, xn--bcher-kva.example" });
    assert.ok(env.ok);
    assert.deepEqual(env.value.domains, ["im.example.com", "bücher.example"]);
  });

  test("complains about what is missing, and says what to set it to", () => {
    for (const [name, way] of [
      ["CAUSEWAY_DOMAINS", /component domains/],
      ["CAUSEWAY_TABLE", /DynamoDB table/],
      ["CAUSEWAY_QUEUE_NATIVE_DELIVERIES", /URL of that queue/],
    ] as const) {
      const error = complaint(ofFunction({ [name]: undefined }));
      assert.ok(error.startsWith(`${name} is missing: set it to `), error);
      assert.match(error, way);
    }
  });

  test("complains about what is wrong, and says what it is and ought to be", () => {
    for (const [name, value] of [
      ["CAUSEWAY_DOMAINS", ""],
      ["CAUSEWAY_DOMAINS", "im.example.com,,"],
      ["CAUSEWAY_DOMAINS", "im.example.com, IM.Example.com"],
      ["CAUSEWAY_DOMAINS", "im example"],
      ["CAUSEWAY_DOMAINS", "a\nb"],
      ["CAUSEWAY_TABLE", "t"],
      ["CAUSEWAY_DIRECTORY", "closed"],
      ["AWS_REGION", ""],
      ["SQS_ENDPOINT", "localhost:9324"],
      ["DYNAMODB_ENDPOINT", "http://"],
    ] as const) {
      const error = complaint(ofFunction({ [name]: value }));
      assert.ok(error.startsWith(`${name} is ${JSON.stringify(value)}: set it to `), error);
      assert.ok(!error.endsWith("something else"), error);
    }
  });

  test("says what the native system can do, and which part of that is wrong", () => {
    const env = ofFunction({ CAUSEWAY_CAPABILITIES: '{"edits":false}' });
    assert.ok(env.ok);
    assert.deepEqual(env.value.capabilities, { ...allCapabilities, edits: false });
    for (const [value, start] of [
      ["", "CAUSEWAY_CAPABILITIES: not JSON: set it to "],
      ['{"body":{"charsMax":1}}', "CAUSEWAY_CAPABILITIES: body.charsMax is 1: set it to "],
    ] as const) {
      const error = complaint(ofFunction({ CAUSEWAY_CAPABILITIES: value }));
      assert.ok(error.startsWith(start), error);
    }
  });

  test("asks only for the queues that the function sends to", () => {
    assert.ok(ofFunction({ CAUSEWAY_QUEUE_WALKS: undefined }).ok);
  });
});

describe("the connector's environment", () => {
  test("is read whole", () => {
    const env = ofConnector({ CAUSEWAY_LANES: "16", CAUSEWAY_HEALTH_PORT: "9000", CAUSEWAY_LEASE: "on" });
    assert.ok(env.ok);
    assert.partialDeepStrictEqual(env.value, {
      domains: ["im.example.com"],
      connections: [
        {
          domain: "im.example.com",
          service: "xmpp://127.0.0.1:5347",
          plainAllowed: false,
          secret: { kind: "given", secret },
        },
      ],
      status: false,
      lanes: 16,
      leased: true,
      healthHost: "127.0.0.1",
      healthPort: 9000,
    });
  });

  test("takes rates one by one, with defaults for the rest", () => {
    const env = ofConnector({ CAUSEWAY_RATES: '{"sender":{"perS":5,"burst":20}}' });
    assert.ok(env.ok);
    assert.deepEqual(env.value.rates, { ...ratesOf(limits), sender: { perS: 5, burst: 20 } });
    for (const [wrong, path] of [
      ["5", "it"],
      ["[]", "it"],
      ['{"everybody":{"perS":5,"burst":20}}', "everybody"],
      ['{"sender":{"perS":0,"burst":20}}', "sender.perS"],
      ['{"sender":{"perS":5}}', "sender.burst"],
      ["{", "not JSON"],
    ] as const) {
      const error = complaint(ofConnector({ CAUSEWAY_RATES: wrong }));
      assert.ok(error.startsWith(`CAUSEWAY_RATES: ${path}`), error);
    }
  });

  test("takes the secret from a file", () => {
    const file = join(folder, "secret");
    writeFileSync(file, `${secret}\n`);
    const env = ofConnector({ CAUSEWAY_XMPP_SECRET: undefined, CAUSEWAY_XMPP_SECRET_FILE: file });
    assert.ok(env.ok);
    assert.deepEqual(env.value.connections[0]?.secret, { kind: "file", file });
  });

  test("takes the secret from Secrets Manager, where neither it nor a file is given", () => {
    const arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:XmppSecret-AbCdEf";
    const env = ofConnector({ CAUSEWAY_XMPP_SECRET: undefined, CAUSEWAY_XMPP_SECRET_ARN: arn });
    assert.ok(env.ok);
    assert.deepEqual(env.value.connections[0]?.secret, { kind: "arn", arn });
  });

  test("complains about a secret that is missing, empty or out of reach", () => {
    const empty = join(folder, "empty");
    writeFileSync(empty, " \n");
    const without = { CAUSEWAY_XMPP_SECRET: undefined };
    assert.match(complaint(ofConnector(without)), /^CAUSEWAY_XMPP_SECRET is missing: set it .*_FILE/);
    assert.match(complaint(ofConnector({ CAUSEWAY_XMPP_SECRET: "" })), /^CAUSEWAY_XMPP_SECRET is missing/);
    for (const file of [empty, join(folder, "none"), folder]) {
      const error = complaint(ofConnector({ ...without, CAUSEWAY_XMPP_SECRET_FILE: file }));
      assert.ok(error.startsWith(`CAUSEWAY_XMPP_SECRET_FILE: ${file} `), error);
    }
  });

  test("never tells the secret, whatever else is wrong", () => {
    for (const [name, value] of [
      ["CAUSEWAY_LANES", "12"],
      ["CAUSEWAY_LANES", "0"],
      ["CAUSEWAY_LANES", "two"],
      ["CAUSEWAY_LANES", "2048"],
      ["CAUSEWAY_LEASE", "maybe"],
      ["CAUSEWAY_XMPP_SERVICE", "127.0.0.1:5347"],
      ["CAUSEWAY_XMPP_SERVICE", "xmpps://xmpp.example.com"],
      ["CAUSEWAY_XMPP_SERVICE", "xmpps://xmpp.example.com:99999"],
      ["CAUSEWAY_XMPP_PLAIN", "yes"],
      ["CAUSEWAY_XMPP_SECRET_ARN", "XmppSecret"],
      ["CAUSEWAY_HEALTH_PORT", "70000"],
      ["CAUSEWAY_HEALTH_PORT", "http"],
      ["CAUSEWAY_HEALTH_HOST", ""],
    ] as const) {
      const error = complaint(ofConnector({ [name]: value }));
      assert.ok(error.startsWith(`${name} is ${JSON.stringify(value)}: set it to `), error);
    }
    complaint(ofConnector({ CAUSEWAY_XMPP_SERVICE: undefined }));
    complaint(ofConnector({ CAUSEWAY_QUEUE_IQ_STANZAS: undefined }));
    const dead = complaint(ofConnector({ CAUSEWAY_DEAD_LETTERS_OUTBOUND_STANZAS: undefined }));
    assert.ok(dead.startsWith("CAUSEWAY_DEAD_LETTERS_OUTBOUND_STANZAS is missing: set it to "));
  });
});
