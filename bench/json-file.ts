/** The file of `--json`. */
import { closeSync, openSync, writeFileSync } from "node:fs";
import { wordsOf } from "#local/words.ts";

/** Why it cannot be written, found before any work; `undefined` where it can. */
export function jsonFault(file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  try {
    closeSync(openSync(file, "a"));
    return undefined;
  } catch (error) {
    return `--json: ${file} cannot be written: ${wordsOf(error)}`;
  }
}

export function writeJson(file: string, value: object): void {
  writeFileSync(file, `${JSON.stringify(value, undefined, 2)}\n`);
}
