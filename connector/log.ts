/** Structured logs: one line of JSON per event, ids only, never a body, a status text or a secret. */
import { deniedAction } from "#aws/faults.ts";

export type Level = "info" | "warn" | "error";
export type LogFields = Readonly<
  Record<string, string | number | boolean | undefined | readonly (readonly string[])[]>
>;
export type Log = (level: Level, event: string, fields?: LogFields) => void;

/** A log that hands each finished line to `write`. */
export function makeLog(write: (line: string) => void, domain: string): Log {
  return (level, event, fields) => {
    write(JSON.stringify({ time: new Date().toISOString(), level, event, domain, ...fields }));
  };
}

/** What an error may say in a log: its kind and code; messages of others may quote content. */
export function nameOfError(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  const action = deniedAction(error);
  if (action !== undefined) return `${error.name} ${action}`;
  return "code" in error && typeof error.code === "string" ? `${error.name} ${error.code}` : error.name;
}
