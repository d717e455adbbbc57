/** Attribute values of stored items, written and read with checks: a stored item is input too. */
import type { AttributeValue, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import * as v from "valibot";
import type { Key } from "./keys.ts";

export type Item = Record<string, AttributeValue>;

export interface TableOptions {
  readonly client: DynamoDBClient;
  readonly name: string;
}

export const s = (text: string): AttributeValue => ({ S: text });
export const n = (value: number): AttributeValue => ({ N: String(value) });
/** Its being there is what it says. */
export const yes: AttributeValue = { BOOL: true };
/** A value that only we read: JSON in a string attribute. */
export const json = (value: unknown): AttributeValue => ({ S: JSON.stringify(value) });

export function keyItem(key: Key): Item {
  return { pk: s(key.pk), sk: s(key.sk) };
}

/** What an item begins with when it is made: its key, and what that does not hold in full. */
export function newItem(key: Key): Item {
  const beside = Object.entries(key.beside ?? {}).map(([name, text]) => [name, s(text)]);
  return { ...keyItem(key), ...Object.fromEntries(beside) };
}

export function readString(item: Item | undefined, name: string): string | undefined {
  return item?.[name]?.S;
}

export function readNumber(item: Item | undefined, name: string): number | undefined {
  const text = item?.[name]?.N;
  return text === undefined ? undefined : Number(text);
}

/** Reads a JSON attribute through its schema; a broken one throws, naming the item but not its content. */
export function readJson<const S extends v.GenericSchema>(
  item: Item,
  name: string,
  schema: S,
): v.InferOutput<S> {
  const text = readString(item, name);
  const parsed = text === undefined ? undefined : v.safeParse(schema, JSON.parse(text));
  if (parsed?.success) return parsed.output;
  throw new Error(`stored item ${item["pk"]?.S} ${item["sk"]?.S}: attribute ${name} is broken`);
}

/** Whether DynamoDB refused because a condition did not hold, alone or as part of a transaction. */
export function isConditionFailure(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error.name === "ConditionalCheckFailedException") return true;
  return failedConditions(error).length > 0;
}

/** True when the write was done, false when its condition did not hold. */
export async function isDone(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (isConditionFailure(error)) return false;
    throw error;
  }
}

/** Positions of the transaction's actions whose conditions did not hold. */
export function failedConditions(error: Error): number[] {
  if (error.name !== "TransactionCanceledException" || !("CancellationReasons" in error)) return [];
  const reasons = Array.isArray(error.CancellationReasons) ? error.CancellationReasons : [];
  return reasons.flatMap((reason, index) => (reason?.Code === "ConditionalCheckFailed" ? [index] : []));
}
