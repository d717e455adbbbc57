/** `npm run policy`: with whom the users of a domain may have to do. */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import * as v from "valibot";
import { makeTable } from "#aws/dynamodb-table.ts";
import { readFunctionEnv } from "#aws/env.ts";
import type { Table } from "#aws/table.ts";
import type { Policy } from "#core/policy.ts";
import { ok, type Result } from "#core/result.ts";
import { dynamodbClientFor } from "../aws-clients.ts";
import { chooseDomain, componentSchemas, domainsAt, readEndpointsAs } from "../native/endpoints.ts";
import { wordsOf } from "../native/inbox.ts";
import { changed, help, type Options, readOptions } from "./options.ts";

interface Access {
  readonly table: Table;
  /** Those that are served. */
  readonly domains: readonly string[];
}

const endpointsSchema = v.object({
  pid: v.exactOptional(v.number()),
  ...componentSchemas,
  dynamodb: v.object({ endpoint: v.string(), table: v.string() }),
});

function onThisMachine(path: string | undefined): Result<Access, string> {
  const read = readEndpointsAs(endpointsSchema, path);
  if (!read.ok) return read;
  const { dynamodb } = read.value;
  const client = dynamodbClientFor(dynamodb.endpoint);
  return ok({ table: makeTable({ client, name: dynamodb.table }), domains: domainsAt(read.value) });
}

function byEnvironment(env: NodeJS.ProcessEnv): Result<Access, string> {
  const read = readFunctionEnv([], env);
  if (!read.ok) return read;
  const { region, dynamodbEndpoint: endpoint, table: name, domains } = read.value;
  const client = new DynamoDBClient(endpoint === undefined ? { region } : { region, endpoint });
  return ok({ table: makeTable({ client, name }), domains });
}

function complain(text: string): number {
  console.error(text);
  return 1;
}

function show(domain: string, { allow, deny, strangers }: Policy): void {
  console.log(`Policy of ${domain}
  denied domains   ${deny.join(", ") || "none"}
  allowed domains  ${allow?.join(", ") ?? "any"}
  strangers may    ${strangers}`);
}

async function run(options: Options, { table }: Access, domain: string): Promise<void> {
  const before = await table.readPolicy(domain);
  if (options.change === undefined) return show(domain, before);
  const policy = changed(before, options.change);
  await table.writePolicy(domain, policy);
  show(domain, policy);
  console.log("It holds everywhere within 10 seconds.");
}

async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (!options.ok) return complain(`${options.error}\n\nnpm run policy -- --help says more.`);
  if (options.value === "help") {
    console.log(help);
    return 0;
  }
  const { endpoints, domain: wanted } = options.value;
  const isByEnvironment = endpoints === undefined && process.env["CAUSEWAY_TABLE"] !== undefined;
  const access = isByEnvironment ? byEnvironment(process.env) : onThisMachine(endpoints);
  if (!access.ok) return complain(access.error);
  const domain = chooseDomain(wanted, access.value.domains);
  if (!domain.ok) return complain(domain.error);
  try {
    await run(options.value, access.value, domain.value);
    return 0;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return complain(`the table cannot be reached: ${code ?? wordsOf(error)}`);
  }
}

process.exit(await main(process.argv.slice(2)));
