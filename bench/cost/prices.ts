/** What AWS asks for, read from one file and checked. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { err, ok, type Result } from "#core/result.ts";
import { oldestDate, type PriceName, priceList } from "#infra/definitions/prices.ts";
import { wordsOf } from "#local/words.ts";

export const pricesFile = join(import.meta.dirname, "../../infra/definitions/prices.json");

const url = v.pipe(v.string("is no text"), v.url("is no URL"));
const date = v.pipe(v.string("is no text"), v.isoDate("is no date such as 2026-11-24"));
const price = v.strictObject({
  /** US dollars for {@link per} units. */
  usd: v.pipe(v.number("is no number"), v.minValue(0, "is below 0")),
  per: v.pipe(v.number("is no number"), v.gtValue(0, "is not above 0")),
  /** For people, behind {@link per}. */
  unit: v.pipe(v.string("is no text"), v.minLength(1, "is empty")),
  /** Units that each account has free each month, for all that is in it. */
  freePerMonth: v.exactOptional(v.pipe(v.number("is no number"), v.minValue(0, "is below 0"))),
  /** The page of AWS that has it: the last word, made in the browser, so that no stored copy holds the number. */
  source: url,
  /** When it was looked up. */
  date,
  /** The page on which it was read, where that is another one. */
  readAt: v.exactOptional(url),
  /** That page's own date, where it has one. */
  readOf: v.exactOptional(date),
});

const priceNames = Object.keys(priceList.prices) as PriceName[];

const schema = v.strictObject({
  region: v.pipe(v.string("is no text"), v.minLength(1, "is empty")),
  hoursPerMonth: v.pipe(v.number("is no number"), v.gtValue(0, "is not above 0")),
  prices: v.strictObject(v.entriesFromList(priceNames, price)),
});
export type Prices = v.InferOutput<typeof schema>;

/** @returns the price list, or which entry is wrong and how. */
export function parsePrices(value: unknown): Result<Prices, string> {
  const read = v.safeParse(schema, value, { abortEarly: true });
  if (read.success) return ok(read.output);
  const [issue] = read.issues;
  const key = (issue.path ?? []).map((step) => String(step.key)).join(".") || "the list";
  if (issue.expected === "never") return err(`${key} is unknown: leave it out`);
  return err(`${key} ${issue.input === undefined ? "is missing" : issue.message}`);
}

/** @returns what the file holds, or a sentence that names the file and what is wrong with it. */
export function readJson<T>(file: string, parse: (value: unknown) => Result<T, string>): Result<T, string> {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    return err(`${file} cannot be read: ${wordsOf(error)}`);
  }
  const parsed = parse(value);
  return parsed.ok ? parsed : err(`${file}: ${parsed.error}`);
}

/** The list of the repository. @throws when it is broken */
export function ourPrices(): Prices {
  const read = readJson(pricesFile, parsePrices);
  if (!read.ok) throw new Error(read.error);
  return read.value;
}

/** Where the prices are from, for people. */
export function pricesText(prices: Prices): string {
  return `list prices of ${prices.region}, the oldest looked up on ${oldestDate(prices)}; the source of each is in the price file`;
}
