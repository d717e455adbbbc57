/** Reads where the bridge on this machine is, each command as far as it needs to know. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as v from "valibot";
import { err, ok, type Result } from "#core/result.ts";
import { isAlive } from "./run-lock.ts";
import { wordsOf } from "./words.ts";

const endpointsSchema = v.object({
  pid: v.exactOptional(v.number()),
  component: v.object({ domain: v.string() }),
  furtherComponents: v.optional(v.array(v.object({ domain: v.string() })), []),
  sqs: v.object({
    endpoint: v.string(),
    queues: v.object({ nativeEvents: v.string(), nativeDeliveries: v.string() }),
  }),
});
export type NativeEndpoints = v.InferOutput<typeof endpointsSchema>;

export interface Components {
  readonly component: { readonly domain: string };
  readonly furtherComponents?: readonly { readonly domain: string }[];
}

/** The domains of a bridge on this machine, the first one first. */
export function domainsAt({ component, furtherComponents = [] }: Components): readonly [string, ...string[]] {
  return [component.domain, ...furtherComponents.map(({ domain }) => domain)];
}

/** The domain that is meant: the first where none is named; the error is for people. */
export function chooseDomain(named: string | undefined, domains: readonly string[]): Result<string, string> {
  const domain = named ?? domains[0];
  if (domain !== undefined && domains.includes(domain)) return ok(domain);
  return err(`${domain} is not served here: ${domains.join(", ")}`);
}

const usualPath = fileURLToPath(new URL("../.local/endpoints.json", import.meta.url));

/** Reads what the native side needs of the file that `npm start` writes when it is ready; the error is for people. */
export function readEndpoints(path?: string): Result<NativeEndpoints, string> {
  return readEndpointsAs(endpointsSchema, path);
}

/** Reads as much of the file as the schema wants. */
export function readEndpointsAs<T extends { pid?: number }>(
  schema: v.GenericSchema<unknown, T>,
  path: string = usualPath,
): Result<T, string> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return err(`there is no ${path}: start the bridge first: npm start`);
  }
  try {
    const endpoints = v.parse(schema, JSON.parse(text));
    if (endpoints.pid === undefined || isAlive(endpoints.pid)) return ok(endpoints);
    return err(`the bridge that wrote ${path} is gone (pid ${endpoints.pid}): start it again: npm start`);
  } catch (error) {
    return err(`${path} is not what npm start writes (${wordsOf(error)}): start the bridge again: npm start`);
  }
}
