/** The clients that processes are given: what hangs fails, what waits on purpose does not. */
import assert from "node:assert/strict";
import { createServer, type Server, type Socket } from "node:net";
import { after, before, test } from "node:test";
import { connectAws } from "#aws/connect.ts";
import { isTransient } from "#aws/faults.ts";
import { limits } from "#core/limits.ts";
import { localCredentials, localRegion } from "#local/aws-clients.ts";
import { freePort } from "#local/free-ports.ts";
import { domain, userId } from "#test/harness/functions.ts";
import { useEngines } from "#test/harness/use-engines.ts";

const engines = await useEngines();
let silent: Server;
/** What the silent one says before it falls silent, as soon as it is asked. */
let beginning = "";
const sockets: Socket[] = [];
let endpoint = "";

before(async () => {
  Object.assign(process.env, localCredentials);
  silent = createServer((socket) => {
    sockets.push(socket);
    socket.once("data", () => socket.write(beginning));
  });
  const port = await freePort();
  endpoint = `http://127.0.0.1:${port}`;
  await new Promise<void>((resolve) => silent.listen(port, "127.0.0.1", resolve));
});
after(async () => {
  for (const socket of sockets) socket.destroy();
  silent.close();
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

for (const [what, said] of [
  ["never answers", ""],
  ["ends in the middle of an answer", "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"],
] as const) {
  test(`an engine that ${what} is a transient fault, after three tries`, async () => {
    beginning = said;
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
}

test("a long poll that finds nothing is no fault", async () => {
  const { sqs, dynamodb } = engines.endpoints;
  const { queues } = connectAws(environment(sqs, dynamodb), 200);
  const { signal } = new AbortController();
  assert.deepEqual(await queues.receive("walks", { max: 1, waitS: 1, visibilityS: 1, signal }), []);
});
