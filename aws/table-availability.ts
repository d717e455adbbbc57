import { GetItemCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import type { Pair } from "#core/decision.ts";
import type { Availability } from "#core/presence.ts";
import {
  type Item,
  isConditionFailure,
  json,
  keyItem,
  readJson,
  readString,
  s,
  type TableOptions,
} from "./attributes.ts";
import { availabilityKey } from "./keys.ts";
import { availabilitySchema } from "./stored.ts";
import type { AvailabilityOutcome, Table } from "./table.ts";

/** One attribute per resource, so that one update needs no read before it. */
const resourcePrefix = "r#";

/** The resources of an availability item. */
export function readResources(item: Item): Record<string, Availability> {
  const resources: Record<string, Availability> = {};
  for (const name of Object.keys(item)) {
    if (!name.startsWith(resourcePrefix)) continue;
    resources[name.slice(resourcePrefix.length)] = readJson(item, name, availabilitySchema);
  }
  return resources;
}

const namesOf = (resources: readonly string[]) =>
  Object.fromEntries(resources.map((resource, index) => [`#r${index}`, resourcePrefix + resource]));

/** What the item that refused an update says about the cause. */
function refusal(error: unknown, mark: string): AvailabilityOutcome {
  const item = error instanceof Error && "Item" in error ? (error.Item as Item | undefined) : undefined;
  if (item === undefined) return { kind: "unknown" };
  return readString(item, "mark") === mark
    ? { kind: "repeat", current: readResources(item) }
    : { kind: "stale" };
}

type AvailabilityMethods = "putAvailability" | "dropResources" | "trimResources" | "readAvailability";

/** Contacts' availability: one conditional update per stanza. The item exists while the pair is known. */
export function makeAvailabilityTable(options: TableOptions): Pick<Table, AvailabilityMethods> {
  const { client, name: TableName } = options;

  async function update(
    pair: Pair,
    mark: string,
    action: { expression: string; names: readonly string[]; value?: Availability },
  ) {
    try {
      const answer = await client.send(
        new UpdateItemCommand({
          TableName,
          Key: keyItem(availabilityKey(pair.domain, pair.user, pair.contact)),
          UpdateExpression: `SET mark = :mark${action.expression}`,
          ConditionExpression: "attribute_exists(pk) AND mark < :mark",
          ...(action.names.length === 0
            ? {}
            : {
                ExpressionAttributeNames: namesOf(action.names),
              }),
          ExpressionAttributeValues: {
            ":mark": s(mark),
            ...(action.value === undefined ? {} : { ":value": json(action.value) }),
          },
          ReturnValues: "ALL_OLD",
          ReturnValuesOnConditionCheckFailure: "ALL_OLD",
        }),
      );
      return { kind: "applied", before: readResources(answer.Attributes ?? {}) } as const;
    } catch (error) {
      if (isConditionFailure(error)) return refusal(error, mark);
      throw error;
    }
  }

  const removal = (count: number) =>
    count === 0 ? "" : ` REMOVE ${Array.from({ length: count }, (_, index) => `#r${index}`).join(", ")}`;

  return {
    putAvailability: (pair, mark, resource, value) =>
      value === undefined
        ? update(pair, mark, { expression: removal(1), names: [resource] })
        : update(pair, mark, { expression: ", #r0 = :value", names: [resource], value }),

    dropResources: (pair, mark, resources) =>
      update(pair, mark, { expression: removal(resources.length), names: resources }),

    async trimResources(pair, resources) {
      await client.send(
        new UpdateItemCommand({
          TableName,
          Key: keyItem(availabilityKey(pair.domain, pair.user, pair.contact)),
          UpdateExpression: removal(resources.length).trim(),
          ExpressionAttributeNames: namesOf(resources),
        }),
      );
    },

    async readAvailability(pair) {
      const answer = await client.send(
        new GetItemCommand({
          TableName,
          Key: keyItem(availabilityKey(pair.domain, pair.user, pair.contact)),
          ConsistentRead: true,
        }),
      );
      return answer.Item && readResources(answer.Item);
    },
  };
}
