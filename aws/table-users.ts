import { GetItemCommand, TransactWriteItemsCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import * as v from "valibot";
import { parseUserId, type UserId } from "#core/mapping.ts";
import type { UserPresence } from "#core/presence.ts";
import {
  failedConditions,
  type Item,
  isDone,
  json,
  keyItem,
  readJson,
  readNumber,
  readString,
  s,
  type TableOptions,
} from "./attributes.ts";
import { addressKey, userKey } from "./keys.ts";
import { presenceSchema } from "./stored.ts";
import type { Table, UserRecord } from "./table.ts";

const optionalText = (name: string, text: string | undefined): Item =>
  text === undefined ? {} : { [name]: s(text) };

function userItem(record: UserRecord): Item {
  return {
    ...keyItem(userKey(record.domain, record.user)),
    localpart: s(record.localpart),
    mark: s(record.mark),
    ...optionalText("name", record.name),
    ...optionalText("nick", record.nick),
    ...(record.presence === undefined ? {} : { presence: json(record.presence) }),
  };
}

function readUserItem(domain: string, user: UserId, item: Item): UserRecord {
  const name = readString(item, "name");
  const nick = readString(item, "nick");
  const removing = readString(item, "removing");
  const directed = readString(item, "directed");
  const presence: UserPresence | undefined =
    item["presence"] === undefined ? undefined : readJson(item, "presence", presenceSchema);
  return {
    domain,
    user,
    localpart: v.parse(v.string(), readString(item, "localpart")),
    mark: readString(item, "mark") ?? "",
    ...(name === undefined ? {} : { name }),
    ...(nick === undefined ? {} : { nick }),
    ...(presence === undefined ? {} : { presence }),
    ...(removing === undefined ? {} : { removing }),
    ...(directed === undefined ? {} : { directed }),
    ...((readNumber(item, "blocks") ?? 0) > 0 ? { blocks: true } : {}),
  };
}

type UserMethods = "userAt" | "readUser" | "createUser" | "updateProfile" | "setPresence";

/** Users, and the addresses that they have claimed. */
export function makeUserTable(options: TableOptions): Pick<Table, UserMethods> {
  const { client, name: TableName } = options;
  return {
    async userAt(domain, localpart) {
      const answer = await client.send(
        new GetItemCommand({ TableName, Key: keyItem(addressKey(domain, localpart)), ConsistentRead: true }),
      );
      const text = readString(answer.Item, "user");
      const user = text === undefined ? undefined : parseUserId(text);
      return user?.ok ? user.value : undefined;
    },

    async readUser(domain, user) {
      const answer = await client.send(
        new GetItemCommand({ TableName, Key: keyItem(userKey(domain, user)), ConsistentRead: true }),
      );
      return answer.Item && readUserItem(domain, user, answer.Item);
    },

    async createUser(record) {
      const address = keyItem(addressKey(record.domain, record.localpart));
      try {
        await client.send(
          new TransactWriteItemsCommand({
            TransactItems: [
              {
                Put: {
                  TableName,
                  Item: userItem(record),
                  ConditionExpression: "attribute_not_exists(pk)",
                },
              },
              {
                Put: {
                  TableName,
                  Item: { ...address, user: s(record.user) },
                  ConditionExpression: "attribute_not_exists(pk)",
                },
              },
            ],
          }),
        );
        return "created";
      } catch (error) {
        const failed = error instanceof Error ? failedConditions(error) : [];
        if (failed.includes(0)) return "exists";
        if (failed.includes(1)) return "localpart-taken";
        throw error;
      }
    },

    async updateProfile(record) {
      const assignments = ["mark = :mark"];
      const values: Item = { ":mark": s(record.mark) };
      for (const [field, text] of [
        ["name", record.name],
        ["nick", record.nick],
      ] as const) {
        if (text === undefined) continue;
        assignments.push(`#${field} = :${field}`);
        values[`:${field}`] = s(text);
      }
      const names = assignments.slice(1).map((assignment) => assignment.slice(0, assignment.indexOf(" ")));
      await isDone(
        client.send(
          new UpdateItemCommand({
            TableName,
            Key: keyItem(userKey(record.domain, record.user)),
            UpdateExpression: `SET ${assignments.join(", ")}`,
            ConditionExpression: "mark < :mark",
            ...(names.length === 0
              ? {}
              : { ExpressionAttributeNames: Object.fromEntries(names.map((name) => [name, name.slice(1)])) }),
            ExpressionAttributeValues: values,
          }),
        ),
      );
    },

    async setPresence(domain, user, presence, mark) {
      return isDone(
        client.send(
          new UpdateItemCommand({
            TableName,
            Key: keyItem(userKey(domain, user)),
            UpdateExpression: "SET presence = :presence, mark = :mark",
            ConditionExpression: "mark < :mark",
            ExpressionAttributeValues: { ":presence": json(presence), ":mark": s(mark) },
          }),
        ),
      );
    },
  };
}
