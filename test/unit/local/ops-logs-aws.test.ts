/** Logs on AWS, where they are long: a server answers in CloudWatch Logs' words, page by page. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { readAwsLogs } from "#local/ops/logs-aws.ts";

const sinceMs = Date.parse("2026-11-02T09:00:00.000Z");
const group = "Causeway-Compute-ConnectorLogs1A";

/** What one group holds: a page for each, the oldest first; an empty one for `undefined`. */
let pages: readonly (number | undefined)[] = [];
let client: CloudWatchLogsClient;

const eventOf = (at: number) => ({
  timestamp: at,
  message: JSON.stringify({ time: new Date(at).toISOString(), level: "info", event: "metrics" }),
});

/** As `FilterLogEvents` documents it: `startFromHead` turns the order, and a page may be empty and not the last. */
const server = createServer(async (request, response) => {
  const { nextToken = "0", startFromHead = true } = (await json(request)) as {
    nextToken?: string;
    startFromHead?: boolean;
  };
  const index = Number(nextToken);
  const at = (startFromHead ? pages : pages.toReversed())[index];
  const isLast = index + 1 >= pages.length;
  const answer = {
    events: at === undefined ? [] : [eventOf(at)],
    ...(!isLast && { nextToken: String(index + 1) }),
  };
  response.writeHead(200, { "content-type": "application/x-amz-json-1.1" }).end(JSON.stringify(answer));
});
before(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const credentials = { accessKeyId: "a", secretAccessKey: "s" };
  client = new CloudWatchLogsClient({
    endpoint: `http://127.0.0.1:${port}`,
    region: "eu-central-1",
    credentials,
  });
});
after(() => {
  client.destroy();
  server.close();
});

async function read() {
  const told: string[] = [];
  const lines = await readAwsLogs(client, [group], { sinceMs }, (text) => told.push(text));
  return { times: lines.map(({ at }) => at), told };
}

test("lines behind many empty pages are read, in order, and nothing is said to be missing", async () => {
  pages = [sinceMs, ...Array.from({ length: 40 }, () => undefined), sinceMs + 1];
  assert.deepEqual(await read(), { times: [sinceMs, sinceMs + 1], told: [] });
});

test("of a log that is longer than is read the newest are had, and a line tells what is not", async () => {
  pages = Array.from({ length: 250 }, (_, minute) => sinceMs + minute * 60_000);
  const { times, told } = await read();
  assert.equal(times.at(-1), pages.at(-1));
  assert.ok(times.length < pages.length && times.length > 20);
  const [oldest = 0] = times;
  assert.deepEqual(told, [
    `The logs are long, so older lines were not read: connector, before ${new Date(oldest).toISOString()}`,
  ]);
});
