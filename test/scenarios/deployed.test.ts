/** The templates are made, changed and deleted by CloudFormation, as far as moto plays it: test/harness/for-moto.ts. */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import {
  CloudFormationClient,
  CreateStackCommand,
  DeleteStackCommand,
  DescribeStackResourcesCommand,
  DescribeStacksCommand,
  UpdateStackCommand,
} from "@aws-sdk/client-cloudformation";
import { DescribeTableCommand } from "@aws-sdk/client-dynamodb";
import { CreateSecretCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { GetQueueAttributesCommand, GetQueueUrlCommand, ListQueuesCommand } from "@aws-sdk/client-sqs";
import { App } from "aws-cdk-lib";
import { queueNames } from "#core/contract/queues.ts";
import { buildAll, connectorFolder, functionFolder } from "#infra/build.ts";
import type { Deployment } from "#infra/config.ts";
import { functionNames } from "#infra/definitions/functions.ts";
import { deadLetterNameOf, physicalNameOf, queueAttributesOf } from "#infra/definitions/queues.ts";
import { tableDefinition } from "#infra/definitions/table.ts";
import { makeDeployment } from "#infra/deployment.ts";
import { readConfig } from "#infra/read-config.ts";
import { dynamodbClientFor, localCredentials, localRegion, sqsClientFor } from "#local/aws-clients.ts";
import { waitUntil } from "#local/wait-until.ts";
import { forMoto } from "#test/harness/for-moto.ts";
import { type Moto, missingMoto, startMoto } from "#test/harness/moto.ts";

const missing = missingMoto();
const folder = mkdtempSync(join(tmpdir(), "causeway-deployed-"));
const root = join(import.meta.dirname, "../..");
const stackNames = ["Causeway-State", "Causeway-Compute", "Causeway-Observability"] as const;
type StackName = (typeof stackNames)[number];

/** moto's account. */
const account = "123456789012";
const assets = `cdk-hnb659fds-assets-${account}-${localRegion}`;
const stackMsMax = 60_000;

let moto: Moto;
let cloudformation: CloudFormationClient;
let secretArn: string;

/** Synthesises a deployment of the real bundles. */
function assembly(name: string, change: Partial<Deployment>): string {
  const { context } = JSON.parse(readFileSync(join(root, "cdk.json"), "utf8"));
  const outdir = join(folder, name);
  const app = new App({ context, outdir, analyticsReporting: false });
  const declared = {
    domains: ["im.example.com"],
    xmppService: "xmpps://xmpp.example.com:5348",
    // moto's CloudFormation makes no secrets: one that is there.
    xmppSecretArn: secretArn,
    ...change,
  } satisfies Deployment;
  makeDeployment(app, readConfig(declared), { functionFolder, connectorFolder });
  app.synth();
  return outdir;
}

const templateOf = (outdir: string, stack: StackName) =>
  forMoto(JSON.parse(readFileSync(join(outdir, `${stack}.template.json`), "utf8")));

/** Puts the bundles where the templates say that they are, as `cdk deploy` does; the bytes are the module's. */
async function upload(outdir: string): Promise<void> {
  await fetch(`${moto.endpoint}/${assets}`, { method: "PUT" });
  for (const entry of readdirSync(outdir).filter((each) => /^asset\.[0-9a-f]{64}$/.test(each))) {
    const key = `${entry.slice("asset.".length)}.zip`;
    const body = readFileSync(join(outdir, entry, "index.mjs"));
    await fetch(`${moto.endpoint}/${assets}/${key}`, { method: "PUT", body });
  }
}

async function settled(StackName: string, status: string): Promise<void> {
  const check = async () => {
    const { Stacks = [] } = await cloudformation.send(new DescribeStacksCommand({ StackName }));
    return Stacks[0]?.StackStatus === status;
  };
  await waitUntil(check, { what: `${StackName} ${status}`, timeoutMs: stackMsMax });
}

async function resourcesOf(StackName: string): Promise<Map<string, string>> {
  const { StackResources = [] } = await cloudformation.send(new DescribeStackResourcesCommand({ StackName }));
  return new Map(
    StackResources.map(({ LogicalResourceId = "", PhysicalResourceId = "" }) => [
      LogicalResourceId,
      PhysicalResourceId,
    ]),
  );
}

async function update(StackName: StackName, outdir: string): Promise<void> {
  const TemplateBody = templateOf(outdir, StackName);
  await cloudformation.send(
    new UpdateStackCommand({ StackName, TemplateBody, Capabilities: ["CAPABILITY_IAM"] }),
  );
  await settled(StackName, "UPDATE_COMPLETE");
}

/** Tells moto which service is called, where there is no client of it here; it looks at no signature. */
const signedFor = (service: string) => ({
  authorization: `AWS4-HMAC-SHA256 Credential=local/20261124/${localRegion}/${service}/aws4_request, SignedHeaders=host, Signature=none`,
});

async function desiredConnectors(): Promise<number | undefined> {
  const compute = await resourcesOf("Causeway-Compute");
  const find = (pattern: RegExp) => [...compute].find(([id]) => pattern.test(id))?.[1];
  const answer = await fetch(moto.endpoint, {
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

describe("deployed to moto", { skip: missing && `skipped: ${missing}`, timeout: 280_000 }, () => {
  const atFirst = new Map<string, string>();

  before(async () => {
    if (process.env["CAUSEWAY_BUNDLED"] !== "1") await buildAll();
    moto = await startMoto(join(folder, "moto.log"));
    const credentials = {
      accessKeyId: localCredentials.AWS_ACCESS_KEY_ID,
      secretAccessKey: localCredentials.AWS_SECRET_ACCESS_KEY,
    };
    const options = { endpoint: moto.endpoint, region: localRegion, credentials };
    cloudformation = new CloudFormationClient(options);
    const secrets = new SecretsManagerClient(options);
    const made = await secrets.send(
      new CreateSecretCommand({ Name: "xmpp", SecretString: "not-a-real-one" }),
    );
    secrets.destroy();
    secretArn = String(made.ARN);
  });
  after(async () => {
    cloudformation?.destroy();
    await moto?.stop();
    rmSync(folder, { recursive: true });
  });

  test("all stacks are created, with everything in them that moto knows", async () => {
    const outdir = assembly("created", {});
    await upload(outdir);
    for (const StackName of stackNames) {
      const TemplateBody = templateOf(outdir, StackName);
      const Capabilities = ["CAPABILITY_IAM"] as const;
      await cloudformation.send(
        new CreateStackCommand({ StackName, TemplateBody, Capabilities: [...Capabilities] }),
      );
      await settled(StackName, "CREATE_COMPLETE");
      const made = await resourcesOf(StackName);
      assert.deepEqual([...made.keys()].sort(), Object.keys(JSON.parse(TemplateBody).Resources).sort());
    }
    for (const [id, physical] of await resourcesOf("Causeway-State")) atFirst.set(id, physical);
    assert.equal(await desiredConnectors(), 2);
  });

  test("queues and table are what the definitions say, and so what runs on one machine", async () => {
    const sqs = sqsClientFor(moto.endpoint);
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
      }
    }
    sqs.destroy();
    const dynamodb = dynamodbClientFor(moto.endpoint);
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
    const uploaded = readdirSync(join(folder, "created"))
      .filter((each) => each.startsWith("asset."))
      .map((each) => readFileSync(join(folder, "created", each, "index.mjs"), "utf8"));
    for (const name of functionNames) {
      assert.ok(uploaded.includes(readFileSync(join(functionFolder(name), "index.mjs"), "utf8")), name);
    }
    assert.ok(uploaded.includes(readFileSync(join(connectorFolder, "index.mjs"), "utf8")));
  });

  test("a changed configuration changes what runs", async () => {
    const outdir = assembly("changed", { standby: false, logRetentionDays: 7 });
    await upload(outdir);
    await update("Causeway-Compute", outdir);
    assert.equal(await desiredConnectors(), 1);
  });

  // By itself: moto's CloudFormation tells nobody what an updated stack exports.
  test("a further domain brings its queues, and leaves the other queues and the table alone", async () => {
    await update("Causeway-State", assembly("grown", { domains: ["im.example.com", "im.example.org"] }));
    const now = await resourcesOf("Causeway-State");
    for (const [id, physical] of atFirst) assert.equal(now.get(id), physical, id);
    // Two outbound queues with their dead letters.
    assert.equal(now.size, atFirst.size + 4);
  });

  test("what runs is deleted; queues and table stay, whoever deletes their stack", async () => {
    await cloudformation.send(new DeleteStackCommand({ StackName: "Causeway-Observability" }));
    // Everything else is gone by then; moto's CloudFormation deletes no routes, and then no network with routes.
    const leaving = cloudformation.send(new DeleteStackCommand({ StackName: "Causeway-Compute" }));
    await assert.rejects(leaving, /The vpc \S+ has dependencies/);
    const functions = await fetch(`${moto.endpoint}/2015-03-31/functions/`, { headers: signedFor("lambda") });
    assert.deepEqual(((await functions.json()) as { readonly Functions: readonly unknown[] }).Functions, []);
    await cloudformation.send(new DeleteStackCommand({ StackName: "Causeway-State" }));
    const sqs = sqsClientFor(moto.endpoint);
    const { QueueUrls = [] } = await sqs.send(new ListQueuesCommand({}));
    sqs.destroy();
    assert.equal(QueueUrls.length, 2 * (queueNames.length + 2));
    const dynamodb = dynamodbClientFor(moto.endpoint);
    const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName: tableDefinition.name }));
    dynamodb.destroy();
    assert.equal(Table?.TableStatus, "ACTIVE");
  });
});
