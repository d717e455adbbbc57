/** How the streams of several domains are opened: what holds for all, and what is said of one. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { readConnectorEnv } from "#aws/connector-env.ts";
import { queueSuffixOf } from "#aws/domains.ts";
import { environmentNameOf, queueNames } from "#core/contract/queues.ts";
import { ensureCertificate } from "#local/servers/certificate.ts";

const folder = mkdtempSync(join(tmpdir(), "causeway-connections-"));
after(() => rmSync(folder, { recursive: true }));
const { certificateFile, bothFile } = await ensureCertificate(folder, "authority.example");
const pem = readFileSync(certificateFile, "utf8");

const secret = "s3cret-of-the-component";
const environment = {
  CAUSEWAY_DOMAINS: "im.example.com",
  CAUSEWAY_TABLE: "causeway",
  CAUSEWAY_XMPP_SERVICE: "xmpp://127.0.0.1:5347",
  CAUSEWAY_XMPP_SECRET: secret,
  ...Object.fromEntries(
    queueNames.flatMap((queue) => [
      [`CAUSEWAY_QUEUE_${environmentNameOf(queue)}`, `http://127.0.0.1:9324/0/${queue}.fifo`],
      [`CAUSEWAY_DEAD_LETTERS_${environmentNameOf(queue)}`, `http://127.0.0.1:9324/0/${queue}-dead.fifo`],
    ]),
  ),
};

const ofConnector = (change: Readonly<Record<string, string | undefined>>) =>
  readConnectorEnv({ ...environment, ...change });

function complaint(read: { ok: true } | { ok: false; error: string }): string {
  assert.ok(!read.ok, "it was taken");
  assert.ok(!read.error.includes("\n"), "one line");
  assert.ok(!read.error.includes(secret), "never the secret");
  return read.error;
}

describe("the connections of domains", () => {
  test("of several domains takes what differs for one, and else what holds for all", () => {
    const file = join(folder, "own-secret");
    writeFileSync(file, "of-b");
    const own = {
      "IM.B.example": {
        service: "xmpps://b.example:5348",
        secretFile: file,
        caFile: "/ca.pem",
        plain: "allow",
      },
      "im.c.example": { plain: "allow" },
    };
    const env = ofConnector({
      CAUSEWAY_DOMAINS: "im.example.com,im.b.example,im.c.example",
      CAUSEWAY_XMPP_DOMAINS: JSON.stringify(own),
    });
    assert.ok(env.ok, JSON.stringify(env));
    const service = "xmpp://127.0.0.1:5347";
    const common = { kind: "given", secret };
    assert.deepEqual(env.value.connections, [
      { domain: "im.example.com", service, plainAllowed: false, secret: common },
      {
        domain: "im.b.example",
        service: "xmpps://b.example:5348",
        caFile: "/ca.pem",
        plainAllowed: true,
        secret: { kind: "file", file },
      },
      { domain: "im.c.example", service, plainAllowed: true, secret: common },
    ]);
    const suffix = queueSuffixOf("im.b.example");
    const { urls, deadLetterUrls } = env.value;
    assert.equal(
      urls["outboundStanzas/im.b.example"],
      `http://127.0.0.1:9324/0/outboundStanzas-${suffix}.fifo`,
    );
    assert.equal(
      deadLetterUrls["outboundPresence/im.b.example"],
      `http://127.0.0.1:9324/0/outboundPresence-${suffix}-dead.fifo`,
    );
  });

  test("takes authorities as text or from a file, of a domain before those of all, and Node's by an empty text", () => {
    const ofB = (own: object, all: Readonly<Record<string, string>>) => {
      const env = ofConnector({
        CAUSEWAY_DOMAINS: "im.example.com,im.b.example",
        CAUSEWAY_XMPP_DOMAINS: JSON.stringify({ "im.b.example": own }),
        ...all,
      });
      assert.ok(env.ok, JSON.stringify(env));
      return env.value.connections.map(({ ca, caFile }) => ca ?? caFile);
    };
    const given = { CAUSEWAY_XMPP_CA: `Our authority\n${pem}` };
    const file = { CAUSEWAY_XMPP_CA_FILE: "/ca.pem" };
    assert.deepEqual(ofB({}, given), [pem, pem]);
    assert.deepEqual(ofB({ caFile: "/b.pem" }, given), [pem, "/b.pem"]);
    assert.deepEqual(ofB({ ca: pem }, file), ["/ca.pem", pem]);
    assert.deepEqual(ofB({ ca: "" }, file), ["/ca.pem", undefined]);
    assert.deepEqual(ofB({}, { ...file, CAUSEWAY_XMPP_CA: "" }), ["/ca.pem", "/ca.pem"]);
  });

  test("refuses authorities that are given twice, are none, or come with a key", () => {
    for (const [change, start] of [
      [
        { CAUSEWAY_XMPP_CA: pem, CAUSEWAY_XMPP_CA_FILE: "/ca.pem" },
        "CAUSEWAY_XMPP_CA_FILE is set beside CAUSEWAY_XMPP_CA: ",
      ],
      [{ CAUSEWAY_XMPP_CA: "/ca.pem" }, "CAUSEWAY_XMPP_CA holds no certificate: give one in PEM"],
      [{ CAUSEWAY_XMPP_CA: readFileSync(bothFile, "utf8") }, "CAUSEWAY_XMPP_CA holds a private key: give"],
      [
        { CAUSEWAY_XMPP_DOMAINS: JSON.stringify({ "im.example.com": { ca: pem.slice(0, 200) } }) },
        "CAUSEWAY_XMPP_DOMAINS: im.example.com: ca holds a certificate that cannot be read: ",
      ],
    ] as const) {
      const error = complaint(ofConnector(change));
      assert.ok(error.startsWith(start), error);
    }
  });

  test("needs nothing for all where each domain has its own", () => {
    const env = ofConnector({
      CAUSEWAY_XMPP_SERVICE: undefined,
      CAUSEWAY_XMPP_SECRET: undefined,
      CAUSEWAY_XMPP_DOMAINS: `{"im.example.com":{"service":"xmpps://b.example:5348","secret":"${secret}"}}`,
    });
    assert.ok(env.ok);
  });

  test("refuses further domains where their queues cannot be told apart", () => {
    const url = "http://127.0.0.1:9324/0/out";
    const error = complaint(
      ofConnector({ CAUSEWAY_DOMAINS: "im.example.com,im.b.example", CAUSEWAY_QUEUE_OUTBOUND_STANZAS: url }),
    );
    assert.match(error, /^CAUSEWAY_QUEUE_OUTBOUND_STANZAS is .*: set it to a URL that ends in \.fifo/);
  });

  test("says what is wrong with the settings of a domain, by its name, and never what stands there", () => {
    const none = join(folder, "none");
    for (const [value, start] of [
      ["", "CAUSEWAY_XMPP_DOMAINS is no JSON object: set it to "],
      [`{"${secret}`, "CAUSEWAY_XMPP_DOMAINS is no JSON object: set it to "],
      [`["${secret}"]`, "CAUSEWAY_XMPP_DOMAINS is no JSON object: set it to "],
      [
        '{"im.other.example":{}}',
        'CAUSEWAY_XMPP_DOMAINS: "im.other.example" is not served: name one of im.ex',
      ],
      ['{"im.example.com":{},"IM.example.com":{}}', "CAUSEWAY_XMPP_DOMAINS: im.example.com is in it twice"],
      [`{"im.example.com":"${secret}"}`, "CAUSEWAY_XMPP_DOMAINS: im.example.com: set it to an object"],
      [
        `{"im.example.com":{"pass":"${secret}"}}`,
        'CAUSEWAY_XMPP_DOMAINS: im.example.com: "pass" is no setting',
      ],
      [
        `{"im.example.com":{"service":"${secret}"}}`,
        "CAUSEWAY_XMPP_DOMAINS: im.example.com: service is wrong",
      ],
      [
        `{"im.example.com":{"secret":["${secret}"]}}`,
        "CAUSEWAY_XMPP_DOMAINS: im.example.com: secret is wrong",
      ],
      [
        `{"im.example.com":{"secretArn":"${secret}"}}`,
        "CAUSEWAY_XMPP_DOMAINS: im.example.com: secretArn is wr",
      ],
      [
        '{"im.example.com":{"plain":true}}',
        "CAUSEWAY_XMPP_DOMAINS: im.example.com: plain is wrong: set it to",
      ],
      [
        '{"im.example.com":{"caFile":""}}',
        "CAUSEWAY_XMPP_DOMAINS: im.example.com: caFile is wrong: set it to",
      ],
      [`{"im.example.com":{"secretFile":"${none}"}}`, "CAUSEWAY_XMPP_DOMAINS: im.example.com: secretFile: "],
    ] as const) {
      const error = complaint(ofConnector({ CAUSEWAY_XMPP_DOMAINS: value }));
      assert.ok(error.startsWith(start), error);
    }
  });
});
