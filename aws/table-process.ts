import {
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import {
  isConditionFailure,
  json,
  keyItem,
  n,
  readJson,
  readNumber,
  s,
  type TableOptions,
} from "./attributes.ts";
import { leaseKey, noteKey, toldKey } from "./keys.ts";
import { noteSchema } from "./stored.ts";
import type { Table } from "./table.ts";

type ProcessMethods = "takeFence" | "readFence" | "tellOnce" | "readNote" | "writeNote";

/** Items about our own doings: the fence of a domain's connector, what we told, notes of items that crashed us. */
export function makeProcessTable(options: TableOptions): Pick<Table, ProcessMethods> {
  const { client, name: TableName } = options;
  return {
    async takeFence(domain) {
      const answer = await client.send(
        new UpdateItemCommand({
          TableName,
          Key: keyItem(leaseKey(domain)),
          UpdateExpression: "ADD fence :one",
          ExpressionAttributeValues: { ":one": n(1) },
          ReturnValues: "UPDATED_NEW",
        }),
      );
      const fence = readNumber(answer.Attributes, "fence");
      if (fence === undefined) throw new Error(`no fence came back for ${domain}`);
      return fence;
    },

    async tellOnce({ domain, user, contact }, causeId, nowS, untilS) {
      const key = keyItem(toldKey(domain, user, contact));
      try {
        await client.send(
          new PutItemCommand({
            TableName,
            Item: { ...key, cause: s(causeId), expires: n(untilS) },
            // What has expired is removed days later.
            ConditionExpression: "attribute_not_exists(pk) OR cause = :cause OR expires < :now",
            ExpressionAttributeValues: { ":cause": s(causeId), ":now": n(nowS) },
          }),
        );
        return true;
      } catch (error) {
        if (isConditionFailure(error)) return false;
        throw error;
      }
    },

    async readFence(domain) {
      const answer = await client.send(
        new GetItemCommand({ TableName, Key: keyItem(leaseKey(domain)), ConsistentRead: true }),
      );
      return readNumber(answer.Item, "fence") ?? 0;
    },

    async readNote(messageId) {
      const answer = await client.send(
        new GetItemCommand({ TableName, Key: keyItem(noteKey(messageId)), ConsistentRead: true }),
      );
      return answer.Item === undefined ? [] : readJson(answer.Item, "items", noteSchema);
    },

    async writeNote(messageId, items, expiresS) {
      const key = keyItem(noteKey(messageId));
      if (items.length === 0) await client.send(new DeleteItemCommand({ TableName, Key: key }));
      else {
        await client.send(
          new PutItemCommand({ TableName, Item: { ...key, items: json(items), expires: n(expiresS) } }),
        );
      }
    },
  };
}
