import { ArnFormat, Stack } from "aws-cdk-lib";
import { Effect, PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { type IKey, Key } from "aws-cdk-lib/aws-kms";
import type { Construct } from "constructs";
import type { Config } from "../config.ts";
import { removalPolicyOf } from "./removal.ts";

/** The key of queues, table, secret and logs: none of ours, one that is made, or one that is there. */
export function keyOf(
  scope: Construct,
  { encryption, removal }: Pick<Config, "encryption" | "removal">,
): IKey | undefined {
  if (encryption === "aws") return undefined;
  if (encryption !== "key") return Key.fromKeyArn(scope, "Key", encryption);
  const stack = Stack.of(scope);
  const key = new Key(scope, "Key", {
    description: "Causeway: queues, table, secret and logs",
    enableKeyRotation: true,
    removalPolicy: removalPolicyOf(removal),
  });
  const logs = stack.formatArn({
    service: "logs",
    resource: "log-group",
    resourceName: "*",
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
  key.addToResourcePolicy(
    new PolicyStatement({
      effect: Effect.ALLOW,
      principals: [new ServicePrincipal(`logs.${stack.region}.amazonaws.com`)],
      actions: [
        "kms:Encrypt",
        "kms:Decrypt",
        "kms:ReEncryptFrom",
        "kms:ReEncryptTo",
        "kms:GenerateDataKey",
        "kms:DescribeKey",
      ],
      resources: ["*"],
      conditions: { ArnLike: { "kms:EncryptionContext:aws:logs:arn": logs } },
    }),
  );
  return key as IKey;
}
