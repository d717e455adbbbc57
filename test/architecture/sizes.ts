import { codeOf, type Finding, lineAt, type SourceFile } from "./source.ts";

export const fileLinesMax = 300;
export const functionLinesMax = 70;

/** Files that are too long; `exempt` are tables, which are read by rows and not split by size. */
export function longFiles(file: SourceFile, exempt: readonly string[]): Finding[] {
  const lines = file.text.trimEnd().split("\n").length;
  if (lines <= fileLinesMax || exempt.includes(file.path)) return [];
  return [{ path: file.path, line: fileLinesMax + 1, text: `${lines} lines, at most ${fileLinesMax}` }];
}

// The start of what braces may hold besides a function's body, from the last statement's end to the brace.
const declaration =
  /^\s*(?:export\s+)?(?:default\s+)?(?:declare\s+)?(?:abstract\s+)?(?:class|interface|namespace)\b/;
const literal = /(?:[=(,:[?&|<]|=>\s*\(|\breturn|\bconst|\bimport|\bexport|\btype)\s*$/;
// A group of tests is a list of cases and tables.
const testGroup = /\bdescribe\s*(?:\.\s*\w+\s*)?\([^{}]*$/;

function holdsFunction(head: string): boolean {
  if (head.trimEnd().endsWith("=>")) return !testGroup.test(head);
  return !declaration.test(head) && !literal.test(head) && /\S/.test(head);
}

/** What stands between the end of the statement before and a brace. */
function headOf(code: string, brace: number): string {
  const before = code.slice(0, brace);
  return before.slice(Math.max(...[";", "{", "}"].map((end) => before.lastIndexOf(end))) + 1);
}

/**
 * Functions that are too long to hold in mind.
 *
 * The bodies of functions inside count for themselves and not for the one around them: a maker of an object
 * with ten short methods is a list and not a long function.
 */
export function longFunctions(file: SourceFile): Finding[] {
  const code = codeOf(file.text);
  const open: { start: number; inner: number }[] = [];
  const found: Finding[] = [];
  for (const { 0: brace, index } of code.matchAll(/[{}]/g)) {
    if (brace === "{") {
      open.push({ start: index, inner: 0 });
      continue;
    }
    const block = open.pop();
    if (block === undefined) break;
    const startLine = lineAt(code, block.start);
    const lines = lineAt(code, index) - startLine + 1;
    const isFunction = holdsFunction(headOf(code, block.start));
    const own = lines - block.inner;
    if (isFunction && own > functionLinesMax) {
      const text = `function of ${own} lines, at most ${functionLinesMax}`;
      found.push({ path: file.path, line: startLine, text });
    }
    const outer = open.at(-1);
    // Its first line, with its name, stays with the function around it.
    if (outer !== undefined) outer.inner += isFunction ? lines - 1 : block.inner;
  }
  return found;
}
