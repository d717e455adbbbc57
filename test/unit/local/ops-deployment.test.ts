/** A deployment on AWS, by its parameters. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { queueNames } from "#core/contract/queues.ts";
import { parameters, queueParameter, serverParameter } from "#infra/definitions/parameters.ts";
import { readDeployment } from "#local/ops/bridge-aws.ts";
import { ofType, synthesize } from "#test/unit/infra/templates.ts";

test("a deployment is read from its parameters, and one that is missing is named", () => {
  const values = new Map<string, string>();
  for (const queue of queueNames) {
    for (const what of ["url", "dead-url"] as const)
      values.set(queueParameter(queue, what), `${queue} ${what}`);
  }
  for (const name of Object.values(parameters)) values.set(name, "a,b");
  const read = readDeployment(values);
  assert.ok(read.ok);
  assert.deepEqual(read.value.domains, ["a", "b"]);
  assert.equal(read.value.deadLetterUrls.walks, "walks dead-url");
  assert.deepEqual(read.value.foreign, []);
  values.set(serverParameter("b", "xmpp-service"), "xmpps://b:1");
  values.set(serverParameter("b", "xmpp-secret-arn"), "arn of b");
  const own = readDeployment(values);
  assert.ok(own.ok);
  assert.deepEqual(
    [...own.value.servers],
    [
      ["a", { service: "a,b", secretArn: "a,b" }],
      ["b", { service: "xmpps://b:1", secretArn: "arn of b" }],
    ],
  );
  values.delete(serverParameter("b", "xmpp-secret-arn"));
  const half = readDeployment(values);
  assert.ok(!half.ok);
  assert.match(half.error, /has no \/causeway\/servers\/[\w-]{12}\/xmpp-secret-arn: is this/);
  values.delete(serverParameter("b", "xmpp-service"));
  values.delete(parameters.table);
  const missing = readDeployment(values);
  assert.ok(!missing.ok);
  assert.match(missing.error, /has no \/causeway\/table: is this/);
});

test("a deployment says by its parameters which queue is of another account", () => {
  const { state, compute } = synthesize({
    deliveriesQueueArn: "arn:aws:sqs:eu-central-1:210987654321:chat-deliveries.fifo",
  });
  const names = [state, compute].flatMap((template) =>
    ofType(template, "AWS::SSM::Parameter").map(({ Properties }) => String(Properties["Name"])),
  );
  const read = readDeployment(new Map(names.map((name) => [name, "told"])));
  assert.ok(read.ok, read.ok ? "" : read.error);
  assert.deepEqual(read.value.foreign, ["nativeDeliveries"]);
  const without = names.filter((name) => name !== queueParameter("walks", "dead-url"));
  const missing = readDeployment(new Map(without.map((name) => [name, "told"])));
  assert.ok(!missing.ok);
  assert.match(missing.error, /has no \/causeway\/queues\/walks\/dead-url: is this/);
});
