import { chmodSync, existsSync, mkdirSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import {
  CreateTableCommand,
  type DynamoDBClient,
  ResourceInUseException,
  UpdateTimeToLiveCommand,
} from "@aws-sdk/client-dynamodb";
import { tableDefinition } from "#infra/definitions/table.ts";
import { portsAccept } from "../ports.ts";
import { type Process, startServing } from "../process.ts";

export interface DynamodbEngineOptions {
  readonly port: number;
  /** The table's file; made when it is missing. */
  readonly file: string;
  readonly logFile: string;
}

/** The engine's program for this platform; throws an error that names the way out. */
function engineProgram(): string {
  const name = `@dynoxide/${process.platform}-${process.arch}`;
  let folder: string;
  try {
    folder = dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
  } catch {
    throw new Error(
      `no DynamoDB engine for this platform (${name}): start one yourself and name it by DYNAMODB_ENDPOINT, ` +
        "for example DYNAMODB_ENDPOINT=http://127.0.0.1:8001",
    );
  }
  const program = join(folder, process.platform === "win32" ? "dynoxide.exe" : "dynoxide");
  if (!existsSync(program)) throw new Error(`${name} holds no ${program}: try npm install`);
  // npm keeps the file's mode, but not every registry mirror does.
  if ((statSync(program).mode & 0o111) === 0) chmodSync(program, 0o755);
  return program;
}

/** Starts the DynamoDB engine; resolves when it serves. */
export async function startDynamodbEngine(options: DynamodbEngineOptions): Promise<Process> {
  mkdirSync(dirname(options.file), { recursive: true });
  const program = {
    name: "DynamoDB engine",
    command: engineProgram(),
    args: ["serve", "--host", "127.0.0.1", "--port", String(options.port), "--db-path", options.file],
    env: { HOME: dirname(options.file), PATH: "/usr/bin:/bin" },
    logFile: options.logFile,
  };
  return await startServing(program, () => portsAccept([options.port]));
}

/** Creates the table of the definitions unless it exists. */
export async function ensureTable(client: DynamoDBClient): Promise<string> {
  const { name, partitionKey, sortKey, expires } = tableDefinition;
  try {
    await client.send(
      new CreateTableCommand({
        TableName: name,
        BillingMode: "PAY_PER_REQUEST",
        KeySchema: [
          { AttributeName: partitionKey, KeyType: "HASH" },
          { AttributeName: sortKey, KeyType: "RANGE" },
        ],
        AttributeDefinitions: [
          { AttributeName: partitionKey, AttributeType: "S" },
          { AttributeName: sortKey, AttributeType: "S" },
        ],
      }),
    );
    await client.send(
      new UpdateTimeToLiveCommand({
        TableName: name,
        TimeToLiveSpecification: { AttributeName: expires, Enabled: true },
      }),
    );
  } catch (error) {
    if (!(error instanceof ResourceInUseException)) throw new Error(`table ${name}`, { cause: error });
  }
  return name;
}
