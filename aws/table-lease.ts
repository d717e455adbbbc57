import { GetItemCommand, UpdateItemCommand, type UpdateItemCommandInput } from "@aws-sdk/client-dynamodb";
import { type Item, isDone, keyItem, n, readNumber, readString, s, type TableOptions } from "./attributes.ts";
import { leaseKey } from "./keys.ts";
import type { LeaseRecord, Table } from "./table.ts";

type LeaseMethods = "takeFence" | "readFence" | "readLease" | "takeLease" | "renewLease" | "releaseLease";

function readLeaseItem(item: Item | undefined): LeaseRecord {
  const holder = readString(item, "leaseHolder");
  return {
    ...(holder !== undefined && { holder }),
    version: readNumber(item, "leaseVersion") ?? 0,
    leaseMs: readNumber(item, "leaseMs") ?? 0,
    leaving: item?.["leaseLeaving"]?.BOOL ?? false,
  };
}

/**
 * One item per domain: the fence of its streams, and the lease of the one that may have a stream. Every write says
 * whose it is, so that one that the SDK repeats, or that arrives late, harms nobody.
 */
export function makeLeaseTable({ client, name }: TableOptions): Pick<Table, LeaseMethods> {
  const update = async (
    domain: string,
    rest: Omit<UpdateItemCommandInput, "TableName" | "Key">,
    abortSignal?: AbortSignal,
  ): Promise<Item | undefined> => {
    const command = new UpdateItemCommand({ TableName: name, Key: keyItem(leaseKey(domain)), ...rest });
    const answer = await client.send(command, abortSignal === undefined ? {} : { abortSignal });
    return answer.Attributes;
  };

  const read = async (domain: string, abortSignal?: AbortSignal): Promise<Item | undefined> => {
    const command = new GetItemCommand({
      TableName: name,
      Key: keyItem(leaseKey(domain)),
      ConsistentRead: true,
    });
    return (await client.send(command, abortSignal === undefined ? {} : { abortSignal })).Item;
  };

  return {
    async takeFence(domain, holder) {
      const attributes = await update(domain, {
        UpdateExpression: "ADD fence :one",
        ...(holder !== undefined && { ConditionExpression: "leaseHolder = :holder" }),
        ExpressionAttributeValues: {
          ":one": n(1),
          ...(holder !== undefined && { ":holder": s(holder) }),
        },
        ReturnValues: "UPDATED_NEW",
      });
      const fence = readNumber(attributes, "fence");
      if (fence === undefined) throw new Error(`no fence came back for ${domain}`);
      return fence;
    },

    readFence: async (domain) => readNumber(await read(domain), "fence") ?? 0,
    readLease: async (domain, signal) => readLeaseItem(await read(domain, signal)),

    takeLease(domain, holder, leaseMs, seen, signal) {
      const unchanged =
        seen.holder === undefined
          ? "attribute_not_exists(leaseHolder)"
          : "(leaseHolder = :seen AND leaseVersion = :version)";
      const write = update(
        domain,
        {
          // The fence grows too: what the last holder has yet to send is older than everything from now on.
          UpdateExpression:
            "SET leaseHolder = :holder, leaseMs = :ms, leaseLeaving = :no ADD leaseVersion :one, fence :one",
          // Ours already: the answer to a first try was lost.
          ConditionExpression: `${unchanged} OR leaseHolder = :holder`,
          ExpressionAttributeValues: {
            ":holder": s(holder),
            ":ms": n(leaseMs),
            ":no": { BOOL: false },
            ":one": n(1),
            ...(seen.holder !== undefined && { ":seen": s(seen.holder), ":version": n(seen.version) }),
          },
        },
        signal,
      );
      return isDone(write);
    },

    renewLease(domain, holder, leaving, signal) {
      const write = update(
        domain,
        {
          UpdateExpression: "SET leaseLeaving = :leaving ADD leaseVersion :one",
          ConditionExpression: "leaseHolder = :holder",
          ExpressionAttributeValues: { ":holder": s(holder), ":leaving": { BOOL: leaving }, ":one": n(1) },
        },
        signal,
      );
      return isDone(write);
    },

    async releaseLease(domain, holder, signal) {
      const write = update(
        domain,
        {
          UpdateExpression: "REMOVE leaseHolder ADD leaseVersion :one",
          ConditionExpression: "leaseHolder = :holder",
          ExpressionAttributeValues: { ":holder": s(holder), ":one": n(1) },
        },
        signal,
      );
      await isDone(write);
    },
  };
}
