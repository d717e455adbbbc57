import { RemovalPolicy } from "aws-cdk-lib";
import type { IKey } from "aws-cdk-lib/aws-kms";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";

export interface Logging {
  /** Of the days that CloudWatch knows: `infra/definitions/logs.ts`. */
  readonly retentionDays: number;
  readonly key: IKey | undefined;
}

/** A log group that is ours from the start, so that logs never stay for ever. */
export function makeLogGroup(scope: Construct, id: string, { retentionDays, key }: Logging): LogGroup {
  return new LogGroup(scope, id, {
    // The enumeration's values are these days.
    retention: retentionDays,
    removalPolicy: RemovalPolicy.DESTROY,
    ...(key && { encryptionKey: key }),
  });
}
