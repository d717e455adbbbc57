/** A bridge on AWS, by what its stacks have written into the parameter store. */
import { CloudWatchClient, GetMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { SQSClient } from "@aws-sdk/client-sqs";
import { GetParametersByPathCommand, SSMClient } from "@aws-sdk/client-ssm";
import type { Authorities } from "#aws/authorities.ts";
import { makeTable } from "#aws/dynamodb-table.ts";
import { makeQueues } from "#aws/queues.ts";
import { type QueueName, type QueueRef, queueNames } from "#core/contract/queues.ts";
import { err, ok, type Result } from "#core/result.ts";
import {
  authoritiesParameter,
  parameterPrefix,
  parameters,
  queueParameter,
  serverParameter,
} from "#infra/definitions/parameters.ts";
import { perQueue, physicalNameOf } from "#infra/definitions/queues.ts";
import type { Bridge } from "./bridge.ts";
import { namingCalls } from "./calls.ts";
import type { Place } from "./command.ts";
import { viewsFromLog, viewWindowMs } from "./connector-log.ts";
import type { Logs } from "./logs.ts";
import { readAwsLogs } from "./logs-aws.ts";
import { queuesOfDomains, urlsOfDomains } from "./queue-names.ts";
import { readAwsSpans } from "./spans-aws.ts";

/** The XMPP server of a domain. */
interface Server extends Pick<Authorities, "ca"> {
  readonly service: string;
  readonly secretArn: string;
}

/** What the stacks say. */
export interface Deployment {
  readonly urls: Readonly<Record<QueueName, string>>;
  readonly deadLetterUrls: Readonly<Record<QueueName, string>>;
  /** Those that are not of this deployment: their owner keeps dead letters, if anybody does. */
  readonly foreign: readonly QueueName[];
  readonly table: string;
  readonly domains: readonly string[];
  readonly servers: ReadonlyMap<string, Server>;
  readonly logGroups: readonly string[];
}

/** Reads a deployment out of its parameters; the error names the one that is missing. */
export function readDeployment(values: ReadonlyMap<string, string>): Result<Deployment, string> {
  const missing: string[] = [];
  const value = (name: string) => {
    const found = values.get(name);
    if (found === undefined) missing.push(name);
    return found ?? "";
  };
  const list = (name: string) =>
    value(name)
      .split(",")
      .filter((each) => each !== "");
  const serverOf = (domain: string): Server => {
    const [service, secretArn] = [
      serverParameter(domain, "xmpp-service"),
      serverParameter(domain, "xmpp-secret-arn"),
    ];
    // Both or none: the secret of all is not for a server of one, nor are its authorities.
    const isOwn = values.has(service) || values.has(secretArn);
    const ca = values.get(isOwn ? serverParameter(domain, "xmpp-ca") : authoritiesParameter);
    return {
      service: value(isOwn ? service : parameters.xmppService),
      secretArn: value(isOwn ? secretArn : parameters.xmppSecretArn),
      ...(ca !== undefined && { ca }),
    };
  };
  const domains = list(parameters.domains);
  // The state stack tells of no dead letters where the queue is somebody else's (`deliveriesQueueArn`).
  const isForeign = (queue: QueueName) =>
    queue === "nativeDeliveries" && !values.has(queueParameter(queue, "dead-url"));
  const deployment = {
    urls: perQueue((queue) => value(queueParameter(queue, "url"))),
    deadLetterUrls: perQueue((queue) => (isForeign(queue) ? "" : value(queueParameter(queue, "dead-url")))),
    foreign: queueNames.filter(isForeign),
    table: value(parameters.table),
    domains,
    servers: new Map(domains.map((domain) => [domain, serverOf(domain)])),
    logGroups: list(parameters.logGroups),
  };
  if (missing.length === 0) return ok(deployment);
  return err(
    `the parameter store has no ${missing[0]}${missing.length > 1 ? ` and ${missing.length - 1} more` : ""}: is this the right account and region, and deployed with this version?`,
  );
}

async function readParameters(ssm: SSMClient): Promise<Map<string, string>> {
  const values = new Map<string, string>();
  let NextToken: string | undefined;
  do {
    const page = await ssm.send(
      new GetParametersByPathCommand({
        Path: parameterPrefix,
        Recursive: true,
        ...(NextToken !== undefined && { NextToken }),
      }),
    );
    for (const { Name = "", Value = "" } of page.Parameters ?? []) values.set(Name, Value);
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  return values;
}

const ageWindowMs = 10 * 60_000;

/** Age of each queue's oldest message: the last value of the last ten minutes. */
async function readAges(
  client: CloudWatchClient,
  refs: readonly QueueRef[],
  nowMs: number,
): Promise<Partial<Record<QueueRef, number>>> {
  const answer = await client.send(
    new GetMetricDataCommand({
      StartTime: new Date(nowMs - ageWindowMs),
      EndTime: new Date(nowMs),
      ScanBy: "TimestampDescending",
      MetricDataQueries: refs.map((queue, index) => ({
        Id: `q${index}`,
        MetricStat: {
          Metric: {
            Namespace: "AWS/SQS",
            MetricName: "ApproximateAgeOfOldestMessage",
            Dimensions: [{ Name: "QueueName", Value: physicalNameOf(queue) }],
          },
          Period: 60,
          Stat: "Maximum",
        },
      })),
    }),
  );
  const ages: Partial<Record<QueueRef, number>> = {};
  for (const [index, queue] of refs.entries()) {
    const [newest] = answer.MetricDataResults?.find(({ Id }) => Id === `q${index}`)?.Values ?? [];
    if (newest !== undefined) ages[queue] = newest;
  }
  return ages;
}

/**
 * The bridge that this profile and region lead to; the error is for people. Throws what AWS says.
 *
 * @param tell is told what of a log was left out
 */
export async function awsBridge(
  { profile, region }: Place,
  tell: (text: string) => void,
): Promise<Result<Bridge, string>> {
  const config = { ...(profile !== undefined && { profile }), ...(region !== undefined && { region }) };
  const ssm = namingCalls(new SSMClient(config));
  const read = readDeployment(await readParameters(ssm));
  if (!read.ok) return read;
  const { table, domains, servers, logGroups, foreign } = read.value;
  const refs = queuesOfDomains(domains).filter((ref) => !foreign.some((queue) => queue === ref));
  const urls = urlsOfDomains(read.value.urls, domains);
  const deadLetterUrls = urlsOfDomains(read.value.deadLetterUrls, domains);
  const sqs = namingCalls(new SQSClient(config));
  const dynamodb = namingCalls(new DynamoDBClient(config));
  const logClient = namingCalls(new CloudWatchLogsClient(config));
  const cloudwatch = namingCalls(new CloudWatchClient(config));
  const secrets = namingCalls(new SecretsManagerClient(config));
  const found = await ssm.config.region();
  const who = profile === undefined ? "your AWS identity" : `profile ${profile}`;
  const logs: Logs = {
    read: (query) => readAwsLogs(logClient, logGroups, query, tell),
    spans: (traceIds, sinceMs) => readAwsSpans(logClient, traceIds, sinceMs, who),
  };
  return ok({
    kind: "aws",
    who,
    domains,
    refs,
    foreign,
    urls,
    deadLetterUrls,
    sqs,
    dynamodb,
    tableName: table,
    table: makeTable({ client: dynamodb, name: table }),
    queues: makeQueues({ client: sqs, urls, deadLetterUrls }),
    deadLetters: makeQueues({ client: sqs, urls: deadLetterUrls, deadLetterUrls: {} }),
    logs,
    async connectors() {
      const lines = await logs.read({ sinceMs: Date.now() - viewWindowMs, holding: ["metrics", "stream."] });
      return viewsFromLog(lines, domains);
    },
    ages: () => readAges(cloudwatch, refs, Date.now()),
    serviceOf: (domain) => servers.get(domain)?.service ?? "",
    authoritiesOf(domain) {
      const { ca } = servers.get(domain) ?? {};
      return ca === undefined ? {} : { ca };
    },
    async readSecret(domain) {
      const command = new GetSecretValueCommand({ SecretId: servers.get(domain)?.secretArn });
      return (await secrets.send(command)).SecretString ?? "";
    },
    region: found,
    clockUrl: `https://sqs.${found}.amazonaws.com/`,
    close() {
      for (const client of [ssm, sqs, dynamodb, logClient, cloudwatch, secrets]) client.destroy();
    },
  });
}
