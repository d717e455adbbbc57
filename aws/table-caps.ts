import { GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import * as v from "valibot";
import {
  type Item,
  isConditionFailure,
  json,
  keyItem,
  n,
  readJson,
  readNumber,
  readString,
  s,
  type TableOptions,
} from "./attributes.ts";
import { capsKey } from "./keys.ts";
import { capsStateSchema } from "./stored.ts";
import type { Table } from "./table.ts";

/** What contacts' clients can do: one item for each verification string, whoever bears it. */
export function makeCapsTable(options: TableOptions): Pick<Table, "readCaps" | "replaceCaps"> {
  const { client, name: TableName } = options;
  return {
    async readCaps({ hash, ver }) {
      const { Item: item } = await client.send(
        new GetItemCommand({ TableName, Key: keyItem(capsKey(hash, ver)), ConsistentRead: true }),
      );
      if (item === undefined) return undefined;
      return {
        token: v.parse(v.string(), readString(item, "token")),
        expires: readNumber(item, "expires") ?? 0,
        state: readJson(item, "state", capsStateSchema),
      };
    },

    async replaceCaps({ hash, ver }, before, { token, expires, state }) {
      try {
        await client.send(
          new PutItemCommand({
            TableName,
            Item: {
              ...keyItem(capsKey(hash, ver)),
              token: s(token),
              expires: n(expires),
              state: json(state),
            },
            // "Token" is a reserved word.
            ...(before === undefined
              ? { ConditionExpression: "attribute_not_exists(pk)" }
              : {
                  ConditionExpression: "#token = :before",
                  ExpressionAttributeNames: { "#token": "token" },
                  ExpressionAttributeValues: { ":before": s(before) },
                }),
            ReturnValuesOnConditionCheckFailure: "ALL_OLD",
          }),
        );
        return true;
      } catch (error) {
        if (!isConditionFailure(error)) throw error;
        const item = error instanceof Error && "Item" in error ? (error.Item as Item | undefined) : undefined;
        // The SDK writes again when an answer gets lost: then it was ourselves.
        return readString(item, "token") === token;
      }
    },
  };
}
