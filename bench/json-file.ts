/** The file of `--json`. */
import { closeSync, openSync, writeFileSync } from "node:fs";
import { wordsOf } from "#local/words.ts";

/** Whether it can be written, or none is asked for; found before any work, and where not, people are told why. */
export function canWrite(file: string | undefined): boolean {
  if (file === undefined) return true;
  try {
    closeSync(openSync(file, "a"));
    return true;
  } catch (error) {
    console.error(`--json: ${file} cannot be written: ${wordsOf(error)}`);
    return false;
  }
}

export function writeJson(file: string, value: object): void {
  writeFileSync(file, `${JSON.stringify(value, undefined, 2)}\n`);
}
