/** Says in words what a schema expected; never what it got, since a rejection may be logged. */
import type * as v from "valibot";

type Issue = v.BaseIssue<unknown>;

/** JSON Pointer (RFC 6901) of an issue, below a prefix. */
export function pointerOf(issue: Issue, prefix: string): string {
  const keys = (issue.path ?? []).map((item) => `/${escapeKey(String(item.key))}`);
  return prefix + keys.join("");
}

/** RFC 6901 §3. */
function escapeKey(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}

/** Whether an issue is about a field that is not there. */
export function isMissing(issue: Issue): boolean {
  return issue.kind === "schema" && issue.path?.at(-1)?.origin === "key";
}

/** What was expected where an issue arose, in words. */
export function expectationOf(issue: Issue, root: v.GenericSchema): string {
  if (issue.kind === "schema") return wordsFor(schemaAt(root, issue));
  const bound = String(issue.requirement);
  switch (issue.type) {
    case "non_empty":
      return typeof issue.input === "string" ? "text that is not empty" : "a list that is not empty";
    case "max_length":
      return `at most ${bound} ${typeof issue.input === "string" ? "characters" : "entries"}`;
    case "min_value":
      return `at least ${bound}`;
    case "max_value":
      return `at most ${bound}`;
    case "safe_integer":
      return "a whole number";
    case "raw_transform":
      return issue.expected ?? issue.message;
    default:
      return issue.message;
  }
}

function wordsFor(schema: v.GenericSchema): string {
  switch (schema.type) {
    case "string":
      return "text";
    case "boolean":
      return "true or false";
    case "number":
      return "a number";
    case "array":
      return "a list";
    case "object":
    case "record":
      return "an object";
    case "literal":
      return schema.expects;
    case "picklist":
      return `one of ${schema.expects.slice(1, -1).replaceAll('"', "").replaceAll(" | ", ", ")}`;
    default:
      throw new Error(`no words for the schema type ${schema.type}`);
  }
}

/** The schema of the field that an issue is about. */
function schemaAt(root: v.GenericSchema, issue: Issue): v.GenericSchema {
  let schema: unknown = root;
  for (const { key } of issue.path ?? []) schema = fieldOf(schema, key);
  return schema as v.GenericSchema;
}

function fieldOf(schema: unknown, key: unknown): unknown {
  const { entries, item } = schema as { entries?: Record<string, unknown>; item?: unknown };
  const field = entries === undefined ? item : entries[String(key)];
  return (field as { wrapped?: unknown }).wrapped ?? field;
}
