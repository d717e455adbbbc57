import { DeleteItemCommand, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { isDone, json, keyItem, n, readJson, readNumber, s, type TableOptions } from "./attributes.ts";
import { noteKey, toldKey } from "./keys.ts";
import { noteSchema } from "./stored.ts";
import type { Table } from "./table.ts";

type ProcessMethods = "tellOnce" | "readNote" | "writeNote";

/** Items about our own doings: what we told, and notes of items that crashed a function. */
export function makeProcessTable(options: TableOptions): Pick<Table, ProcessMethods> {
  const { client, name: TableName } = options;
  return {
    tellOnce({ domain, user, contact }, causeId, nowS, untilS) {
      const key = keyItem(toldKey(domain, user, contact));
      return isDone(
        client.send(
          new PutItemCommand({
            TableName,
            Item: { ...key, cause: s(causeId), expires: n(untilS) },
            // What has expired is removed days later.
            ConditionExpression: "attribute_not_exists(pk) OR cause = :cause OR expires < :now",
            ExpressionAttributeValues: { ":cause": s(causeId), ":now": n(nowS) },
          }),
        ),
      );
    },

    async readNote(messageId) {
      const { Item } = await client.send(
        new GetItemCommand({ TableName, Key: keyItem(noteKey(messageId)), ConsistentRead: true }),
      );
      if (Item === undefined) return undefined;
      return { note: readJson(Item, "note", noteSchema), expiresS: readNumber(Item, "expires") ?? 0 };
    },

    async writeNote(messageId, note, expiresS) {
      const key = keyItem(noteKey(messageId));
      const { inHand, done, ends, aside } = note;
      const saysNothing =
        inHand === undefined && done === undefined && ends.length === 0 && aside.length === 0;
      await (saysNothing
        ? client.send(new DeleteItemCommand({ TableName, Key: key }))
        : client.send(
            new PutItemCommand({ TableName, Item: { ...key, note: json(note), expires: n(expiresS) } }),
          ));
    },
  };
}
