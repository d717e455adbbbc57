/**
 * A deployment over an earlier one keeps what holds data: CloudFormation knows a resource by its logical id, and makes
 * an empty one under a new id.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { compute, type Resource, type Resources, root, state, synthesize } from "./templates.ts";

/** What holds data, or has a name that no second resource may take: logical id, type and name. */
const stateful: readonly RegExp[] = [
  /^AWS::SQS::Queue$/,
  /^AWS::DynamoDB::/,
  /^AWS::SecretsManager::Secret$/,
  /^AWS::SSM::Parameter$/,
];

function kept(resources: Resources): Record<string, string> {
  const nameOf = ({ Properties }: Resource) =>
    String(Properties["QueueName"] ?? Properties["TableName"] ?? Properties["Name"] ?? "");
  const found = Object.entries(resources).filter(([, { Type }]) => stateful.some((type) => type.test(Type)));
  return Object.fromEntries(
    found.map(([id, resource]) => [id, `${resource.Type} ${nameOf(resource)}`.trim()] as const).sort(),
  );
}

/** As the first deployments were: never changed, only added to. */
const earlier: Record<string, Record<string, string>> = JSON.parse(
  readFileSync(join(root, "test/fixtures/earlier-deployment.json"), "utf8"),
);

describe("of the first deployments", () => {
  for (const [stack, resources] of Object.entries({ state, compute })) {
    test(`everything in ${stack} that holds data or a name is still itself`, () => {
      const now = kept(resources);
      const then = earlier[stack];
      assert.ok(then && Object.keys(then).length > 0);
      assert.deepEqual(Object.fromEntries(Object.keys(then).map((id) => [id, now[id]])), then);
    });
  }

  test("nothing in it is replaced by what a configuration changes later", () => {
    const changed = synthesize({
      domains: ["im.example.com", "im.example.org"],
      encryption: "key",
      lanes: 16,
      standby: false,
      removal: "destroy",
    });
    for (const stack of ["state", "compute"] as const) {
      const now = kept(changed[stack]);
      const then = earlier[stack] ?? {};
      assert.deepEqual(Object.fromEntries(Object.keys(then).map((id) => [id, now[id]])), then);
    }
  });
});
