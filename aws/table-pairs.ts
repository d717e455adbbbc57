import {
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  type TransactWriteItem,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import type { Pair } from "#core/decision.ts";
import { seenByContact } from "#core/subscription.ts";
import {
  type Item,
  isConditionFailure,
  json,
  keyItem,
  n,
  newItem,
  readJson,
  readNumber,
  readString,
  s,
  type TableOptions,
} from "./attributes.ts";
import { contactPrefix, readContactKey, subscriberKey, subscriptionKey, userKey } from "./keys.ts";
import { outboxSchema, pairStateSchema } from "./stored.ts";
import type { PairRecord, RosterEntry, Table } from "./table.ts";
import { availabilityChange, readResources } from "./table-availability.ts";
import { type BucketRole, isDirected, roleItem } from "./table-subscribers.ts";

function pairItem(pair: Pair, record: PairRecord): Item {
  return {
    ...newItem(subscriptionKey(pair.domain, pair.user, pair.contact)),
    state: json(record.state),
    markXmpp: s(record.marks.xmpp),
    markNative: s(record.marks.native),
    version: n(record.version),
    ...(record.outbox.length === 0 ? {} : { outbox: json(record.outbox) }),
  };
}

/** A stored pair. */
export function readPairItem(item: Item): PairRecord {
  return {
    state: readJson(item, "state", pairStateSchema),
    marks: { xmpp: readString(item, "markXmpp") ?? "", native: readString(item, "markNative") ?? "" },
    version: readNumber(item, "version") ?? 0,
    outbox: item["outbox"] === undefined ? [] : readJson(item, "outbox", outboxSchema),
  };
}

const isBlocked = (record: PairRecord | undefined) => record?.state.blocked === true;

/** Whether the contact is told the user's presence. */
const isSubscriber = (record: PairRecord | undefined) =>
  record !== undefined && seenByContact(record.state.state) && !isBlocked(record);

/** What the contact's item in the subscriber buckets says; undefined where there is none. */
function bucketRole(record: PairRecord | undefined): BucketRole | undefined {
  if (!isSubscriber(record)) return isDirected(record) ? "directed" : undefined;
  return isDirected(record) ? "both" : "subscriber";
}

/**
 * What changes beside the pair's own item and availability: subscriber bucket, how many the user blocks, and that it
 * has shown itself to somebody alone.
 */
function neighbours(
  TableName: string,
  pair: Pair,
  before: PairRecord | undefined,
  next: PairRecord,
): TransactWriteItem[] {
  const items: TransactWriteItem[] = [];
  const role = bucketRole(next);
  if (bucketRole(before) !== role) {
    const key = subscriberKey(pair.domain, pair.user, pair.contact);
    const put = { Put: { TableName, Item: { ...newItem(key), ...roleItem(role) } } };
    items.push(role === undefined ? { Delete: { TableName, Key: keyItem(key) } } : put);
  }
  const toUser = (UpdateExpression: string, value: Item[string]) => ({
    Update: {
      TableName,
      Key: keyItem(userKey(pair.domain, pair.user)),
      UpdateExpression,
      // A user that is gone must not come back as nothing but this.
      ConditionExpression: "attribute_exists(pk)",
      ExpressionAttributeValues: { ":value": value },
    },
  });
  if (isBlocked(before) !== isBlocked(next)) {
    items.push(toUser("ADD blocks :value", n(isBlocked(next) ? 1 : -1)));
  }
  const { directed } = next.state;
  if (directed !== undefined && directed.mark !== before?.state.directed?.mark) {
    items.push(toUser("SET directed = :value", s(directed.mark)));
  }
  return items;
}

type PairMethods = "readPair" | "commitPair" | "clearOutbox" | "roster";

/** Subscriptions per pair, and the roster that they make. */
export function makePairTable(options: TableOptions): Pick<Table, PairMethods> {
  const { client, name: TableName } = options;
  const keyOf = (pair: Pair) => keyItem(subscriptionKey(pair.domain, pair.user, pair.contact));
  return {
    async readPair(pair) {
      const answer = await client.send(
        new GetItemCommand({ TableName, Key: keyOf(pair), ConsistentRead: true }),
      );
      return answer.Item && readPairItem(answer.Item);
    },

    async commitPair(pair, before, next, seen) {
      const put = {
        TableName,
        Item: pairItem(pair, next),
        ...(before === undefined
          ? { ConditionExpression: "attribute_not_exists(pk)" }
          : {
              ConditionExpression: "version = :version",
              ExpressionAttributeValues: { ":version": n(before.version) },
            }),
      };
      const beside = [
        ...neighbours(TableName, pair, before, next),
        ...availabilityChange(TableName, pair, [before, next], seen),
      ];
      try {
        if (beside.length === 0) await client.send(new PutItemCommand(put));
        else await client.send(new TransactWriteItemsCommand({ TransactItems: [{ Put: put }, ...beside] }));
        return true;
      } catch (error) {
        if (isConditionFailure(error)) return false;
        throw error;
      }
    },

    async clearOutbox(pair, version) {
      try {
        await client.send(
          new UpdateItemCommand({
            TableName,
            Key: keyOf(pair),
            UpdateExpression: "REMOVE outbox",
            ConditionExpression: "version = :version",
            ExpressionAttributeValues: { ":version": n(version) },
          }),
        );
      } catch (error) {
        // A later commit has already sent what was left: nothing to clear.
        if (!isConditionFailure(error)) throw error;
      }
    },

    async roster(domain, user, cursor, count) {
      const { pk } = userKey(domain, user);
      const page = await client.send(
        new QueryCommand({
          TableName,
          ConsistentRead: true,
          KeyConditionExpression: "pk = :pk AND begins_with(sk, :contact)",
          ExpressionAttributeValues: { ":pk": s(pk), ":contact": s(contactPrefix) },
          Limit: 2 * count,
          ...(cursor === undefined
            ? {}
            : { ExclusiveStartKey: keyItem(subscriptionKey(domain, user, cursor)) }),
        }),
      );
      // Pairs that are not known have one item only, so that a page may hold more of them.
      const found = rosterEntries(page.Items ?? []);
      const entries = found.slice(0, count);
      const isCut = page.LastEvaluatedKey !== undefined || found.length > count;
      const last = isCut ? entries.at(-1)?.contact : undefined;
      return last === undefined ? { entries } : { entries, cursor: last };
    },
  };
}

/**
 * Joins each subscription with the availability that sorts before it. A page may end between the two: the next
 * one begins behind the last subscription, so that it reads the availability again.
 */
function rosterEntries(items: readonly Item[]): RosterEntry[] {
  const entries: RosterEntry[] = [];
  let availability: { contact: string; item: Item } | undefined;
  for (const item of items) {
    const { contact, kind } = readContactKey(readString(item, "sk") ?? "", readString(item, "fullContact"));
    if (kind === "availability") {
      availability = { contact, item };
      continue;
    }
    const resources = availability?.contact === contact ? readResources(availability.item) : {};
    entries.push({ contact, state: readPairItem(item).state, resources });
  }
  return entries;
}
