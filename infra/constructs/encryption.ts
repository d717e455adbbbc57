import { Annotations, ArnFormat, CfnOutput, Stack } from "aws-cdk-lib";
import { PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { type IKey, Key } from "aws-cdk-lib/aws-kms";
import type { Construct } from "constructs";
import type { Config } from "../config.ts";
import { nativeKeyActions, principalOf } from "./native-access.ts";
import { removalPolicyOf } from "./removal.ts";

type KeyConfig = Pick<Config, "encryption" | "removal" | "nativePrincipals">;

/** Whom the key's own policy has to let in: who has no role in this account that could be let in instead. */
function statementsOf(stack: Stack, nativePrincipals: readonly string[]): PolicyStatement[] {
  const logs = stack.formatArn({
    service: "logs",
    resource: "log-group",
    resourceName: "*",
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
  const forLogs = new PolicyStatement({
    sid: "CausewayLogs",
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
  });
  if (nativePrincipals.length === 0) return [forLogs];
  const forNativeSide = new PolicyStatement({
    sid: "CausewayNativeSide",
    principals: nativePrincipals.map(principalOf),
    actions: nativeKeyActions,
    resources: ["*"],
    conditions: { StringEquals: { "kms:ViaService": `sqs.${stack.region}.amazonaws.com` } },
  });
  return [forLogs, forNativeSide];
}

/** The policy of a key that is there is its owner's, who is told what it has to say. */
function tellPolicy(scope: Construct, arn: string, statements: readonly PolicyStatement[]): void {
  new CfnOutput(scope, "KeyPolicy", {
    description: "Statements for the policy of the key",
    value: Stack.of(scope).toJsonString(statements.map((statement) => statement.toStatementJson())),
  });
  Annotations.of(scope).addInfoV2(
    "causeway:keyPolicy",
    `encryption is ${arn}: its policy has to have the statements ` +
      `${statements.map(({ sid }) => sid).join(" and ")} of docs/deploy.md, which no stack can put there; else KMS denies`,
  );
}

/** The key of queues, table, secret and logs: none of ours, one that is made, or one that is there. */
export function keyOf(scope: Construct, config: KeyConfig): IKey | undefined {
  const { encryption, removal, nativePrincipals } = config;
  if (encryption === "aws") return undefined;
  const statements = statementsOf(Stack.of(scope), nativePrincipals);
  if (encryption !== "key") {
    tellPolicy(scope, encryption, statements);
    return Key.fromKeyArn(scope, "Key", encryption);
  }
  const key = new Key(scope, "Key", {
    description: "Causeway: queues, table, secret and logs",
    enableKeyRotation: true,
    removalPolicy: removalPolicyOf(removal),
  });
  for (const statement of statements) key.addToResourcePolicy(statement);
  return key as IKey;
}
