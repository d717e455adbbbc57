/** Logs on AWS: CloudWatch Logs, one group a part. */
import { type CloudWatchLogsClient, FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { inOrder, type LogLine, type LogQuery, parseLogLine } from "./logs.ts";

/** Pages of one group that are read: 1 MiB each. */
const pagesMax = 20;

/** CloudWatch Logs: the longest filter pattern. */
const patternCharsMax = 1024;

/**
 * Any of these texts, as a filter pattern: each in quotes, so that no character of it means anything. As many as fit,
 * the first of them first.
 */
export function filterPattern(holding: readonly string[]): string {
  let pattern = "";
  for (const text of holding) {
    const longer = `${pattern} ?"${text.replace(/["\\]/g, "\\$&")}"`.trimStart();
    if (longer.length > patternCharsMax) break;
    pattern = longer;
  }
  return pattern;
}

/** `…/Causeway-Compute-MessageFunctionLogs1A2B3C` → `function-message`; other names as they are. */
export function partOfGroup(group: string): string {
  const [, name] = /([A-Z][a-z]+)Function/.exec(group) ?? [];
  if (name !== undefined) return `function-${name.toLowerCase()}`;
  return /connector/i.test(group) ? "connector" : group;
}

async function readGroup(
  client: CloudWatchLogsClient,
  logGroupName: string,
  { sinceMs, holding }: LogQuery,
): Promise<LogLine[]> {
  const part = partOfGroup(logGroupName);
  const lines: LogLine[] = [];
  let nextToken: string | undefined;
  for (let pages = 0; pages < pagesMax; pages += 1) {
    const answer = await client.send(
      new FilterLogEventsCommand({
        logGroupName,
        startTime: sinceMs,
        ...(holding !== undefined && { filterPattern: filterPattern(holding) }),
        ...(nextToken !== undefined && { nextToken }),
      }),
    );
    for (const { message = "", timestamp } of answer.events ?? []) {
      const line = parseLogLine(part, message, timestamp);
      if (line !== undefined) lines.push(line);
    }
    nextToken = answer.nextToken;
    if (nextToken === undefined) break;
  }
  return lines;
}

export async function readAwsLogs(
  client: CloudWatchLogsClient,
  groups: readonly string[],
  query: LogQuery,
): Promise<readonly LogLine[]> {
  const parts = groups.map((group) => readGroup(client, group, query));
  return inOrder((await Promise.all(parts)).flat());
}
