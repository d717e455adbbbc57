import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { SQSClient } from "@aws-sdk/client-sqs";
import { unlogged } from "#aws/connect.ts";

/** The region of everything local. */
export const localRegion = "us-east-1";

/** Engines on this machine accept any credentials, but the SDK wants some. */
export const localCredentials = {
  AWS_ACCESS_KEY_ID: "local",
  AWS_SECRET_ACCESS_KEY: "local",
  AWS_REGION: localRegion,
  AWS_EC2_METADATA_DISABLED: "true",
} as const;

const credentials = {
  accessKeyId: localCredentials.AWS_ACCESS_KEY_ID,
  secretAccessKey: localCredentials.AWS_SECRET_ACCESS_KEY,
};

/** An SQS client for a local engine. */
export function sqsClientFor(endpoint: string): SQSClient {
  return unlogged(new SQSClient({ endpoint, region: localRegion, credentials, md5: false }));
}

/** A DynamoDB client for a local engine. */
export function dynamodbClientFor(endpoint: string): DynamoDBClient {
  return unlogged(new DynamoDBClient({ endpoint, region: localRegion, credentials }));
}
