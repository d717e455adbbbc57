/** Reads what a deployment declares of the native system; what is wrong is said in one line, with the way out. */
import * as v from "valibot";
import { type Capabilities, capabilitiesSchema } from "./capabilities.ts";
import { expectationOf } from "./contract/expectation.ts";
import { limits } from "./limits.ts";
import { err, ok, type Result } from "./result.ts";
import { utf8Bytes } from "./xmpp/utf8.ts";

type Issue = v.BaseIssue<unknown>;

const words: Readonly<Record<string, string>> = {
  boolean: "true or false",
  number: "a whole number",
  string: "text",
  Array: "a list",
  Object: "an object",
};

const see = "see docs/capabilities.md";

/** Reads capabilities from JSON. The error is meant to stand behind the name of what was read, and a colon. */
export function parseCapabilities(text: string): Result<Capabilities, string> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return err(`not JSON: set it to a JSON object like {"edits":false}; ${see}`);
  }
  return readCapabilities(value);
}

/** Reads capabilities from a value; see {@link parseCapabilities}. */
export function readCapabilities(value: unknown): Result<Capabilities, string> {
  // For the schema a list is an object without fields.
  if (Array.isArray(value)) return err(`it is a list: set it to ${words["Object"]}; ${see}`);
  const parsed = v.safeParse(capabilitiesSchema, value, { abortEarly: true });
  if (!parsed.success) return err(complaint(parsed.issues[0]));
  // With all defaults, as it is handed on.
  return utf8Bytes(JSON.stringify(parsed.output)) <= limits.capabilitiesBytesMax
    ? ok(parsed.output)
    : err(`larger than ${limits.capabilitiesBytesMax} bytes: shorten reactions.allowed; ${see}`);
}

function complaint(outer: Issue): string {
  const { path, issue } = innermost(outer);
  const field = path.join(".") || "it";
  // A strict object says so of a key that it does not know.
  if (issue.type === "strict_object" && issue.expected === "never") {
    return `${field} is unknown: leave it out; ${see}`;
  }
  return `${field} is ${JSON.stringify(issue.input)}: set it to ${wanted(issue)}; ${see}`;
}

/** Of alternatives, none of which fits, the one that was read farthest is what was meant. */
function innermost(issue: Issue): { readonly path: readonly string[]; readonly issue: Issue } {
  const path = (issue.path ?? []).map(({ key }) => String(key));
  const inner = (issue.issues ?? []).map(innermost).filter((each) => each.path.length > 0);
  const [first] = inner.sort((a, b) => b.path.length - a.path.length);
  return first === undefined ? { path, issue } : { path: [...path, ...first.path], issue: first.issue };
}

function wanted(issue: Issue): string {
  if (issue.kind !== "schema") return expectationOf(issue, capabilitiesSchema);
  const alternatives = (issue.expected ?? "").replace(/^\(|\)$/g, "").split(" | ");
  return alternatives.map((alternative) => words[alternative] ?? alternative).join(" or ");
}
