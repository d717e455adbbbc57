/** What the bridge's parts have logged, wherever it lies. */
import type { Result } from "#core/result.ts";

export interface LogLine {
  /** `connector`, `function-message`, … */
  readonly part: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly level: string;
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface LogQuery {
  /** Milliseconds since 1970. */
  readonly sinceMs: number;
  /** Only lines that hold one of these texts. */
  readonly holding?: readonly string[];
}

export interface Logs {
  /** Lines in order of time, the newest last; where there are very many, the oldest are left out. */
  read(query: LogQuery): Promise<readonly LogLine[]>;
  /** Spans of these traces, where they are kept elsewhere than in what is read; or why there are none, in a line. */
  readonly spans?: (
    traceIds: readonly string[],
    sinceMs: number,
  ) => Promise<Result<readonly LogLine[], string>>;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function parseRecord(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

/**
 * One line of a log, as we write them; Lambda puts words before it, or wraps it. `undefined` for anything else, but
 * for what Lambda itself says of an invocation that has ended badly.
 */
export function parseLogLine(part: string, text: string, atMs?: number): LogLine | undefined {
  const start = text.indexOf("{");
  const outer = start === -1 ? undefined : parseRecord(text.slice(start));
  const message = outer?.["message"];
  const inner = typeof message === "string" ? parseRecord(message) : isRecord(message) ? message : undefined;
  const fields = inner ?? outer;
  if (fields === undefined || textOf(fields["event"]) === "") return runtimeLine(part, text, atMs);
  const at = Date.parse(textOf(fields["time"]));
  return {
    part,
    at: Number.isNaN(at) ? (atMs ?? 0) : at,
    level: textOf(fields["level"]),
    event: textOf(fields["event"]),
    fields,
  };
}

function runtimeLine(part: string, text: string, atMs: number | undefined): LogLine | undefined {
  const [error] = /Task timed out|Runtime exited|Runtime\.[A-Z]\w+/.exec(text) ?? [];
  if (error === undefined || atMs === undefined) return undefined;
  return { part, at: atMs, level: "error", event: "runtime", fields: { error } };
}

const order = (a: LogLine, b: LogLine) => a.at - b.at;

export function inOrder(lines: readonly LogLine[]): LogLine[] {
  return lines.toSorted(order);
}
