/** What went wrong lately, out of the logs. Pure. */
import type { LogLine } from "./logs.ts";

/** One kind of trouble of one part. */
export interface Trouble {
  readonly part: string;
  readonly event: string;
  /** The error's name, or why. */
  readonly reason: string;
  readonly count: number;
  /** Milliseconds since 1970, of the last time. */
  readonly lastAt: number;
  /** The part has worked since. */
  readonly over: boolean;
}

export interface StreamTrouble {
  readonly domain: string;
  readonly reason: string;
  readonly advice: string;
  readonly lastAt: number;
}

export interface Troubles {
  readonly parts: readonly Trouble[];
  /** Why streams ended or did not come up: the last of each domain, unless it has come up since. */
  readonly streams: readonly StreamTrouble[];
}

const textOf = (value: unknown) => (typeof value === "string" ? value : "");

/** What a part says when it has done all of its work. */
const isSuccess = ({ event, fields }: LogLine) =>
  event === "stream.up" || event === "downlink.routed" || (event === "handled" && fields["failed"] === 0);

/** Troubles that are told once, however long they last, and what tells of their end. */
const ends: Readonly<Record<string, string>> = { "policy.unread": "policy.read" };

/** What was complained of so long ago, and not again, is no news. */
const openMsMax = 5 * 60_000;

const isTrouble = ({ level, event }: LogLine) =>
  (level === "warn" || level === "error") && event !== "stream.down" && event !== "rejected";

function streamsOf(lines: readonly LogLine[]): StreamTrouble[] {
  const last = new Map<string, LogLine>();
  for (const line of lines) {
    if (line.event === "stream.down" || line.event === "stream.up")
      last.set(textOf(line.fields["domain"]), line);
  }
  return [...last].flatMap(([domain, { event, at, fields }]) =>
    event === "stream.up"
      ? []
      : [{ domain, reason: textOf(fields["reason"]), advice: textOf(fields["advice"]), lastAt: at }],
  );
}

/** Whether what a line complains of is past. */
function isOver({ part, event, at }: LogLine, lines: readonly LogLine[], nowMs: number): boolean {
  const end = ends[event];
  const isEnd = (line: LogLine) => (end === undefined ? isSuccess(line) : line.event === end);
  const wasEnded = lines.some((line) => line.part === part && line.at > at && isEnd(line));
  return wasEnded || (end === undefined && nowMs - at > openMsMax);
}

/** @param lines in order of time */
export function troublesOf(lines: readonly LogLine[], nowMs: number): Troubles {
  const kinds = Map.groupBy(lines.filter(isTrouble), ({ part, event, fields }) =>
    JSON.stringify([part, event, textOf(fields["error"]) || textOf(fields["reason"])]),
  );
  const parts = [...kinds.values()].flatMap((same): Trouble[] => {
    const last = same.at(-1);
    if (last === undefined) return [];
    const { part, event, at, fields } = last;
    const reason = textOf(fields["error"]) || textOf(fields["reason"]);
    const over = isOver(last, lines, nowMs);
    return [{ part, event, reason, count: same.length, lastAt: at, over }];
  });
  return { parts: parts.toSorted((a, b) => b.lastAt - a.lastAt), streams: streamsOf(lines) };
}
