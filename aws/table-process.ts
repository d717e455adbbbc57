import { DeleteItemCommand, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { json, keyItem, n, readJson, type TableOptions } from "./attributes.ts";
import { noteKey } from "./keys.ts";
import { noteSchema } from "./stored.ts";
import type { Table } from "./table.ts";

/** Notes of items that crashed a function. */
export function makeProcessTable(options: TableOptions): Pick<Table, "readNote" | "writeNote"> {
  const { client, name: TableName } = options;
  return {
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
