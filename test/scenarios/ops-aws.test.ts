/**
 * The operator's tool on AWS, as far as moto plays it: the parameters of a deployment, its logs, its spans, its secrets;
 * each domain at a server of its own.
 */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  PutLogEventsCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { CreateSecretCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { DeleteParameterCommand, PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { type ComponentServer, startComponentServer } from "#bench/component-server.ts";
import { type AwsProxy, startAwsProxy } from "#bench/faults/aws-proxy.ts";
import { queueNames } from "#core/contract/queues.ts";
import { parameters, queueParameter } from "#infra/definitions/parameters.ts";
import { tableDefinition } from "#infra/definitions/table.ts";
import { dynamodbClientFor, localCredentials, localRegion, sqsClientFor } from "#local/aws-clients.ts";
import { ensureTable } from "#local/engines/dynamodb.ts";
import { ensureQueues } from "#local/engines/sqs.ts";
import { spanGroup } from "#local/ops/spans-aws.ts";
import { spanRecord, traceOfRecord } from "#test/fixtures/span-record.ts";
import { type Moto, missingMoto, startMoto } from "#test/harness/moto.ts";
import { runHere } from "#test/harness/ops.ts";
import { ofType, synthesize } from "#test/unit/infra/templates.ts";

const missing = missingMoto();
const folder = mkdtempSync(join(tmpdir(), "causeway-ops-aws-"));
const domains = ["im.example.com", "chat.example.net"] as const;
const groups = ["Causeway-Compute-ConnectorLogs1A", "Causeway-Compute-NativeFunctionLogs1A"] as const;
const servers: ComponentServer[] = [];
let moto: Moto;
/** Before it: counts what is called. */
let aws: AwsProxy;
let logs: CloudWatchLogsClient;

const ops = (...args: string[]) => runHere([...args, "--region", localRegion]);

async function keepLines(logGroupName: string, ...lines: object[]): Promise<void> {
  const logStreamName = "default";
  await logs.send(new CreateLogGroupCommand({ logGroupName }));
  await logs.send(new CreateLogStreamCommand({ logGroupName, logStreamName }));
  const timestamp = Date.now();
  const logEvents = lines.map((line) => ({ timestamp, message: JSON.stringify(line) }));
  if (logEvents.length === 0) return;
  await logs.send(new PutLogEventsCommand({ logGroupName, logStreamName, logEvents }));
}

/** A secret, and a server that wants it. */
async function startServer(secrets: SecretsManagerClient, domain: string) {
  const secret = `of-${domain}`;
  const server = await startComponentServer({ domain, secret });
  servers.push(server);
  const made = await secrets.send(new CreateSecretCommand({ Name: domain, SecretString: secret }));
  return { service: server.service, secretArn: String(made.ARN) };
}

/** What the stacks say of themselves: what they know at once, and in place of the rest what is made here. */
async function tellParameters(options: {
  readonly region: string;
  readonly endpoint: string;
}): Promise<void> {
  const secrets = new SecretsManagerClient(options);
  const [first, second] = [await startServer(secrets, domains[0]), await startServer(secrets, domains[1])];
  secrets.destroy();
  const { compute } = synthesize({
    domains,
    xmppService: first.service,
    xmppPlain: "private",
    xmppSecretArn: first.secretArn,
    xmppDomains: { [domains[1]]: { ...second, plain: "private" } },
    // Whose addresses nobody knows here: those of this machine may be among them.
    network: { vpcId: "vpc-12345678", subnetIds: ["subnet-12345678"] },
  });
  const told = ofType(compute, "AWS::SSM::Parameter").flatMap(({ Properties }) => {
    const { Name, Value } = Properties;
    return typeof Name === "string" && typeof Value === "string" ? [[Name, Value] as const] : [];
  });
  const [sqs, dynamodb] = [sqsClientFor(aws.endpoint), dynamodbClientFor(aws.endpoint)];
  const { urls, deadLetterUrls } = await ensureQueues(sqs, aws.endpoint, domains);
  await ensureTable(dynamodb);
  for (const client of [sqs, dynamodb]) client.destroy();
  const ssm = new SSMClient(options);
  for (const [Name, Value] of [
    ...told,
    [parameters.table, tableDefinition.name],
    [parameters.logGroups, groups.join(",")],
    ...queueNames.flatMap((queue) => [
      [queueParameter(queue, "url"), urls[queue]] as const,
      [queueParameter(queue, "dead-url"), deadLetterUrls[queue]] as const,
    ]),
  ] as const) {
    await ssm.send(new PutParameterCommand({ Name, Value, Type: "String" }));
  }
  ssm.destroy();
}

describe("npm run ops on AWS", { skip: missing && `skipped: ${missing}`, timeout: 120_000 }, () => {
  before(async () => {
    moto = await startMoto(join(folder, "moto.log"));
    aws = await startAwsProxy({ upstream: moto.endpoint });
    Object.assign(process.env, localCredentials, { AWS_ENDPOINT_URL: aws.endpoint });
    const options = { endpoint: aws.endpoint, region: localRegion };
    logs = new CloudWatchLogsClient(options);
    await tellParameters(options);
    await keepLines(groups[0]);
    const items = [["e-1", "m-1", traceOfRecord]];
    const time = new Date().toISOString();
    await keepLines(groups[1], { time, level: "info", event: "handled", function: "native", items });
  });
  after(async () => {
    logs?.destroy();
    for (const server of servers) await server.close();
    await aws?.close();
    await moto?.stop();
    rmSync(folder, { recursive: true });
  });

  test("the doctor tries each domain at its own server, with its own secret", async () => {
    const { said } = await ops("doctor", "--json");
    const { checks } = JSON.parse(said) as { checks: { name: string; level: string; text: string }[] };
    const levelOf = (name: string) => checks.find((check) => check.name === name)?.level;
    for (const [index, domain] of domains.entries()) {
      assert.equal(levelOf(`component port (${domain})`), "ok", said);
      assert.equal(levelOf(`secret (${domain})`), "ok", said);
      assert.equal(servers[index]?.handshakes(), 1);
    }
    assert.deepEqual([levelOf("calls"), levelOf("queues")], ["ok", "ok"], said);
    const alone = await ops("doctor", "--json", "--domain", domains[1]);
    assert.match(alone.said, /"name": "secret"/);
    assert.deepEqual(
      servers.map((server) => server.handshakes()),
      [1, 2],
    );
  });

  test("a message's way is told by what was logged, and by spans where Transaction Search is on", async () => {
    const off = await ops("message", "e-1");
    assert.equal(off.exit, 0, off.complained);
    assert.match(off.said, /function-native {2}handled it/);
    assert.match(off.said, /^No spans: there is no log group aws\/spans: Transaction Search is off/m);

    const others = { ...spanRecord, traceId: "f".repeat(32), attributes: {} };
    await keepLines(spanGroup, spanRecord, others);
    const on = await ops("message", "e-1");
    assert.match(on.said, /spans {12}trace \(native message\.sent, native, 88\.9 ms\)/);
    assert.equal(on.said.split("\n").filter((line) => line.includes("trace (")).length, 1);
    assert.doesNotMatch(on.said, /No spans/);
  });

  test("the doctor tries the calls that docs/ops.md says it tries, and no other", async () => {
    const before = { ...aws.calls };
    await ops("doctor");
    const guide = readFileSync(join(import.meta.dirname, "../../docs/ops.md"), "utf8");
    const [, section = ""] = guide.split("## What it may do on AWS");
    const said = new Map<string, boolean>();
    for (const row of section.split("\n").filter((line) => line.startsWith("| `"))) {
      const [, actions = "", , tries = ""] = row.split("|");
      for (const [, action = ""] of actions.matchAll(/`[a-z]+:(\w+)`/g))
        said.set(action, tries.trim() !== "no");
    }
    // Of the key no call is made: the services do.
    for (const action of ["Decrypt", "GenerateDataKey"]) assert.ok(said.delete(action));
    assert.ok(said.size > 10);
    const tried = Object.keys(aws.calls).filter((action) => aws.calls[action] !== before[action]);
    for (const [action, isTried] of said) assert.equal(tried.includes(action), isTried, action);
    assert.deepEqual(
      tried.filter((action) => !said.has(action)),
      [],
    );
  });

  test("a queue that is not of this deployment is named, not read, and everything else goes on", async () => {
    const ssm = new SSMClient({ endpoint: aws.endpoint, region: localRegion });
    const theirs = "https://sqs.us-east-1.amazonaws.com/210987654321/chat-deliveries";
    const Name = queueParameter("nativeDeliveries", "url");
    await ssm.send(new PutParameterCommand({ Name, Value: theirs, Type: "String", Overwrite: true }));
    await ssm.send(new DeleteParameterCommand({ Name: queueParameter("nativeDeliveries", "dead-url") }));
    ssm.destroy();
    const shown = await ops("queues");
    assert.equal(shown.exit, 0, shown.said + shown.complained);
    assert.match(shown.said, /^native-deliveries {2}not of this deployment, not read$/m);
    assert.match(shown.said, /^walks +0 +0 +0 +- +0$/m);
    const { failures, foreign } = JSON.parse((await ops("status", "--json")).said);
    assert.deepEqual([failures, foreign], [[], ["native-deliveries"]]);
    const { checks } = JSON.parse((await ops("doctor", "--json")).said) as { checks: { name: string }[] };
    assert.ok(checks.some(({ name }) => name === "native-deliveries"));
    assert.match((await ops("dead-letters", "list")).said, /^no dead letters/);
    const named = await ops("dead-letters", "list", "--queue", "native-deliveries");
    assert.match(named.complained, /^native-deliveries is not of this deployment/);
    assert.equal((await ops("message", "e-1", "--look")).exit, 0);
  });
});
