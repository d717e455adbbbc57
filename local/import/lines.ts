/**
 * Lines with their place in the file, byte for byte, so that a later run can begin behind any of them.
 * `node:readline` does not tell bytes, keeps a line of any length in memory, and ends lines at U+2028 too,
 * which JSON may hold.
 */
import type { Problem } from "./problem.ts";

/** The longest line that is read: the longest user and contact, fully escaped, take a third of it. */
export const lineBytesMax = 64 * 1024;

const newline = 0x0a;

/** A place between two lines. */
export interface Position {
  /** Number of the last line before it, counted from 1; 0 at the beginning. */
  readonly line: number;
  /** Bytes before it. */
  readonly offset: number;
}

export interface Line {
  /** Counted from 1. */
  readonly number: number;
  /** Offset of the byte behind the line and its end. */
  readonly end: number;
  /** Without its end (LF or CRLF) and without a byte order mark; only the beginning of a line that is too long. */
  readonly text: string;
  /** Why its text cannot be used. */
  readonly problem?: Problem;
}

const strict = new TextDecoder("utf-8", { fatal: true });
const lenient = new TextDecoder("utf-8");

/** Splits what is read from `start` on into lines; the last one may lack its end. */
export async function* splitLines(chunks: AsyncIterable<Buffer>, start: Position): AsyncGenerator<Line> {
  let { line: number, offset } = start;
  let parts: Buffer[] = [];
  let bytes = 0;
  const keep = (part: Buffer): void => {
    // Of a line that is too long, no more than its beginning stays in memory.
    const room = lineBytesMax - bytes;
    if (room > 0 && part.length > 0) parts.push(part.subarray(0, room));
    bytes += part.length;
  };
  const take = (endBytes: number): Line => {
    number += 1;
    offset += bytes + endBytes;
    const whole = parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
    const line = { number, end: offset, ...readText(whole, bytes) };
    parts = [];
    bytes = 0;
    return line;
  };
  for await (const chunk of chunks) {
    let from = 0;
    for (let to = chunk.indexOf(newline); to >= 0; to = chunk.indexOf(newline, from)) {
      keep(chunk.subarray(from, to));
      yield take(1);
      from = to + 1;
    }
    keep(chunk.subarray(from));
  }
  if (bytes > 0) yield take(0);
}

function readText(kept: Buffer, bytes: number): Pick<Line, "text" | "problem"> {
  if (bytes > lineBytesMax) {
    const text = `is longer than ${lineBytesMax} bytes: shorten it`;
    return { text: lenient.decode(kept), problem: { field: "line", text } };
  }
  try {
    return { text: withoutReturn(strict.decode(kept)) };
  } catch {
    const problem: Problem = { field: "line", text: "is not UTF-8: save the file as UTF-8" };
    return { text: withoutReturn(lenient.decode(kept)), problem };
  }
}

function withoutReturn(text: string): string {
  return text.endsWith("\r") ? text.slice(0, -1) : text;
}
