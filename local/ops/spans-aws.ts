/**
 * Spans on AWS: Transaction Search keeps those of the whole account in one log group, a JSON object each, with OTLP's
 * names (Amazon CloudWatch User Guide, "Spans"). They are asked for by trace id, which CloudWatch Logs indexes in every
 * group, so that others' spans are not read ("Create field indexes", default fields).
 */
import { setTimeout as pause } from "node:timers/promises";
import {
  type CloudWatchLogsClient,
  GetQueryResultsCommand,
  StartQueryCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import * as v from "valibot";
import { err, ok, type Result } from "#core/result.ts";
import type { CollectedSpan } from "../traces/collector.ts";
import { spanLine } from "../traces/span-line.ts";
import { explainFailure, failureOf, isFailedCall } from "./calls.ts";
import { inOrder, type LogLine, parseLogLine } from "./logs.ts";

/** Transaction Search's own group; no account can name it otherwise. */
export const spanGroup = "aws/spans";

const spansMax = 1_000;
const queryMsMax = 30_000;
const askEveryMs = 500;

/** Nanoseconds since 1970: told as a number, which is exact to some 200 of them, or as text. */
const time = v.pipe(
  v.union([v.string(), v.number()]),
  v.transform(String),
  v.regex(/^\d+$/),
  v.transform((digits) => BigInt(digits)),
);
const value = v.pipe(v.union([v.string(), v.number(), v.boolean()]), v.transform(String));
/** Texts alone: lists and objects are none of ours. */
const fields = v.optional(v.record(v.string(), v.fallback(value, "")), {});

const record = v.object({
  traceId: v.string(),
  spanId: v.string(),
  name: v.string(),
  startTimeUnixNano: time,
  endTimeUnixNano: time,
  attributes: fields,
  resource: v.optional(v.object({ attributes: fields }), {}),
  status: v.optional(v.object({ code: v.optional(v.string()), message: v.optional(v.string()) }), {}),
});

/** A span as Transaction Search keeps it; `undefined` for what is none. */
export function spanOfRecord(text: string): CollectedSpan | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const read = v.safeParse(record, json);
  if (!read.success) return undefined;
  const { traceId, spanId, name, attributes, resource, status, ...times } = read.output;
  return {
    ...{ traceId, spanId, name, fields: attributes, events: [], links: [] },
    service: resource.attributes?.["service.name"] ?? "unknown",
    startNs: times.startTimeUnixNano,
    endNs: times.endTimeUnixNano,
    failed: status.code === "ERROR" ? (status.message ?? "unknown") : undefined,
  };
}

/** CloudWatch Logs Insights: all spans of these traces. @param traceIds 32 hexadecimal digits each */
export function spanQuery(traceIds: readonly string[]): string {
  const ids = traceIds.map((id) => `"${id}"`).join(", ");
  return `fields @message | filter traceId in [${ids}] | sort @timestamp asc | limit ${spansMax}`;
}

async function ask(client: CloudWatchLogsClient, queryString: string, sinceMs: number, nowMs: number) {
  const { queryId } = await client.send(
    new StartQueryCommand({
      logGroupName: spanGroup,
      queryString,
      startTime: Math.floor(sinceMs / 1000),
      endTime: Math.ceil(nowMs / 1000),
    }),
  );
  for (const untilMs = performance.now() + queryMsMax; performance.now() < untilMs; ) {
    const { status, results = [] } = await client.send(new GetQueryResultsCommand({ queryId }));
    if (status === "Complete") return ok(results);
    if (status !== "Scheduled" && status !== "Running") return err(`the query ended as ${status}`);
    await pause(askEveryMs);
  }
  return err(`the query was not done within ${queryMsMax / 1000} s`);
}

/** Why there are no spans, in a line; what was logged tells the way all the same. */
function whyNone(error: unknown, who: string): string {
  return failureOf(error) === "missing"
    ? `there is no log group ${spanGroup}: Transaction Search is off (docs/traces.md)`
    : explainFailure(error, who);
}

/**
 * The spans of these traces as lines, like those that are kept beside local logs.
 *
 * @param who whose permissions count
 * @returns or why there are none, in a line
 */
export async function readAwsSpans(
  client: CloudWatchLogsClient,
  traceIds: readonly string[],
  sinceMs: number,
  who: string,
): Promise<Result<readonly LogLine[], string>> {
  let found: Awaited<ReturnType<typeof ask>>;
  try {
    found = await ask(client, spanQuery(traceIds), sinceMs, Date.now());
  } catch (error) {
    if (!isFailedCall(error)) throw error;
    return err(whyNone(error, who));
  }
  if (!found.ok) return found;
  const lines = found.value.flatMap((row) => {
    const span = spanOfRecord(row.find(({ field }) => field === "@message")?.value ?? "");
    return (span && parseLogLine("spans", spanLine(span))) ?? [];
  });
  return ok(inOrder(lines));
}
