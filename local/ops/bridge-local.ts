/** A bridge on this machine, by the file that `npm start` writes. */
import { readFile } from "node:fs/promises";
import * as v from "valibot";
import { makeTable } from "#aws/dynamodb-table.ts";
import { makeQueues } from "#aws/queues.ts";
import { queueNames } from "#core/contract/queues.ts";
import { ok, type Result } from "#core/result.ts";
import { dynamodbClientFor, sqsClientFor } from "../aws-clients.ts";
import { askConnectorAt } from "../connector.ts";
import { domainsAt, readEndpointsAs } from "../read-endpoints.ts";
import type { Bridge, ConnectorView } from "./bridge.ts";
import { namingCalls } from "./calls.ts";
import { readLocalLogs } from "./logs-local.ts";
import { queuesOfDomains, queueUrlsOf } from "./queue-names.ts";

const urlsSchema = v.object(v.entriesFromList(queueNames, v.string()));

const endpointsSchema = v.object({
  pid: v.exactOptional(v.number()),
  component: v.object({ host: v.string(), port: v.number(), domain: v.string(), secretFile: v.string() }),
  furtherComponents: v.optional(
    v.array(v.object({ host: v.string(), port: v.number(), domain: v.string() })),
    [],
  ),
  sqs: v.object({
    endpoint: v.string(),
    region: v.string(),
    queues: v.object({ ...urlsSchema.entries, deadLetters: urlsSchema }),
  }),
  dynamodb: v.object({ endpoint: v.string(), table: v.string() }),
  health: v.array(v.string()),
  logs: v.string(),
});

/** One view a domain. */
async function ask(url: string, domains: readonly string[]): Promise<readonly ConnectorView[]> {
  const name = url.replace(/^https?:\/\//, "");
  const healths = await askConnectorAt(url);
  return healths === undefined
    ? domains.map((domain) => ({ name, domain, stream: "unreachable" }))
    : healths.map((health) => ({ name, ...health }));
}

/** The bridge whose file this is; the error is for people. Nothing is asked of it yet. */
export function localBridge(path: string | undefined): Result<Bridge, string> {
  const read = readEndpointsAs(endpointsSchema, path);
  if (!read.ok) return read;
  const { component, furtherComponents, sqs: at, dynamodb: base, health, logs } = read.value;
  const sqs = namingCalls(sqsClientFor(at.endpoint));
  const dynamodb = namingCalls(dynamodbClientFor(base.endpoint));
  const domains = domainsAt(read.value);
  const { urls, deadLetterUrls } = queueUrlsOf(read.value);
  return ok({
    kind: "local",
    who: "this command",
    domains,
    refs: queuesOfDomains(domains),
    foreign: [],
    urls,
    deadLetterUrls,
    sqs,
    dynamodb,
    tableName: base.table,
    table: makeTable({ client: dynamodb, name: base.table }),
    queues: makeQueues({ client: sqs, urls, deadLetterUrls }),
    deadLetters: makeQueues({ client: sqs, urls: deadLetterUrls, deadLetterUrls: {} }),
    logs: { read: (query) => readLocalLogs(logs, query) },
    connectors: async () => (await Promise.all(health.map((url) => ask(url, domains)))).flat(),
    // The engine does not tell.
    ages: async () => ({}),
    serviceOf(domain) {
      const { host, port } = furtherComponents.find((further) => further.domain === domain) ?? component;
      return `xmpp://${host}:${port}`;
    },
    authoritiesOf: () => ({}),
    readSecret: () => readFile(component.secretFile, "utf8"),
    region: at.region,
    clockUrl: at.endpoint,
    close() {
      sqs.destroy();
      dynamodb.destroy();
    },
  });
}
