import {
  GetItemCommand,
  PutItemCommand,
  ScanCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { parseUserId } from "#core/mapping.ts";
import { parseBareJid } from "#core/xmpp/jid.ts";
import {
  type Item,
  isDone,
  json,
  keyItem,
  n,
  readJson,
  readNumber,
  readString,
  s,
  type TableOptions,
} from "./attributes.ts";
import {
  addressKey,
  availabilityKey,
  contactPrefix,
  readContactKey,
  readUserPartition,
  userKey,
  userPrefix,
  walkKey,
} from "./keys.ts";
import { walkProgressSchema } from "./stored.ts";
import type { Table, WalkEntry } from "./table.ts";
import { readLast } from "./table-availability.ts";
import { readPairItem } from "./table-pairs.ts";

/** A pair's item as a walk sees it; undefined for what is no longer an address, and what is left of a blocked contact's. */
function toEntry(domain: string, item: Item): WalkEntry | undefined {
  const user = parseUserId(readUserPartition(readString(item, "pk") ?? "", readString(item, "fullUser")));
  const { contact, kind } = readContactKey(readString(item, "sk") ?? "", readString(item, "fullContact"));
  const jid = parseBareJid(contact);
  if (!user.ok || !jid.ok) return undefined;
  const pair = { domain, user: user.value, contact: jid.value };
  if (kind === "subscription") return { kind: "subscription", pair, state: readPairItem(item).state };
  const last = readLast(item);
  return (
    last && {
      kind: "availability",
      pair,
      ...last,
      settled: readNumber(item, "settled") ?? 0,
      settledMark: readString(item, "settledMark") ?? "",
    }
  );
}

type WalkMethods =
  | "claimWalk"
  | "walkProgress"
  | "walkPairs"
  | "forgetResources"
  | "beginRemoval"
  | "removeUser";

/** What goes through many pairs. */
export function makeWalkTable(options: TableOptions): Pick<Table, WalkMethods> {
  const { client, name: TableName } = options;

  return {
    claimWalk: (domain, mark, progress) =>
      isDone(
        client.send(
          new PutItemCommand({
            TableName,
            Item: {
              ...keyItem(walkKey(domain)),
              mark: s(mark),
              ...(progress === undefined ? {} : { progress: json(progress) }),
            },
            ConditionExpression: "attribute_not_exists(pk) OR mark <= :mark",
            ExpressionAttributeValues: { ":mark": s(mark) },
          }),
        ),
      ),

    async walkProgress(domain) {
      const key = keyItem(walkKey(domain));
      const answer = await client.send(new GetItemCommand({ TableName, Key: key, ConsistentRead: true }));
      const item = answer.Item;
      return item?.["progress"] === undefined ? undefined : readJson(item, "progress", walkProgressSchema);
    },

    async walkPairs(domain, cursor, count) {
      // An id may hold a line feed, a sort key never does.
      const [, pk, sk] = /^(.*)\n(.*)$/s.exec(cursor ?? "") ?? [];
      const page = await client.send(
        new ScanCommand({
          TableName,
          ConsistentRead: true,
          Limit: count,
          FilterExpression: "begins_with(pk, :users) AND begins_with(sk, :contacts)",
          ExpressionAttributeValues: { ":users": s(userPrefix(domain)), ":contacts": s(contactPrefix) },
          ...(pk === undefined || sk === undefined ? {} : { ExclusiveStartKey: keyItem({ pk, sk }) }),
        }),
      );
      const entries = (page.Items ?? [])
        .map((item) => toEntry(domain, item))
        .filter((entry) => entry !== undefined);
      const last = page.LastEvaluatedKey;
      if (last === undefined) return { entries };
      return { entries, cursor: `${readString(last, "pk")}\n${readString(last, "sk")}` };
    },

    forgetResources: ({ pair, mark }, fence, resources) =>
      isDone(
        client.send(
          new UpdateItemCommand({
            TableName,
            Key: keyItem(availabilityKey(pair.domain, pair.user, pair.contact)),
            UpdateExpression: `SET settled = :fence, settledMark = :mark REMOVE ${resources.map((_, index) => `#r${index}`).join(", ")}`,
            ConditionExpression: "mark = :mark AND attribute_not_exists(blocked)",
            ExpressionAttributeNames: Object.fromEntries(
              resources.map((resource, index) => [`#r${index}`, `r#${resource}`]),
            ),
            ExpressionAttributeValues: { ":mark": s(mark), ":fence": n(fence) },
          }),
        ),
      ),

    beginRemoval: (domain, user, mark) =>
      isDone(
        client.send(
          new UpdateItemCommand({
            TableName,
            Key: keyItem(userKey(domain, user)),
            UpdateExpression: "SET removing = :mark, mark = :mark",
            ConditionExpression: "mark <= :mark",
            ExpressionAttributeValues: { ":mark": s(mark) },
          }),
        ),
      ),

    async removeUser({ domain, user, localpart, removing = "" }) {
      const profile = {
        TableName,
        Key: keyItem(userKey(domain, user)),
        ConditionExpression: "removing = :mark",
        ExpressionAttributeValues: { ":mark": s(removing) },
      };
      const address = { TableName, Key: keyItem(addressKey(domain, localpart)) };
      await isDone(
        client.send(
          new TransactWriteItemsCommand({ TransactItems: [{ Delete: profile }, { Delete: address }] }),
        ),
      );
    },
  };
}
