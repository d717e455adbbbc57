/** What a line of the imported file says. Pure. */
import { parseUserId, type UserId } from "#core/mapping.ts";
import { err, ok, type Result } from "#core/result.ts";
import { type BareJid, domainOf, parseBareJid } from "#core/xmpp/jid.ts";
import { readCsv } from "./csv.ts";
import type { Problem } from "./problem.ts";

export type Format = "ndjson" | "csv";

const subscriptions = ["to", "from", "both"] as const;
export type Subscription = (typeof subscriptions)[number];

/** A user and its contact, as they should stand afterwards. */
export interface ImportedPair {
  readonly user: UserId;
  readonly contact: BareJid;
  /** `to`: the user sees the contact's presence. `from`: the contact sees the user's. */
  readonly subscription: Subscription;
}

const fields = ["user", "contact", "subscription"] as const;
type Field = (typeof fields)[number];
type Record = { readonly [F in Field]?: unknown };

const examples: Readonly<{ [F in Format]: string }> = {
  ndjson: '{"user":"nina","contact":"alice@example.org","subscription":"both"}',
  csv: "nina,alice@example.org,both",
};

const wrong = (field: Problem["field"], text: string) => err<Problem>({ field, text });

/** Whether a line says nothing: it is blank, or begins with a number sign and a blank. */
export function isSilent(text: string): boolean {
  return text.startsWith("# ") || text.trim() === "";
}

/** The format of a file, by its first line that says something. */
export function formatOf(text: string): Format {
  return text.trimStart().startsWith("{") ? "ndjson" : "csv";
}

/** Whether a file begins as one JSON list, which cannot be read line by line. */
export function isJsonList(text: string): boolean {
  return /^\s*\[\s*(?:\{|$)/.test(text);
}

/**
 * Reads a line.
 *
 * @param ownDomains the bridge's own domains where they are known: their users are nobody's contacts
 * @returns the pair, undefined for a line that says nothing (blank, comment, header), or what is wrong
 */
export function readLine(
  text: string,
  format: Format,
  ownDomains: readonly string[],
): Result<ImportedPair | undefined, Problem> {
  if (isSilent(text)) return ok(undefined);
  const record = format === "ndjson" ? readJson(text) : readCsvRecord(text);
  if (!record.ok) return record;
  if (record.value === undefined) return ok(undefined);
  return readPair(record.value, format, ownDomains);
}

function readJson(text: string): Result<Record, Problem> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return ok(value);
  } catch {
    // Said below, as for JSON of another kind.
  }
  return wrong("line", `is no JSON object: write one a line, like ${examples.ndjson}`);
}

/** Undefined for a header line: no pair has the subscription "subscription". */
function readCsvRecord(text: string): Result<Record | undefined, Problem> {
  const values = readCsv(text);
  if (values === undefined) {
    return wrong(
      "line",
      'has a quote that does not end its field: write quotes inside quotes twice, "a ""b"" c"',
    );
  }
  if (fields.every((field, index) => values[index]?.toLowerCase() === field)) return ok(undefined);
  if (values.length < fields.length && /[;\t]/.test(text)) {
    return wrong("line", `has no commas between its fields: write ${examples.csv}`);
  }
  return ok(Object.fromEntries(fields.map((field, index) => [field, apart(values[index])])));
}

/** A copy: a piece of a string keeps all of that string in memory, here a line with fields that nobody needs. */
function apart(text: string | undefined): string | undefined {
  return text === undefined ? undefined : Buffer.from(text).toString();
}

function readPair(
  record: Record,
  format: Format,
  ownDomains: readonly string[],
): Result<ImportedPair, Problem> {
  const texts: { [F in Field]?: string } = {};
  for (const field of fields) {
    const value = record[field];
    if (value === undefined || value === "") return wrong(field, `is missing: write ${examples[format]}`);
    if (typeof value !== "string") return wrong(field, "is no text: write it in double quotes");
    texts[field] = value;
  }
  const user = parseUserId(texts.user ?? "");
  if (!user.ok) return wrong("user", `${user.error}: write the id that the native system uses`);
  const contact = parseBareJid(texts.contact ?? "");
  if (!contact.ok) return wrong("contact", `${contact.error}: write a bare JID, like alice@example.org`);
  const contactDomain = domainOf(contact.value);
  if (ownDomains.includes(contactDomain)) {
    return wrong("contact", `is a user of the native system itself, at ${contactDomain}: leave it out`);
  }
  const subscription = subscriptions.find((each) => each === texts.subscription);
  if (subscription === undefined) {
    return wrong("subscription", `must be one of ${subscriptions.join(", ")}; leave out who has none`);
  }
  return ok({ user: user.value, contact: contact.value, subscription });
}
