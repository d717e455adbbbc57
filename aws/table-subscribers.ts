import { QueryCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { limits } from "#core/limits.ts";
import { type Item, isConditionFailure, keyItem, readString, s, type TableOptions } from "./attributes.ts";
import { readSubscriberKey, subscribersPartition, userKey } from "./keys.ts";
import type { PairRecord, Table } from "./table.ts";

/** Who is in a user's buckets: who is subscribed, whom the user has shown itself to alone, or who is both. */
export type BucketRole = "subscriber" | "directed" | "both";

/** The role as an attribute; most are subscribers and nothing else, whose items are their keys. */
export function roleItem(role: BucketRole | undefined): Item {
  return role === undefined || role === "subscriber" ? {} : { role: s(role) };
}

/** Whether the user has shown itself to the contact alone. */
export const isDirected = (record: PairRecord | undefined) =>
  record?.state.directed !== undefined && record.state.blocked !== true;

type SubscriberMethods = "subscribers" | "directedContacts" | "forgetDirected";

/** The buckets of who is told a user's presence. */
export function makeSubscriberTable(options: TableOptions): Pick<Table, SubscriberMethods> {
  const { client, name: TableName } = options;

  async function bucketPage(pk: string, cursor: string | undefined, role: "subscriber" | "directed") {
    const isWanted =
      role === "directed" ? "attribute_exists(#role)" : "attribute_not_exists(#role) OR #role = :both";
    const page = await client.send(
      new QueryCommand({
        TableName,
        ConsistentRead: true,
        KeyConditionExpression: "pk = :pk",
        FilterExpression: isWanted,
        ExpressionAttributeNames: { "#role": "role" },
        ExpressionAttributeValues: {
          ":pk": s(pk),
          ...(role === "directed" ? {} : { ":both": s("both" satisfies BucketRole) }),
        },
        ProjectionExpression: "sk, fullContact",
        Limit: limits.broadcastStepMax,
        ...(cursor === undefined ? {} : { ExclusiveStartKey: keyItem({ pk, sk: cursor }) }),
      }),
    );
    const contacts = (page.Items ?? []).map((item) =>
      readSubscriberKey(readString(item, "sk") ?? "", readString(item, "fullContact")),
    );
    const last = readString(page.LastEvaluatedKey, "sk");
    return last === undefined ? { contacts } : { contacts, cursor: last };
  }

  return {
    subscribers: (domain, user, cursor) =>
      bucketPage(subscribersPartition(domain, user), cursor, "subscriber"),

    directedContacts: (domain, user, cursor) =>
      bucketPage(subscribersPartition(domain, user), cursor, "directed"),

    async forgetDirected(domain, user, mark) {
      try {
        await client.send(
          new UpdateItemCommand({
            TableName,
            Key: keyItem(userKey(domain, user)),
            UpdateExpression: "REMOVE directed",
            ConditionExpression: "directed <= :mark",
            ExpressionAttributeValues: { ":mark": s(mark) },
          }),
        );
      } catch (error) {
        // The user has shown itself to somebody since, or there is nothing to forget.
        if (!isConditionFailure(error)) throw error;
      }
    },
  };
}
