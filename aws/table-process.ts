import {
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { json, keyItem, n, readJson, readNumber, type TableOptions } from "./attributes.ts";
import { leaseKey, noteKey } from "./keys.ts";
import { noteSchema } from "./stored.ts";
import type { Table } from "./table.ts";

/** Items about our own processes: the fence of a domain's connector, notes of items that crashed us. */
export function makeProcessTable(
  options: TableOptions,
): Pick<Table, "takeFence" | "readFence" | "readNote" | "writeNote"> {
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
