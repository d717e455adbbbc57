import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { environmentNameOf, queueNames } from "#core/contract/queues.ts";
import { limits } from "#core/limits.ts";
import { queueUseOf } from "#infra/definitions/environment.ts";
import { functionDefinitions, functionNames } from "#infra/definitions/functions.ts";
import { parameters, queueParameter } from "#infra/definitions/parameters.ts";
import { deadLetterNameOf, physicalNameOf, queueAttributesOf } from "#infra/definitions/queues.ts";
import { allowed, compute, type JsonObject, ofType, only, outputs, queueNamed, state } from "./templates.ts";

describe("queues", () => {
  for (const queue of queueNames) {
    test(`${queue} is deployed as defined, with dead letters of its kind`, () => {
      const dead = deadLetterNameOf(queue);
      for (const [name, deadLetterArn] of [
        [physicalNameOf(queue), "arn"],
        [dead, undefined],
      ] as const) {
        const { Properties, DeletionPolicy } = queueNamed(name);
        const { RedrivePolicy, ...attributes } = queueAttributesOf(queue, deadLetterArn);
        for (const [attribute, value] of Object.entries(attributes)) {
          assert.equal(String(Properties[attribute]), value, `${name} ${attribute}`);
        }
        assert.equal(Properties["SqsManagedSseEnabled"], true);
        assert.equal(DeletionPolicy, "RetainExceptOnCreate");
        const redrive = RedrivePolicy === undefined ? undefined : JSON.parse(RedrivePolicy);
        assert.deepEqual(
          Properties["RedrivePolicy"],
          redrive && { ...redrive, deadLetterTargetArn: { "Fn::GetAtt": [queueNamed(dead).id, "Arn"] } },
        );
      }
    });
  }

  test("no queue takes a request without TLS", () => {
    const policies = JSON.stringify(ofType(state, "AWS::SQS::QueuePolicy"));
    assert.equal(policies.split('"aws:SecureTransport":"false"').length - 1, 2 * queueNames.length);
  });

  test("everybody finds the parts of the bridge under stable parameter names", () => {
    const names = ofType({ ...state, ...compute }, "AWS::SSM::Parameter").map(
      ({ Properties }) => Properties["Name"],
    );
    const ofQueues = queueNames.flatMap((queue) =>
      (["arn", "dead-url", "url"] as const).map((what) => queueParameter(queue, what)),
    );
    assert.deepEqual(names.sort(), [...ofQueues, ...Object.values(parameters)].sort());
    assert.ok(names.includes("/causeway/queues/native-events/url"));
  });

  test("people are told the queues of the native system, and the policy for its role", () => {
    const told = Object.keys(outputs).filter((name) => !name.startsWith("ExportsOutput"));
    assert.deepEqual(told.sort(), [
      "NativeAccessPolicy",
      "NativeDeliveriesArn",
      "NativeDeliveriesUrl",
      "NativeEventsArn",
      "NativeEventsUrl",
    ]);
  });
});

test("the table keeps its data through deletion, mistakes and rollbacks", () => {
  const { Properties, DeletionPolicy } = only(state, "AWS::DynamoDB::GlobalTable");
  assert.equal(DeletionPolicy, "RetainExceptOnCreate");
  assert.equal(Properties["BillingMode"], "PAY_PER_REQUEST");
  assert.deepEqual(Properties["TimeToLiveSpecification"], { AttributeName: "expires", Enabled: true });
  assert.deepEqual(Properties["KeySchema"], [
    { AttributeName: "pk", KeyType: "HASH" },
    { AttributeName: "sk", KeyType: "RANGE" },
  ]);
  const [replica] = Properties["Replicas"] as readonly JsonObject[];
  assert.equal(replica?.["DeletionProtectionEnabled"], true);
  assert.deepEqual(replica?.["PointInTimeRecoverySpecification"], { PointInTimeRecoveryEnabled: true });
});

test("the table is made after all queues: a creation that is rolled back does not meet its protection", () => {
  const queues = Object.keys(state).filter((id) => state[id]?.Type === "AWS::SQS::Queue");
  const { DependsOn = [] } = only(state, "AWS::DynamoDB::GlobalTable");
  assert.deepEqual(new Set(queues).difference(new Set(DependsOn)), new Set());
});

describe("functions", () => {
  for (const name of functionNames) {
    const definition = functionDefinitions[name];

    test(`${name} runs on Node 24 on ARM with its own variables and no others`, () => {
      const lambda = ofType(compute, "AWS::Lambda::Function").find(
        ({ Properties }) => Properties["Description"] === `Causeway: reads ${definition.queue}`,
      );
      assert.ok(lambda);
      assert.equal(lambda.Properties["Runtime"], "nodejs24.x");
      assert.deepEqual(lambda.Properties["Architectures"], ["arm64"]);
      assert.equal(lambda.Properties["Handler"], "index.handler");
      assert.equal(lambda.Properties["Timeout"], definition.timeoutS);
      assert.equal(lambda.Properties["MemorySize"], definition.memoryMb);
      // A walk calls itself.
      assert.equal(lambda.Properties["RecursiveLoop"], name === "walk" ? "Allow" : "Terminate");
      const environment = lambda.Properties["Environment"] as JsonObject;
      const use = queueUseOf(name);
      assert.deepEqual(
        Object.keys(environment["Variables"] as JsonObject).sort(),
        [
          "AWS_SDK_UA_APP_ID",
          "CAUSEWAY_CAPABILITIES",
          "CAUSEWAY_DIRECTORY",
          "CAUSEWAY_DOMAINS",
          "CAUSEWAY_TABLE",
          ...use.queues.map((queue) => `CAUSEWAY_QUEUE_${environmentNameOf(queue)}`),
          ...use.deadLetters.map((queue) => `CAUSEWAY_DEAD_LETTERS_${environmentNameOf(queue)}`),
        ].sort(),
      );
    });

    test(`${name} gets batches of its queue, may return single messages, and is done long before they show again`, () => {
      const queue = queueNamed(physicalNameOf(definition.queue));
      const mapping = ofType(compute, "AWS::Lambda::EventSourceMapping").find(({ Properties }) =>
        JSON.stringify(Properties["EventSourceArn"]).includes(`GetAtt${queue.id}`),
      );
      assert.ok(mapping);
      assert.equal(mapping.Properties["BatchSize"], definition.batchSize);
      assert.ok(definition.batchSize <= 10);
      assert.deepEqual(mapping.Properties["FunctionResponseTypes"], ["ReportBatchItemFailures"]);
      assert.deepEqual(mapping.Properties["ScalingConfig"], {
        MaximumConcurrency: definition.concurrencyMax,
      });
      // Here, since CDK's validator looks at one stack at a time, and queue and function are in two.
      assert.ok(Number(queue.Properties["VisibilityTimeout"]) >= 6 * definition.timeoutS);
    });
  }
});

describe("the connector", () => {
  test("is reached by nobody: no ingress, no load balancer, no NAT, no open port", () => {
    const group = only(compute, "AWS::EC2::SecurityGroup");
    assert.equal(group.Properties["SecurityGroupIngress"], undefined);
    const types = Object.values(compute).map(({ Type }) => Type);
    for (const forbidden of [/SecurityGroupIngress$/, /NatGateway$/, /^AWS::ElasticLoadBalancing/]) {
      assert.deepEqual(
        types.filter((type) => forbidden.test(type)),
        [],
      );
    }
    const task = only(compute, "AWS::ECS::TaskDefinition");
    assert.ok(!JSON.stringify(task).includes("PortMappings"));
  });

  test("is replaced by starting the new one first, is rolled back when that fails, and has a standby", () => {
    const { Properties } = only(compute, "AWS::ECS::Service");
    const deployment = Properties["DeploymentConfiguration"] as JsonObject;
    assert.equal(deployment["MinimumHealthyPercent"], 100);
    assert.equal(deployment["MaximumPercent"], 200);
    assert.deepEqual(deployment["DeploymentCircuitBreaker"], { Enable: true, Rollback: true });
    assert.equal(Properties["AvailabilityZoneRebalancing"], "DISABLED");
    assert.equal(Properties["DesiredCount"], 2);
    assert.match(JSON.stringify(only(compute, "AWS::ECS::TaskDefinition")), /"CAUSEWAY_LEASE","Value":"on"/);
  });

  test("is a quarter of an ARM core, with time to stop", () => {
    const { Properties } = only(compute, "AWS::ECS::TaskDefinition");
    assert.deepEqual([Properties["Cpu"], Properties["Memory"]], ["256", "512"]);
    const platform = Properties["RuntimePlatform"] as JsonObject;
    assert.equal(platform["CpuArchitecture"], "ARM64");
    const [container] = Properties["ContainerDefinitions"] as readonly JsonObject[];
    assert.ok(Number(container?.["StopTimeout"]) * 1000 > limits.stopMsMax);
    assert.equal(container?.["ReadonlyRootFilesystem"], true);
  });

  test("gets its secret by reference, and no template holds a value", () => {
    const secret = only(compute, "AWS::SecretsManager::Secret");
    assert.equal(secret.Properties["SecretString"], undefined);
    const id = Object.keys(compute).find((key) => compute[key] === secret);
    const { Properties } = only(compute, "AWS::ECS::TaskDefinition");
    const [container] = Properties["ContainerDefinitions"] as readonly JsonObject[];
    const variables = container?.["Environment"] as readonly JsonObject[];
    const variable = variables.find(({ Name }) => Name === "CAUSEWAY_XMPP_SECRET_ARN");
    assert.deepEqual(variable?.["Value"], { Ref: id });
    assert.equal(container?.["Secrets"], undefined);
    const all = JSON.stringify([state, compute]);
    assert.ok(!all.includes("{{resolve:"));
    assert.equal(all.split("CAUSEWAY_XMPP_SECRET").length - 1, 1);
  });
});

describe("permissions", () => {
  test("name every action and every resource, but for what AWS cannot narrow", () => {
    const wide = allowed().filter(({ Action, Resource }) =>
      [Action, Resource].some((part) => JSON.stringify(part).includes("*")),
    );
    assert.deepEqual(wide, [{ Effect: "Allow", Action: "ecr:GetAuthorizationToken", Resource: "*" }]);
    for (const { Properties } of ofType(compute, "AWS::IAM::Role")) {
      assert.equal(Properties["ManagedPolicyArns"], undefined);
    }
  });
});

test("logs are kept for a month, never for ever", () => {
  const groups = ofType(compute, "AWS::Logs::LogGroup");
  assert.equal(groups.length, functionNames.length + 1);
  for (const { Properties } of groups) assert.equal(Properties["RetentionInDays"], 30);
});
