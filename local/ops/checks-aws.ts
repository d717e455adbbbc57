/** Checks of what lies on AWS: calls that only look, queues, table, clock. */
import {
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  type DynamoDBClient,
} from "@aws-sdk/client-dynamodb";
import { limits } from "#core/limits.ts";
import { tableDefinition } from "#infra/definitions/table.ts";
import type { Bridge } from "./bridge.ts";
import { explainFailure, failureOf } from "./calls.ts";
import { type Check, failing, fine, skipped, warning } from "./checks.ts";
import { type QueueFacts, readQueues } from "./queue-facts.ts";
import { wordOf } from "./queue-names.ts";
import { plural } from "./text.ts";

/** AWS refuses a request whose clock is off by five minutes; messages' times are wrong long before. */
const clockWarnMs = 5_000;
const clockFailMs = 4 * 60_000;
const clockMsMax = 5_000;

const deadLettersOf = "dead letters of ";

/** The calls that only look; what changes something is not tried. */
function readingCalls(bridge: Bridge): readonly (readonly [name: string, call: () => Promise<unknown>])[] {
  const [domain = ""] = bridge.domains;
  const signal = AbortSignal.timeout(limits.connectMsMax);
  return [
    ["queues", () => readQueues(bridge)],
    ["lease", () => bridge.table.readLease(domain, signal)],
    ["users", () => bridge.table.userAt(domain, "doctor")],
    ["policy", () => bridge.table.readPolicy(domain)],
    ["logs", () => bridge.logs.read({ sinceMs: Date.now() - 60_000, holding: ["doctor"] })],
    ["connectors", () => bridge.connectors()],
    ...bridge.refs.map((queue) => {
      const call = () => bridge.deadLetters.receive(queue, { max: 1, waitS: 0, visibilityS: 0, signal });
      return [`${deadLettersOf}${wordOf(queue)}`, call] as const;
    }),
  ];
}

/** Whether this tool may do, and reaches, what it needs; each failure by its call. */
export async function checkCalls(bridge: Bridge): Promise<readonly Check[]> {
  const calls = readingCalls(bridge);
  const failures = new Map<string, Check>();
  for (const [name, call] of calls) {
    try {
      await call();
    } catch (error) {
      const text = explainFailure(error, bridge.who);
      const kind = failureOf(error);
      const fix =
        kind === "denied"
          ? "allow that action on that resource, and run this again"
          : kind === "throttled"
            ? "what waits is tried again by itself; look at capacity and quotas of what is named"
            : "is the bridge running, and are account and region right?";
      if (!failures.has(text)) failures.set(text, failing(`call: ${name}`, text, fix));
    }
  }
  if (failures.size > 0) return [...failures.values()];
  const ofDead = plural(bridge.refs.length, "queue");
  const names = calls.flatMap(([name]) => (name.startsWith(deadLettersOf) ? [] : [name]));
  return [fine("calls", `allowed and answered: ${names.join(", ")}, ${deadLettersOf}${ofDead}`)];
}

/** @param queues as they were found */
export function queueChecks(queues: readonly QueueFacts[]): readonly Check[] {
  const different = queues.filter(({ differences }) => differences.length > 0);
  if (different.length === 0)
    return [fine("queues", `all ${queues.length} are set up as their definitions say`)];
  return different.map(({ base, differences }) =>
    warning("queues", `${base}: ${differences.join("; ")}`, "deploy the state stack again"),
  );
}

interface TableFacts {
  readonly keys: string;
  /** `undefined`: not reported. */
  readonly expires?: string | undefined;
  readonly recovery?: string | undefined;
}

async function readTable(client: DynamoDBClient, TableName: string): Promise<TableFacts> {
  const { Table } = await client.send(new DescribeTableCommand({ TableName }));
  const keys = (Table?.KeySchema ?? []).map(({ AttributeName, KeyType }) => `${AttributeName} ${KeyType}`);
  // Engines on one machine do not report everything.
  const ttl = await client.send(new DescribeTimeToLiveCommand({ TableName })).catch(orMissing);
  const backups = await client.send(new DescribeContinuousBackupsCommand({ TableName })).catch(orMissing);
  const recovery = backups?.ContinuousBackupsDescription?.PointInTimeRecoveryDescription;
  const { TimeToLiveStatus, AttributeName = "" } = ttl?.TimeToLiveDescription ?? {};
  return {
    keys: keys.join(", "),
    expires: TimeToLiveStatus === "ENABLED" ? AttributeName : TimeToLiveStatus,
    recovery: recovery?.PointInTimeRecoveryStatus,
  };
}

function orMissing(error: unknown): undefined {
  if (failureOf(error) === "denied") throw error;
  return undefined;
}

/** @param found as the table reports it */
export function tableChecks({ keys, expires, recovery }: TableFacts): readonly Check[] {
  const { partitionKey, sortKey, expires: wanted } = tableDefinition;
  const wantedKeys = `${partitionKey} HASH, ${sortKey} RANGE`;
  const deploy = "deploy the state stack again";
  return [
    keys === wantedKeys
      ? fine("table", `its keys are ${keys}`)
      : failing("table", `its keys are ${keys}, not ${wantedKeys}`, "name the right table"),
    expires === undefined
      ? skipped("table: expiry", "not reported")
      : expires === wanted
        ? fine("table: expiry", `items expire by ${expires}`)
        : warning("table: expiry", `items do not expire (${expires})`, deploy),
    recovery === undefined
      ? skipped("table: recovery", "not reported")
      : recovery === "ENABLED"
        ? fine("table: recovery", "it can be restored to any moment of the last 35 days")
        : warning("table: recovery", "it cannot be restored to a moment before", deploy),
  ];
}

export async function checkTable({ dynamodb, tableName, who }: Bridge): Promise<readonly Check[]> {
  try {
    return tableChecks(await readTable(dynamodb, tableName));
  } catch (error) {
    return [failing("table", explainFailure(error, who), "see the calls above")];
  }
}

const noTrace = "0".repeat(32);

/** Whether spans can be read, where they are kept apart from logs. */
export async function checkSpans({ logs }: Bridge): Promise<readonly Check[]> {
  const read = await logs.spans?.([noTrace], Date.now() - 60_000);
  if (read === undefined) return [];
  return [read.ok ? fine("spans", "they can be read") : skipped("spans", read.error)];
}

/** @param offsetMs this machine's clock less AWS's */
export function clockCheck(offsetMs: number): Check {
  const text = `this machine's clock is ${Math.abs(offsetMs / 1000).toFixed(1)} s ${offsetMs < 0 ? "behind" : "ahead"}`;
  const fix = "set the clock by NTP";
  if (Math.abs(offsetMs) >= clockFailMs) return failing("clock", text, `${fix}: AWS refuses requests`);
  // The header has whole seconds.
  return Math.abs(offsetMs) >= clockWarnMs ? warning("clock", text, fix) : fine("clock", text);
}

export async function checkClock({ clockUrl }: Bridge): Promise<Check> {
  try {
    const answer = await fetch(clockUrl, { signal: AbortSignal.timeout(clockMsMax) });
    const date = Date.parse(answer.headers.get("date") ?? "");
    if (Number.isNaN(date)) return skipped("clock", "AWS's answer tells no time");
    return clockCheck(Date.now() - date);
  } catch {
    return failing("clock", `${clockUrl} does not answer`, "is the network up, and HTTPS let out?");
  }
}
