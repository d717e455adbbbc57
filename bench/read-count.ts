import { err, ok, type Result } from "#core/result.ts";

/** A whole number on a command line; the error is a sentence for people. */
export function readCount(name: string, text: string, max: number, min = 1): Result<number, string> {
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= min && count <= max) return ok(count);
  return err(`--${name} takes a whole number, ${min} to ${max}, not ${text}`);
}
