/** Calls to AWS that fail: what they are said to be, with each service's own wire and words. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import { CloudWatchClient, GetMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import {
  CloudWatchLogsClient,
  FilterLogEventsCommand,
  GetQueryResultsCommand,
  StartQueryCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { ReceiveMessageCommand, SendMessageBatchCommand, SQSClient } from "@aws-sdk/client-sqs";
import { GetParametersByPathCommand, SSMClient } from "@aws-sdk/client-ssm";
import { explainFailure, failureOf, isFailedCall, namingCalls } from "#local/ops/calls.ts";

test("a failed call says what is to be done", () => {
  const named = (name: string, code?: string) =>
    Object.assign(new Error("x"), { name, ...(code && { code }) });
  for (const [error, kind, says] of [
    [named("AccessDenied"), "denied", /^profile ops lacks a call/],
    [named("AccessDeniedException"), "denied", /lacks/],
    [named("ThrottlingException"), "throttled", /throttled/],
    [named("ExpiredTokenException"), "credentials", /sign in/],
    [named("QueueDoesNotExist"), "missing", /right account/],
    [named("Error", "ECONNREFUSED"), "unreachable", /no answer/],
    [named("Odd"), "other", /failed: Odd/],
    ["odd", "other", /failed: unknown/],
  ] as const) {
    assert.equal(failureOf(error), kind);
    assert.match(explainFailure(error, "profile ops"), says);
  }
});

describe("a permission that is missing is named", () => {
  let endpoint: string;
  let answer: { readonly status: number; readonly type: string; readonly message: string };
  const server = createServer((request, response) => {
    request.resume();
    const headers = { "content-type": "application/x-amz-json-1.0" };
    response
      .writeHead(answer.status, headers)
      .end(JSON.stringify({ __type: answer.type, message: answer.message }));
  });
  before(async () => {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => void server.close());

  const options = () => ({
    endpoint,
    region: "eu-central-1",
    credentials: { accessKeyId: "a", secretAccessKey: "s" },
    maxAttempts: 1,
  });
  const who = "User: arn:aws:sts::123456789012:assumed-role/ops/anna is not authorized to perform:";
  const why = (action: string) => `because no identity-based policy allows the ${action} action`;
  const QueueUrl = "https://sqs.eu-central-1.amazonaws.com/123456789012/causeway-walks-dead";
  const secret = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:xmpp-AbCdEf";
  const key = "arn:aws:kms:eu-central-1:123456789012:key/1";

  const calls = {
    parameters: () =>
      namingCalls(new SSMClient(options())).send(new GetParametersByPathCommand({ Path: "/causeway" })),
    receive: () => namingCalls(new SQSClient(options())).send(new ReceiveMessageCommand({ QueueUrl })),
    send: () =>
      namingCalls(new SQSClient(options())).send(
        new SendMessageBatchCommand({ QueueUrl, Entries: [{ Id: "1", MessageBody: "{}" }] }),
      ),
    item: () =>
      namingCalls(new DynamoDBClient(options())).send(
        new GetItemCommand({ TableName: "causeway", Key: { pk: { S: "p" }, sk: { S: "s" } } }),
      ),
    lines: () =>
      namingCalls(new CloudWatchLogsClient(options())).send(
        new FilterLogEventsCommand({ logGroupName: "Causeway-Compute-ConnectorLogs1A" }),
      ),
    query: () =>
      namingCalls(new CloudWatchLogsClient(options())).send(
        new StartQueryCommand({ logGroupName: "aws/spans", queryString: "", startTime: 0, endTime: 1 }),
      ),
    results: () =>
      namingCalls(new CloudWatchLogsClient(options())).send(new GetQueryResultsCommand({ queryId: "1" })),
    metrics: () =>
      namingCalls(new CloudWatchClient(options())).send(
        new GetMetricDataCommand({ StartTime: new Date(0), EndTime: new Date(1), MetricDataQueries: [] }),
      ),
    secret: () =>
      namingCalls(new SecretsManagerClient(options())).send(new GetSecretValueCommand({ SecretId: secret })),
  } satisfies Readonly<Record<string, () => Promise<unknown>>>;

  const coral = "com.amazon.coral.service#AccessDeniedException";
  const allow = "allow it in the role's policy";
  for (const [call, type, message, says] of [
    [
      "parameters",
      "AccessDeniedException",
      `${who} ssm:GetParametersByPath on resource: arn:aws:ssm:eu-central-1:123456789012:parameter/causeway ${why("ssm:GetParametersByPath")}`,
      `ssm:GetParametersByPath on /causeway: ${allow}`,
    ],
    [
      "receive",
      "com.amazonaws.sqs#AccessDenied",
      "Access to the resource https://sqs.eu-central-1.amazonaws.com/ is denied.",
      `sqs:ReceiveMessage on causeway-walks-dead: ${allow}`,
    ],
    [
      "send",
      coral,
      `${who} sqs:sendmessage on resource: arn:aws:sqs:eu-central-1:123456789012:causeway-walks-dead ${why("sqs:sendmessage")}`,
      `sqs:SendMessage on causeway-walks-dead: ${allow}`,
    ],
    [
      "send",
      "com.amazonaws.sqs#KmsAccessDenied",
      `${who} kms:GenerateDataKey on resource: ${key} ${why("kms:GenerateDataKey")}`,
      `kms:GenerateDataKey for sqs:SendMessage on causeway-walks-dead: ${allow}`,
    ],
    [
      "item",
      coral,
      `${who} dynamodb:GetItem on resource: arn:aws:dynamodb:eu-central-1:123456789012:table/causeway ${why("dynamodb:GetItem")}`,
      `dynamodb:GetItem on causeway: ${allow}`,
    ],
    [
      "lines",
      "AccessDeniedException",
      `${who} logs:FilterLogEvents on resource: arn ${why("logs:FilterLogEvents")}`,
      `logs:FilterLogEvents on Causeway-Compute-ConnectorLogs1A: ${allow}`,
    ],
    [
      "query",
      "AccessDeniedException",
      `${who} logs:StartQuery on resource: arn with an explicit deny in a service control policy: arn:aws:organizations::1:policy/o-1/p-1`,
      "logs:StartQuery on aws/spans: an explicit deny in a service control policy forbids it",
    ],
    [
      "results",
      "AccessDeniedException",
      `${who} logs:GetQueryResults on resource: arn ${why("logs:GetQueryResults")}`,
      `logs:GetQueryResults: ${allow}`,
    ],
    [
      "metrics",
      "AccessDenied",
      `${who} cloudwatch:GetMetricData ${why("cloudwatch:GetMetricData")}`,
      `cloudwatch:GetMetricData: ${allow}`,
    ],
    [
      "secret",
      "AccessDeniedException",
      `${who} secretsmanager:GetSecretValue on resource: ${secret} ${why("secretsmanager:GetSecretValue")}`,
      `secretsmanager:GetSecretValue on ${secret}: ${allow}`,
    ],
    [
      "secret",
      "AccessDeniedException",
      "Access to KMS is not allowed",
      `kms:Decrypt for secretsmanager:GetSecretValue on ${secret}: ${allow}`,
    ],
  ] as const) {
    test(`${call}: ${type}: ${says}`, async () => {
      answer = { status: 400, type, message };
      const error = await calls[call]().then(
        () => assert.fail("it was answered"),
        (refusal: unknown) => refusal,
      );
      assert.ok(isFailedCall(error));
      assert.equal(failureOf(error), "denied");
      const told = explainFailure(error, "profile ops");
      assert.equal(told, `profile ops lacks ${says}`);
      assert.ok(!told.includes("anna"));
    });
  }
});
