import { Stack } from "aws-cdk-lib";
import { CfnResourcePolicy } from "aws-cdk-lib/aws-logs";
import { CfnTransactionSearchConfig } from "aws-cdk-lib/aws-xray";
import type { Construct } from "constructs";

/** Percent of traces that X-Ray makes summaries of; the first percent is free, and all spans can be searched anyway. */
const indexedPercent = 1;

/**
 * Sends all spans of the account and region to CloudWatch Logs, where they can be searched. One switch for everything in
 * it, ours or not: hence a stack of its own that a deployment asks for.
 */
export function makeTransactionSearch(scope: Construct): void {
  const { partition, region, account } = Stack.of(scope);
  const arn = `arn:${partition}:logs:${region}:${account}:log-group`;
  const policy = new CfnResourcePolicy(scope, "SpansPolicy", {
    policyName: "causeway-transaction-search",
    policyDocument: Stack.of(scope).toJsonString({
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Principal: { Service: "xray.amazonaws.com" },
          Action: "logs:PutLogEvents",
          Resource: [`${arn}:aws/spans:*`, `${arn}:/aws/application-signals/data:*`],
          Condition: {
            ArnLike: { "aws:SourceArn": `arn:${partition}:xray:${region}:${account}:*` },
            StringEquals: { "aws:SourceAccount": account },
          },
        },
      ],
    }),
  });
  const search = new CfnTransactionSearchConfig(scope, "TransactionSearch", {
    indexingPercentage: indexedPercent,
  });
  search.addResourceDependency(policy);
}
