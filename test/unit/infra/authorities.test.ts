/** Authorities of one's own: from a file at the synth into the connector's environment, and to the operator's tool. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { readConfig } from "#infra/read-config.ts";
import { readDeployment } from "#local/ops/bridge-aws.ts";
import { ensureCertificate } from "#local/servers/certificate.ts";
import { type JsonObject, ofType, only, type Resources, smallest, synthesize } from "./templates.ts";

const folder = mkdtempSync(join(tmpdir(), "causeway-authorities-"));
after(() => rmSync(folder, { recursive: true }));

const ours = await ensureCertificate(folder, "ours.example");
const theirs = await ensureCertificate(folder, "theirs.example");
const ourPem = readFileSync(ours.certificateFile, "utf8");
const theirPem = readFileSync(theirs.certificateFile, "utf8");

function fileOf(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

const [first, second] = ["im.example.com", "im.example.org"] as const;
const service = "xmpps://xmpp.example.org:5999";
const good = { domains: [first, second], xmppService: "xmpps://xmpp.example.com:5348" };

describe("authorities of the configuration", () => {
  test("are the certificates of a file, and nothing else of it", () => {
    const bundle = fileOf("bundle.pem", `Our root\n${ourPem}\r\n\nTheirs\n${theirPem.trim()}`);
    assert.equal(readConfig(good, { xmppCaFile: bundle }).xmppCa, `${ourPem}${theirPem}`);
    const xmppDomains = { [second]: { service, caFile: theirs.certificateFile } };
    const config = readConfig({ ...good, xmppDomains });
    assert.equal(config.xmppCa, undefined);
    assert.deepEqual(config.xmppDomains, { [second]: { service, ca: theirPem } });
  });

  for (const [what, file, complaint, server] of [
    [
      "that is not there",
      join(folder, "none.pem"),
      "which cannot be read: set it to a PEM file with",
      service,
    ],
    [
      "without a certificate",
      fileOf("empty.pem", "none"),
      "which holds no certificate: give one in",
      service,
    ],
    ["with a part of one", fileOf("cut.pem", ourPem.slice(0, 200)), "that cannot be read: copy it", service],
    ["with a key", ours.bothFile, "which holds a private key: give the authority's certificate", service],
    ["with too many", fileOf("many.pem", ourPem.repeat(20)), "authority alone, up to 8192", service],
    [
      "for a plain stream",
      ours.certificateFile,
      "plain stream: leave it out, or use",
      "xmpp://10.0.0.5:5347",
    ],
  ] as const) {
    test(`of a file ${what} are refused with key, value and fix`, () => {
      const ofAll = { xmppService: server, xmppPlain: "private", xmppCaFile: file };
      const ofOne = { xmppDomains: { [second]: { service: server, plain: "private", caFile: file } } };
      for (const [key, change] of [
        ["xmppCaFile", ofAll],
        [`xmppDomains.${second}.caFile`, ofOne],
      ] as const) {
        assert.throws(
          () => readConfig(good, change),
          ({ message }: Error) => {
            const start = `configuration: ${key} is ${JSON.stringify(file)}, `;
            assert.ok(message.startsWith(start) && message.includes(complaint), message);
            assert.ok(!message.includes("\n"));
            return true;
          },
        );
      }
    });
  }

  test("are named by a path", () => {
    assert.throws(
      () => readConfig(good, { xmppCaFile: 1 }),
      /xmppCaFile is 1: set it to the path of a PEM file/,
    );
  });
});

describe("deployed authorities", () => {
  function variablesOf(compute: Resources): Map<unknown, unknown> {
    const [container] = only(compute, "AWS::ECS::TaskDefinition").Properties[
      "ContainerDefinitions"
    ] as readonly JsonObject[];
    const variables = container?.["Environment"] as readonly JsonObject[];
    return new Map(variables.map(({ Name, Value }) => [Name, Value]));
  }
  /** What `npm run ops` finds. */
  function serversOf({ state, compute }: { readonly state: Resources; readonly compute: Resources }) {
    const told = [state, compute].flatMap((template) => ofType(template, "AWS::SSM::Parameter"));
    const read = readDeployment(
      new Map(told.map(({ Properties: { Name, Value } }) => [String(Name), String(Value)])),
    );
    assert.ok(read.ok);
    return read.value.servers;
  }
  const settingsOf = (variables: Map<unknown, unknown>) =>
    JSON.stringify(variables.get("CAUSEWAY_XMPP_DOMAINS"));

  test("are none by default", () => {
    assert.ok(!variablesOf(smallest.compute).has("CAUSEWAY_XMPP_CA"));
    assert.ok(![...serversOf(smallest).values()].some((server) => "ca" in server));
  });

  test("reach the connector and the operator as text, and vouch for no other server", () => {
    const xmppCaFile = ours.certificateFile;
    const templates = synthesize({ ...good, xmppCaFile, xmppDomains: { [second]: { service } } });
    const variables = variablesOf(templates.compute);
    assert.equal(variables.get("CAUSEWAY_XMPP_CA"), ourPem);
    assert.match(settingsOf(variables), /\\"ca\\":\\"\\"/);
    const servers = serversOf(templates);
    assert.equal(servers.get(first)?.ca, ourPem);
    assert.ok(!("ca" in (servers.get(second) ?? { ca: "" })));
  });

  test("are of one domain where its server has its own", () => {
    const xmppDomains = { [second]: { service, caFile: theirs.certificateFile } };
    const templates = synthesize({ ...good, xmppDomains });
    const variables = variablesOf(templates.compute);
    assert.ok(!variables.has("CAUSEWAY_XMPP_CA"));
    const text = JSON.stringify({ ca: theirPem }).slice(1, -1);
    assert.ok(settingsOf(variables).includes(JSON.stringify(text).slice(1, -1)));
    const servers = serversOf(templates);
    assert.ok(!("ca" in (servers.get(first) ?? { ca: "" })));
    assert.equal(servers.get(second)?.ca, theirPem);
  });
});
