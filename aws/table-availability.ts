import { GetItemCommand, type TransactWriteItem, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import * as v from "valibot";
import type { Pair } from "#core/decision.ts";
import type { Availability } from "#core/presence.ts";
import type { LastAvailability } from "#core/translate/availability.ts";
import {
  type Item,
  isConditionFailure,
  json,
  keyItem,
  newItem,
  readJson,
  readString,
  s,
  type TableOptions,
  yes,
} from "./attributes.ts";
import { availabilityKey } from "./keys.ts";
import { availabilitySchema } from "./stored.ts";
import type { AvailabilityOutcome, PairRecord, Table } from "./table.ts";
import { isDirected } from "./table-subscribers.ts";

/** One attribute per resource, so that one update needs no read before it. */
const resourcePrefix = "r#";

/** The resources of an availability item. */
export function readResources(item: Item): Record<string, Availability> {
  const names = Object.keys(item).filter((name) => name.startsWith(resourcePrefix));
  // Entries, not assignments: a contact may call a device `__proto__`.
  return Object.fromEntries(
    names.map((name) => [name.slice(resourcePrefix.length), readJson(item, name, availabilitySchema)]),
  );
}

const namesOf = (resources: readonly string[]) =>
  Object.fromEntries(resources.map((resource, index) => [`#r${index}`, resourcePrefix + resource]));

const removalOf = (resources: readonly string[]) =>
  resources.length === 0 ? "" : ` REMOVE ${resources.map((_, index) => `#r${index}`).join(", ")}`;

/**
 * Whether a contact's presence is anybody's business: of a pair without any subscription it is not, and nothing is
 * kept; of a blocked contact it is not either, but what came last is remembered.
 */
function standingOf(record: PairRecord | undefined): "unknown" | "blocked" | "known" {
  if (record === undefined || record.state.state === "none") return "unknown";
  return record.state.blocked === true ? "blocked" : "known";
}

/**
 * What a commit of the pair makes of the item.
 *
 * @param seen mark of the availability that a block was decided on: with a later one it would not be whole
 */
export function availabilityChange(
  TableName: string,
  pair: Pair,
  [before, next]: readonly [PairRecord | undefined, PairRecord],
  seen: string | undefined,
): TransactWriteItem[] {
  const [was, is] = [standingOf(before), standingOf(next)];
  const key = availabilityKey(pair.domain, pair.user, pair.contact);
  const Key = keyItem(key);
  // Whether the user has to be told of when the contact goes.
  const directed = isDirected(next) ? { directed: yes } : {};
  if (was === is) {
    if (is !== "known" || isDirected(before) === isDirected(next)) return [];
    const set = { UpdateExpression: "SET directed = :yes", ExpressionAttributeValues: { ":yes": yes } };
    const change = isDirected(next) ? set : { UpdateExpression: "REMOVE directed" };
    return [{ Update: { TableName, Key, ...change } }];
  }
  if (is === "unknown") return [{ Delete: { TableName, Key } }];
  if (is === "known" && was === "unknown") {
    return [{ Put: { TableName, Item: { ...newItem(key), mark: s(""), ...directed } } }];
  }
  if (is === "known") {
    // Earlier versions kept nothing of a blocked contact.
    const UpdateExpression = "SET mark = if_not_exists(mark, :none), was = :none REMOVE blocked, changed";
    return [{ Update: { TableName, Key, UpdateExpression, ExpressionAttributeValues: { ":none": s("") } } }];
  }
  const Item = { ...newItem(key), mark: s(seen ?? ""), was: s(""), blocked: { BOOL: true } };
  const condition = {
    ConditionExpression: "mark = :seen",
    ExpressionAttributeValues: { ":seen": s(seen ?? "") },
  };
  return [{ Put: { TableName, Item, ...(was === "known" && condition) } }];
}

const isBlocked = (item: Item) => item["blocked"]?.BOOL === true;

/** An update of the item, and how to tell from its `was` what there was before. */
interface Change {
  readonly expression: string;
  readonly names: readonly string[];
  readonly values: Item;
  readonly before: (item: Item) => Record<string, Availability>;
}

/**
 * One resource. The item keeps in `was` what the resource, which `changed` names, was before the last cause, so that
 * the cause, when it comes again, finds what it had found at first.
 */
function changeOf(resource: string, value: Availability | undefined): Change {
  const change = value === undefined ? removalOf([resource]) : ", #r0 = :value";
  return {
    expression: `, was = if_not_exists(#r0, :none), changed = :changed${change}`,
    names: [resource],
    values: {
      ":none": s(""),
      ":changed": s(resource),
      ...(value === undefined ? {} : { ":value": json(value) }),
    },
    before(item) {
      const { [resource]: _, ...others } = readResources(item);
      if (readString(item, "was") === "") return others;
      return { ...others, [resource]: readJson(item, "was", availabilitySchema) };
    },
  };
}

/** All resources at once. */
function dropOf(known: Readonly<Record<string, Availability>>): Change {
  const names = Object.keys(known);
  return {
    expression: `, was = :was, changed = :none${removalOf(names)}`,
    names,
    values: { ":was": json(known), ":none": s("") },
    before(item) {
      if (readString(item, "was") === "") return {};
      return readJson(item, "was", v.record(v.string(), availabilitySchema));
    },
  };
}

/** What there was before the last cause. */
function beforeLast(item: Item): Record<string, Availability> {
  // Items of earlier versions do not say; of a blocked contact nothing is kept.
  if (item["changed"] === undefined) return {};
  const resource = readString(item, "changed") ?? "";
  return (resource === "" ? dropOf({}) : changeOf(resource, undefined)).before(item);
}

/** An availability item as a whole; undefined for a blocked contact's. */
export function readLast(item: Item): LastAvailability | undefined {
  if (isBlocked(item)) return undefined;
  const mark = readString(item, "mark") ?? "";
  return { resources: readResources(item), before: beforeLast(item), mark };
}

type AvailabilityMethods =
  | "putAvailability"
  | "dropResources"
  | "trimResources"
  | "readAvailability"
  | "lastAvailability";

/** Contacts' availability: one conditional update per stanza. The item exists while the pair is known. */
export function makeAvailabilityTable(options: TableOptions): Pick<Table, AvailabilityMethods> {
  const { client, name: TableName } = options;
  const keyOf = (pair: Pair) => keyItem(availabilityKey(pair.domain, pair.user, pair.contact));

  async function update(pair: Pair, mark: string, change: Change): Promise<AvailabilityOutcome> {
    try {
      const answer = await client.send(
        new UpdateItemCommand({
          TableName,
          Key: keyOf(pair),
          UpdateExpression: `SET mark = :mark${change.expression}`,
          ConditionExpression: "attribute_exists(pk) AND attribute_not_exists(blocked) AND mark < :mark",
          ...(change.names.length === 0 ? {} : { ExpressionAttributeNames: namesOf(change.names) }),
          ExpressionAttributeValues: { ":mark": s(mark), ...change.values },
          ReturnValues: "ALL_OLD",
          ReturnValuesOnConditionCheckFailure: "ALL_OLD",
        }),
      );
      const old = answer.Attributes ?? {};
      return { kind: "applied", before: readResources(old), directed: old["directed"] !== undefined };
    } catch (error) {
      if (!isConditionFailure(error)) throw error;
      const item = error instanceof Error && "Item" in error ? (error.Item as Item | undefined) : undefined;
      if (item === undefined || isBlocked(item)) return { kind: "unknown" };
      return readString(item, "mark") === mark
        ? { kind: "applied", before: change.before(item), directed: item["directed"] !== undefined }
        : { kind: "stale" };
    }
  }

  async function read(pair: Pair): Promise<LastAvailability | undefined> {
    const { Item: item } = await client.send(
      new GetItemCommand({ TableName, Key: keyOf(pair), ConsistentRead: true }),
    );
    return item && readLast(item);
  }

  return {
    putAvailability: (pair, mark, resource, value) => update(pair, mark, changeOf(resource, value)),
    dropResources: (pair, mark, known) => update(pair, mark, dropOf(known)),

    async trimResources(pair, mark, resources) {
      try {
        await client.send(
          new UpdateItemCommand({
            TableName,
            Key: keyOf(pair),
            UpdateExpression: removalOf(resources).trim(),
            ConditionExpression: "mark = :mark",
            ExpressionAttributeNames: namesOf(resources),
            ExpressionAttributeValues: { ":mark": s(mark) },
          }),
        );
      } catch (error) {
        // A later cause found them still there, and trims them itself; or the pair is known no longer.
        if (!isConditionFailure(error)) throw error;
      }
    },

    async readAvailability(pair) {
      return (await read(pair))?.resources;
    },
    lastAvailability: read,
  };
}
