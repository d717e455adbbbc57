/** Which lines are done with, while they end in another order than they were read in. */
import type { Position } from "./lines.ts";

/** First and last of lines that follow each other. */
export type LineRange = readonly [number, number];

export interface DoneLines {
  /** Everything before it is done. */
  readonly position: Position;
  /** Lines read beyond the position. */
  readonly ahead: number;
  /** Bytes of all lines that are done, those before the start included. */
  readonly bytes: number;
  /** A line was read: always the one after the last. */
  begin(line: { readonly number: number; readonly end: number }): void;
  finish(line: number): void;
  /** Lines beyond the position that are done. */
  beyond(): LineRange[];
}

export function makeDoneLines(start: Position): DoneLines {
  let position = start;
  let last = start;
  let bytes = start.offset;
  /** Where the lines beyond the position begin and end. */
  const places = new Map<number, { from: number; to: number }>();
  const done = new Set<number>();
  return {
    get position() {
      return position;
    },
    get ahead() {
      return last.line - position.line;
    },
    get bytes() {
      return bytes;
    },
    begin({ number, end }) {
      places.set(number, { from: last.offset, to: end });
      last = { line: number, offset: end };
    },
    finish(line) {
      const place = places.get(line);
      if (place === undefined) throw new Error(`line ${line} was not begun`);
      bytes += place.to - place.from;
      done.add(line);
      for (let next = position.line + 1; done.delete(next); next += 1) {
        position = { line: next, offset: places.get(next)?.to ?? position.offset };
        places.delete(next);
      }
    },
    beyond() {
      const ranges: [number, number][] = [];
      for (const line of [...done].sort((a, b) => a - b)) {
        const range = ranges.at(-1);
        if (range?.[1] === line - 1) range[1] = line;
        else ranges.push([line, line]);
      }
      return ranges;
    },
  };
}

/** The lines of ranges, one by one. */
export function linesOf(ranges: readonly LineRange[]): Set<number> {
  const lines = new Set<number>();
  for (const [first, last] of ranges) for (let line = first; line <= last; line += 1) lines.add(line);
  return lines;
}
