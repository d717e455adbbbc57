/**
 * The templates are made, changed and deleted by CloudFormation, as far as moto plays it. What it cannot: saved queries
 * and the switch of Transaction Search are things that moto does not have at all; everything else in the templates is there.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { CloudWatchClient, DescribeAlarmsCommand } from "@aws-sdk/client-cloudwatch";
import { CloudWatchLogsClient, DescribeLogGroupsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { DescribeTableCommand } from "@aws-sdk/client-dynamodb";
import { GetQueueAttributesCommand, GetQueueUrlCommand } from "@aws-sdk/client-sqs";
import { queueNames } from "#core/contract/queues.ts";
import { buildAll, connectorFolder, functionFolder } from "#infra/build.ts";
import { alarmDefinitionsOf } from "#infra/definitions/alarms.ts";
import { functionNames } from "#infra/definitions/functions.ts";
import { deadLetterNameOf, physicalNameOf, queueAttributesOf } from "#infra/definitions/queues.ts";
import { tableDefinition } from "#infra/definitions/table.ts";
import { dynamodbClientFor, localRegion, sqsClientFor } from "#local/aws-clients.ts";
import { type Inventory, missingMoto } from "#test/harness/moto.ts";
import {
  account,
  type MotoStacks,
  type StackName,
  searchStackName,
  stackNames,
  startMotoStacks,
} from "#test/harness/moto-stacks.ts";

const missing = missingMoto();
const oneDomain = ["im.example.com"];
const twoDomains = [...oneDomain, "im.example.org"];
const oncall = "oncall@example.com";

/** Kinds of things, by the calls that list them. */
const whatTheyMake = [
  "cloudwatch describe_alarms",
  "cloudwatch list_dashboards",
  "dynamodb list_tables",
  "ec2 describe_security_groups",
  "ecs list_clusters",
  "ecs list_task_definitions",
  "iam list_policies",
  "iam list_roles",
  "lambda list_event_source_mappings",
  "lambda list_functions",
  "logs describe_log_groups",
  "logs describe_metric_filters",
  "logs describe_resource_policies",
  "secretsmanager list_secrets",
  "sqs list_queues",
  "ssm describe_parameters",
];

let stacks: MotoStacks;
/** What there is at moto before anything is deployed: a VPC, as in a new account. */
let untouched: Inventory;

/** Tells moto which service is called, where there is no client of it here; it looks at no signature. */
const signedFor = (service: string) => ({
  authorization: `AWS4-HMAC-SHA256 Credential=local/20261124/${localRegion}/${service}/aws4_request, SignedHeaders=host, Signature=none`,
});

async function desiredConnectors(): Promise<number | undefined> {
  const compute = await stacks.resourcesOf("Causeway-Compute");
  const find = (pattern: RegExp) => [...compute].find(([id]) => pattern.test(id))?.[1];
  const answer = await fetch(stacks.client.endpoint, {
    method: "POST",
    headers: {
      ...signedFor("ecs"),
      "content-type": "application/x-amz-json-1.1",
      "x-amz-target": "AmazonEC2ContainerServiceV20141113.DescribeServices",
    },
    body: JSON.stringify({ cluster: find(/^Cluster/), services: [find(/^ConnectorService/)] }),
  });
  const { services = [] } = (await answer.json()) as {
    services?: { desiredCount: number; status: string }[];
  };
  return services.find(({ status }) => status === "ACTIVE")?.desiredCount;
}

async function retentionDays(): Promise<readonly unknown[]> {
  const logs = new CloudWatchLogsClient(stacks.client);
  const { logGroups = [] } = await logs.send(new DescribeLogGroupsCommand({}));
  logs.destroy();
  return logGroups.map(({ retentionInDays }) => retentionInDays);
}

/** The alarms that are there, each by its name with whom it tells. */
async function alarms(): Promise<ReadonlyMap<string, readonly string[]>> {
  const cloudwatch = new CloudWatchClient(stacks.client);
  const { MetricAlarms = [] } = await cloudwatch.send(new DescribeAlarmsCommand({}));
  cloudwatch.destroy();
  return new Map(MetricAlarms.map(({ AlarmName = "", AlarmActions = [] }) => [AlarmName, AlarmActions]));
}

const alarmNames = (domains: readonly string[]) =>
  alarmDefinitionsOf(domains)
    .map(({ id }) => `causeway-${id}`)
    .sort();

async function assertWhole(outdir: string, stack: StackName): Promise<void> {
  const made = await stacks.resourcesOf(stack);
  assert.deepEqual([...made.keys()].sort(), Object.keys(stacks.template(outdir, stack).resources).sort());
}

/** What there is now and was not there at first, by kind; fails where something of that is gone. */
function added(): Inventory {
  const entries = Object.entries(stacks.moto.inventory()).map(([kind, ids]) => {
    const before = new Set(untouched[kind]);
    assert.equal(before.difference(new Set(ids)).size, 0, `${kind} lost some of ${[...before]}`);
    return [kind, ids.filter((id) => !before.has(id))] as const;
  });
  return Object.fromEntries(entries.filter(([, ids]) => ids.length > 0));
}

describe("deployed to moto", { skip: missing && `skipped: ${missing}`, timeout: 280_000 }, () => {
  let created = "";
  const atFirst = new Map<string, string>();

  before(async () => {
    if (process.env["CAUSEWAY_BUNDLED"] !== "1") await buildAll();
    stacks = await startMotoStacks();
    untouched = stacks.moto.inventory();
  });
  after(() => stacks?.stop());

  test("all stacks are created, with everything in them", async () => {
    created = await stacks.synthesise("created");
    for (const stack of stackNames) {
      await stacks.create(created, stack);
      await assertWhole(created, stack);
    }
    for (const [id, physical] of await stacks.resourcesOf("Causeway-State")) atFirst.set(id, physical);
    assert.equal(await desiredConnectors(), 2);
    assert.deepEqual([...(await alarms()).keys()].sort(), alarmNames(oneDomain));
  });

  test("queues and table are what the definitions say, and so what runs on one machine", async () => {
    const sqs = sqsClientFor(stacks.client.endpoint);
    for (const queue of queueNames) {
      for (const [QueueName, isDead] of [
        [physicalNameOf(queue), false],
        [deadLetterNameOf(queue), true],
      ] as const) {
        const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName }));
        const { Attributes = {} } = await sqs.send(
          new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["All"] }),
        );
        const dead = `arn:aws:sqs:${localRegion}:${account}:${deadLetterNameOf(queue)}`;
        const { RedrivePolicy, ...wanted } = queueAttributesOf(queue, isDead ? undefined : dead);
        assert.partialDeepStrictEqual(Attributes, wanted, QueueName);
        const redrive = Attributes["RedrivePolicy"];
        assert.deepEqual(redrive && JSON.parse(redrive), RedrivePolicy && JSON.parse(RedrivePolicy));
        assert.match(String(Attributes["Policy"]), /aws:SecureTransport/);
      }
    }
    sqs.destroy();
    const dynamodb = dynamodbClientFor(stacks.client.endpoint);
    const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName: tableDefinition.name }));
    dynamodb.destroy();
    assert.deepEqual(Table?.KeySchema, [
      { AttributeName: tableDefinition.partitionKey, KeyType: "HASH" },
      { AttributeName: tableDefinition.sortKey, KeyType: "RANGE" },
    ]);
    assert.equal(Table?.BillingModeSummary?.BillingMode, "PAY_PER_REQUEST");
    assert.equal(Table?.DeletionProtectionEnabled, true);
  });

  test("what would be uploaded is byte for byte what npm start runs", () => {
    const uploaded = readdirSync(created)
      .filter((each) => each.startsWith("asset."))
      .map((each) => readFileSync(join(created, each, "index.mjs"), "utf8"));
    for (const name of functionNames) {
      assert.ok(uploaded.includes(readFileSync(join(functionFolder(name), "index.mjs"), "utf8")), name);
    }
    assert.ok(uploaded.includes(readFileSync(join(connectorFolder, "index.mjs"), "utf8")));
  });

  test("a changed configuration changes all stacks, and leaves what holds data alone", async () => {
    const change = { domains: twoDomains, standby: false, logRetentionDays: 7, alarmEmail: oncall };
    const changed = await stacks.synthesise("changed", change);
    for (const stack of stackNames) {
      await stacks.update(changed, stack);
      await assertWhole(changed, stack);
    }
    const state = await stacks.resourcesOf("Causeway-State");
    for (const [id, physical] of atFirst) assert.equal(state.get(id), physical, id);
    // Two outbound queues and their dead letters, each with its policy.
    assert.equal(state.size, atFirst.size + 8);
    assert.equal(await desiredConnectors(), 1);
    assert.deepEqual(new Set(await retentionDays()), new Set([7]));
    const now = await alarms();
    assert.deepEqual([...now.keys()].sort(), alarmNames(twoDomains));
    const [topic] = stacks.moto.inventory()["sns list_topics"] ?? [];
    for (const [name, actions] of now) assert.deepEqual(actions, [topic], name);
    assert.deepEqual(stacks.moto.inventory()["sns list_subscriptions"], [oncall]);
  });

  test("all stacks are deleted, with everything in them but queues, table and secret", async () => {
    for (const stack of stackNames.toReversed()) await stacks.remove(stack);
    const { "sqs list_queues": queues = [], ...rest } = added();
    assert.equal(queues.length, 2 * (queueNames.length + 2));
    const { "secretsmanager list_secrets": secrets = [], ...others } = rest;
    assert.equal(secrets.length, 1);
    assert.deepEqual(others, { "dynamodb list_tables": [tableDefinition.name] });
  });

  test("told to keep nothing, and in a VPC that was there, they leave that VPC and nothing else", async () => {
    await stacks.reset();
    untouched = stacks.moto.inventory();
    const [vpcId = ""] = untouched["ec2 describe_vpcs"] ?? [];
    const subnetIds = (untouched["ec2 describe_subnets"] ?? []).slice(0, 2);
    const network = { vpcId, subnetIds, publicIp: true };
    const change = { removal: "destroy", network, transactionSearch: true } as const;
    const outdir = await stacks.synthesise("unkept", change);
    const names = [...stackNames, searchStackName] as const;
    for (const stack of names) {
      await stacks.create(outdir, stack);
      await assertWhole(outdir, stack);
    }
    assert.deepEqual(Object.keys(added()).sort(), whatTheyMake);
    for (const stack of names.toReversed()) await stacks.remove(stack);
    assert.deepEqual(added(), {});
  });
});
