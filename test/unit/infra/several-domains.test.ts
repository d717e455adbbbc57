/** A deployment of several domains: their queues, who may use them, and what fits where. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { queueSuffixOf } from "#aws/domains.ts";
import { allCapabilities } from "#core/capabilities.ts";
import { outboundQueues, queueRefsOf } from "#core/contract/queues.ts";
import { limits } from "#core/limits.ts";
import { environmentOf } from "#infra/definitions/environment.ts";
import { functionDefinitions, functionNames } from "#infra/definitions/functions.ts";
import { parameters, serverParameter } from "#infra/definitions/parameters.ts";
import { deadLetterNameOf, perQueue, physicalNameOf } from "#infra/definitions/queues.ts";
import { type JsonObject, ofType, only, type Resources, type Statement, synthesize } from "./templates.ts";

const domains = ["im.example.com", "im.example.org"];
const { state, compute } = synthesize({
  domains,
  xmppDomains: { "im.example.org": { service: "xmpps://xmpp.example.org:5999" } },
});

function idOf(resources: Resources, name: string): string {
  const found = Object.entries(resources).find(([, { Properties }]) => Properties["QueueName"] === name);
  assert.ok(found, `no queue ${name}`);
  return found[0];
}

/** The statements of the role whose logical id begins so. */
function statementsOf(role: string): Statement[] {
  return ofType(compute, "AWS::IAM::Policy")
    .filter(({ Properties }) => JSON.stringify(Properties["Roles"]).includes(`"${role}`))
    .flatMap(({ Properties }) => {
      const document = Properties["PolicyDocument"] as unknown as { readonly Statement: Statement[] };
      return document.Statement;
    });
}

/** Which actions a role has on a queue. */
function actionsOn(role: string, name: string): string[] {
  const id = idOf(state, name);
  const statements = statementsOf(role).filter(({ Resource }) =>
    JSON.stringify(Resource).includes(`GetAtt${id}Arn`),
  );
  return statements.flatMap(({ Action }) => Action).sort();
}

describe("of several domains", () => {
  test("each further one has outbound queues with dead letters of their own", () => {
    const suffix = queueSuffixOf("im.example.org");
    assert.equal(ofType(state, "AWS::SQS::Queue").length, 2 * (8 + 2));
    for (const [queue, base] of [
      ["outboundStanzas", "causeway-outbound-stanzas"],
      ["outboundPresence", "causeway-outbound-presence"],
    ] as const) {
      const [first, second] = queueRefsOf(queue, domains);
      assert.ok(first && second);
      assert.equal(physicalNameOf(first), `${base}.fifo`);
      assert.equal(physicalNameOf(second), `${base}-${suffix}.fifo`);
      const dead = idOf(state, deadLetterNameOf(second));
      const { Properties, DeletionPolicy } = state[idOf(state, physicalNameOf(second))] ?? {};
      assert.equal(DeletionPolicy, "RetainExceptOnCreate");
      assert.deepEqual(Properties?.["RedrivePolicy"], {
        deadLetterTargetArn: { "Fn::GetAtt": [dead, "Arn"] },
        maxReceiveCount: limits.receivesMax,
      });
    }
  });

  test("the first keeps the resources that it has when it is alone", () => {
    const alone = synthesize({ domains: ["im.example.com"] });
    for (const id of Object.keys(alone.state)) assert.ok(state[id], id);
  });

  for (const name of functionNames) {
    test(`${name} may send to what it sends to, of each domain, and receive none of it`, () => {
      const role = `${name.charAt(0).toUpperCase()}${name.slice(1)}FunctionRole`;
      for (const queue of outboundQueues) {
        const maySend = functionDefinitions[name].sends.includes(queue);
        for (const ref of queueRefsOf(queue, domains)) {
          assert.deepEqual(actionsOn(role, physicalNameOf(ref)), maySend ? ["sqs:SendMessage"] : []);
          assert.deepEqual(actionsOn(role, deadLetterNameOf(ref)), []);
        }
      }
    });
  }

  test("the connector may receive those of each, and set aside into their dead letters", () => {
    for (const queue of outboundQueues) {
      for (const ref of queueRefsOf(queue, domains)) {
        assert.deepEqual(actionsOn("ConnectorTask", physicalNameOf(ref)), [
          "sqs:ChangeMessageVisibility",
          "sqs:DeleteMessage",
          "sqs:ReceiveMessage",
        ]);
        assert.deepEqual(actionsOn("ConnectorTask", deadLetterNameOf(ref)), ["sqs:SendMessage"]);
      }
    }
  });

  test("one at another server has a secret of its own, and its port is open on the way out", () => {
    const secrets = Object.entries(compute).filter(([, { Type }]) => Type === "AWS::SecretsManager::Secret");
    assert.equal(secrets.length, 2);
    const own = secrets.find(
      ([id]) => id !== "XmppSecret" && id.startsWith("XmppSecret") && !/^XmppSecret[0-9A-F]{8}$/.test(id),
    );
    assert.ok(own);
    const { Properties } = only(compute, "AWS::ECS::TaskDefinition");
    const [container] = Properties["ContainerDefinitions"] as readonly JsonObject[];
    const variables = container?.["Environment"] as readonly JsonObject[];
    const variable = variables.find(({ Name }) => Name === "CAUSEWAY_XMPP_DOMAINS");
    assert.deepEqual(variable?.["Value"], {
      "Fn::Join": [
        "",
        [
          '{"im.example.org":{"service":"xmpps://xmpp.example.org:5999","secretArn":"',
          { Ref: own[0] },
          '"}}',
        ],
      ],
    });
    const told = new Map(
      ofType(compute, "AWS::SSM::Parameter").map(({ Properties }) => [
        Properties["Name"],
        Properties["Value"],
      ]),
    );
    assert.equal(
      told.get(serverParameter("im.example.org", "xmpp-service")),
      "xmpps://xmpp.example.org:5999",
    );
    assert.deepEqual(told.get(serverParameter("im.example.org", "xmpp-secret-arn")), { Ref: own[0] });
    assert.equal(told.get(parameters.xmppService), "xmpps://xmpp.example.com:5348");
    assert.equal(told.has(serverParameter("im.example.com", "xmpp-service")), false);
    const mayRead = statementsOf("ConnectorTask").some(
      ({ Action, Resource }) =>
        JSON.stringify(Action).includes("GetSecretValue") && JSON.stringify(Resource).includes(own[0]),
    );
    assert.ok(mayRead);
    const group = only(compute, "AWS::EC2::SecurityGroup").Properties["SecurityGroupEgress"];
    const ports = (group as readonly JsonObject[]).map(({ ToPort }) => ToPort);
    assert.deepEqual(ports, [443, 5348, 5999]);
  });
});

describe("as many domains as there may be", () => {
  const most = Array.from({ length: limits.domainsMax }, (_, index) => {
    const name = `d${index}.`;
    const bytes = Math.floor((limits.domainsBytesMax + 1) / limits.domainsMax) - 1;
    return name.padEnd(bytes, "x".repeat(50).concat("."));
  });
  const account = "https://sqs.ap-southeast-7.amazonaws.com/123456789012/";

  for (const name of functionNames) {
    test(`leave room for the variables of ${name} in the 4 KiB that Lambda gives them`, () => {
      const environment = environmentOf(name, {
        urls: perQueue((queue) => account + physicalNameOf(queue)),
        deadLetterUrls: perQueue((queue) => account + deadLetterNameOf(queue)),
        table: "causeway",
        domains: most,
        directory: "announced",
        lanes: limits.lanes,
        resync: { pairsPerS: 1000, settleS: 900 },
        capabilities: allCapabilities,
      });
      const bytes = Object.entries(environment).reduce(
        (sum, [key, value]) => sum + key.length + Buffer.byteLength(value),
        0,
      );
      assert.ok(bytes <= 4_096, `${bytes} bytes`);
    });
  }

  test("leave room in what IAM takes as policies of the connector's role", () => {
    const service = "xmpps://xmpp.example.org:5348";
    const wide = synthesize({
      domains: most,
      xmppDomains: Object.fromEntries(most.map((domain) => [domain, { service }])),
    }).compute;
    // CDK puts what would be too much into managed policies.
    for (const [type, charactersMax] of [
      ["AWS::IAM::Policy", 10_240],
      ["AWS::IAM::ManagedPolicy", 6_144],
    ] as const) {
      const policies = ofType(wide, type).filter(({ Properties }) =>
        JSON.stringify(Properties["Roles"]).includes('"ConnectorTaskTaskRole'),
      );
      assert.ok(policies.length > 0, type);
      for (const { Properties } of policies) {
        // Every reference becomes an ARN; none is longer than that of a further domain's dead letters.
        const arn =
          "arn:aws:sqs:ap-southeast-7:123456789012:causeway-outbound-presence-abcdefghijkl-dead.fifo";
        const reference = /\{"(?:Fn::ImportValue|Ref)":"[^"]*"\}|\{"Fn::GetAtt":\[[^\]]*\]\}/g;
        const document = JSON.stringify(Properties["PolicyDocument"]).replaceAll(reference, `"${arn}"`);
        assert.ok(document.length <= charactersMax, `${type}: ${document.length} characters`);
      }
    }
  });
});
