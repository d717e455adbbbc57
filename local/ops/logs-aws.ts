/** Logs on AWS: CloudWatch Logs, one group a part. */
import { type CloudWatchLogsClient, FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { inOrder, type LogLine, type LogQuery, parseLogLine } from "./logs.ts";

/** Pages of one group that are read: up to 1 MiB each, and empty ones where little of much is asked for. */
const pagesMax = 100;

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

interface GroupLines {
  readonly lines: readonly LogLine[];
  /** There are more, before these. */
  readonly isCut: boolean;
}

/** The newest first, so that a bound leaves out the oldest. A page may be empty and not the last. */
async function readGroup(
  client: CloudWatchLogsClient,
  logGroupName: string,
  { sinceMs, holding }: LogQuery,
): Promise<GroupLines> {
  const part = partOfGroup(logGroupName);
  const lines: LogLine[] = [];
  let nextToken: string | undefined;
  for (let pages = 0; pages < pagesMax; pages += 1) {
    const answer = await client.send(
      new FilterLogEventsCommand({
        logGroupName,
        startTime: sinceMs,
        startFromHead: false,
        ...(holding !== undefined && { filterPattern: filterPattern(holding) }),
        ...(nextToken !== undefined && { nextToken }),
      }),
    );
    for (const { message = "", timestamp } of answer.events ?? []) {
      const line = parseLogLine(part, message, timestamp);
      if (line !== undefined) lines.push(line);
    }
    nextToken = answer.nextToken;
    if (nextToken === undefined) return { lines, isCut: false };
  }
  return { lines, isCut: true };
}

/** What was left out, in a line. */
function cutText(groups: readonly string[], read: readonly GroupLines[]): string | undefined {
  const cut = groups.flatMap((group, index) => {
    const { isCut = false, lines = [] } = read[index] ?? {};
    if (!isCut) return [];
    const oldest = inOrder(lines)[0];
    const since = oldest === undefined ? "" : `, before ${new Date(oldest.at).toISOString()}`;
    return [`${partOfGroup(group)}${since}`];
  });
  return cut.length === 0 ? undefined : `The logs are long, so older lines were not read: ${cut.join("; ")}`;
}

/** @param tell is told in a line where there are more lines than are read */
export async function readAwsLogs(
  client: CloudWatchLogsClient,
  groups: readonly string[],
  query: LogQuery,
  tell: (text: string) => void,
): Promise<readonly LogLine[]> {
  const read = await Promise.all(groups.map((group) => readGroup(client, group, query)));
  const cut = cutText(groups, read);
  if (cut !== undefined) tell(cut);
  return inOrder(read.flatMap(({ lines }) => lines));
}
