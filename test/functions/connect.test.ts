/** The clients that processes are given: what hangs fails, what waits on purpose does not. */
import assert from "node:assert/strict";
import { createServer, type Server, type Socket } from "node:net";
import { after, before, test } from "node:test";
import { connectAws } from "#aws/connect.ts";
import { isTransient } from "#aws/faults.ts";
import { limits } from "#core/limits.ts";
import { localCredentials, localRegion } from "#local/aws-clients.ts";
import { domain, type Engines, startEngines, userId } from "#test/harness/functions.ts";
import { freePort } from "#test/harness/ports.ts";

let engines: Engines;
let silent: Server;
const sockets: Socket[] = [];
let endpoint = "";

before(async () => {
  Object.assign(process.env, localCredentials);
  engines = await startEngines();
  silent = createServer((socket) => {
    sockets.push(socket);
  });
  const port = await freePort();
  endpoint = `http://127.0.0.1:${port}`;
  await new Promise<void>((resolve) => silent.listen(port, "127.0.0.1", resolve));
});
after(async () => {
  for (const socket of sockets) socket.destroy();
  silent.close();
  await engines.stop();
});

const environment = (sqsEndpoint: string, dynamodbEndpoint: string) => ({
  region: localRegion,
  sqsEndpoint,
  dynamodbEndpoint,
  table: engines.tableName,
  domains: [domain] as const,
  urls: engines.addresses.urls,
  deadLetterUrls: engines.addresses.deadLetterUrls,
});

test("an engine that never answers is a transient fault, after three tries", async () => {
  const { table, queues } = connectAws(environment(endpoint, endpoint), 50);
  const calls = [
    () => table.readUser(domain, userId("nina")),
    () => queues.extend("walks", [{ receipt: "r" }], 0),
  ];
  for (const call of calls) {
    sockets.length = 0;
    await assert.rejects(call, (error) => isTransient(error));
    assert.equal(sockets.length, limits.awsAttemptsMax);
  }
});

test("a long poll that finds nothing is no fault", async () => {
  const { sqs, dynamodb } = engines.endpoints;
  const { queues } = connectAws(environment(sqs, dynamodb), 200);
  const { signal } = new AbortController();
  assert.deepEqual(await queues.receive("walks", { max: 1, waitS: 1, visibilityS: 1, signal }), []);
});
