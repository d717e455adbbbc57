/** The connector as a process, started from its source, between hand-played XMPP servers and the local engines. */
import assert from "node:assert/strict";
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";
import { makeTable } from "#aws/dynamodb-table.ts";
import { makeQueues, type Queues } from "#aws/queues.ts";
import type { Table } from "#aws/table.ts";
import { startEngines } from "#bench/engines.ts";
import { environmentOf } from "#infra/definitions/environment.ts";
import { dynamodbClientFor, sqsClientFor } from "#local/aws-clients.ts";
import { ensureTable } from "#local/engines/dynamodb.ts";
import { ensureQueues } from "#local/engines/sqs.ts";
import { freePort } from "#local/free-ports.ts";
import { localEnvironment } from "#local/mappings.ts";

export const connectorMain = join(import.meta.dirname, "../../connector/main.ts");

export interface ConnectorPlace {
  readonly queues: Queues;
  readonly table: Table;
  /** Of a connector, but for its XMPP server. */
  readonly environment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** Starts engines with the queues of these domains. */
export async function startPlace(domains: readonly string[], secret: string): Promise<ConnectorPlace> {
  const folder = mkdtempSync(join(tmpdir(), "causeway-connector-"));
  const engines = await startEngines(folder);
  const { sqs, dynamodb } = engines.endpoints;
  const client = sqsClientFor(sqs);
  const addresses = await ensureQueues(client, sqs, domains);
  const dynamodbClient = dynamodbClientFor(dynamodb);
  const table = await ensureTable(dynamodbClient);
  return {
    queues: makeQueues({ client, ...addresses }),
    table: makeTable({ client: dynamodbClient, name: table }),
    environment: {
      ...localEnvironment(sqs, dynamodb),
      ...environmentOf("connector", { ...addresses, table, domains, directory: "open", lanes: 4 }),
      CAUSEWAY_XMPP_SECRET: secret,
    },
    async stop() {
      await engines.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export interface RunningConnector {
  readonly child: ChildProcess;
  readonly healthPort: number;
  /** Lines of standard output so far. */
  readonly lines: readonly string[];
  /** Resolves with the first line about this event, of a domain where one is named. */
  event(name: string, domain?: string): Promise<Record<string, unknown>>;
  readonly exited: Promise<number | null>;
}

/** `node connector/main.ts`, holding an IPC channel to us; killed with the test. */
export async function runConnector(
  t: TestContext,
  environment: Readonly<Record<string, string>>,
): Promise<RunningConnector> {
  const healthPort = await freePort();
  const child = fork(connectorMain, {
    env: { ...environment, CAUSEWAY_HEALTH_PORT: String(healthPort) },
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  t.after(() => void child.kill("SIGKILL"));
  const exited = once(child, "exit").then(([code]) => code as number | null);
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  assert.ok(child.stdout);
  createInterface(child.stdout).on("line", (line) => {
    lines.push(line);
    for (const wake of waiting) wake();
  });
  return {
    child,
    healthPort,
    lines,
    exited,
    async event(name, domain) {
      for (;;) {
        const found = lines
          .map((line) => JSON.parse(line))
          .find((line) => line.event === name && (domain === undefined || line.domain === domain));
        if (found) return found;
        await new Promise<void>((resolve) => waiting.add(resolve));
      }
    },
  };
}

/** What its health port answers. */
export async function ask({ healthPort }: Pick<RunningConnector, "healthPort">, path: string) {
  const answer = await fetch(`http://127.0.0.1:${healthPort}${path}`);
  return { status: answer.status, body: await answer.text() };
}
