import { codeOf, type Finding, lineAt, type SourceFile } from "./source.ts";

// In pieces, so that this file is not its own finding.
const promises = new RegExp(
  `\\b(?:${["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"].join("|")})\\b`,
  "g",
);

/** Promises instead of work. */
export function leftovers(file: SourceFile): Finding[] {
  return [...file.text.matchAll(promises)].map((match) => ({
    path: file.path,
    line: lineAt(file.text, match.index),
    text: `${match[0]}: do it, or open an issue`,
  }));
}

/** Files that only pass on what others export. */
export function barrels(file: SourceFile): Finding[] {
  const rest = codeOf(file.text)
    .replace(/\bexport\s+(?:type\s+)?(?:\*(?:\s+as\s+\w+)?|\{[^}]*\})\s*(?:from\s*["'][^"']*["'])?\s*;?/g, "")
    .replace(/\bimport\b[^;"']*(?:["'][^"']*["'])\s*;?/g, "");
  const exportsAnything = /\bexport\b/.test(codeOf(file.text));
  if (!exportsAnything || rest.trim() !== "") return [];
  return [{ path: file.path, line: 1, text: "only passes on exports: import from where things are" }];
}

/** Hooks around each test at the top of a quick test file: they would count for every file in its process. */
export function sharedHooks({ path, text }: SourceFile): Finding[] {
  if (!path.startsWith("test/unit/")) return [];
  return [...codeOf(text).matchAll(/^(?:beforeEach|afterEach)\b/gm)].map(({ 0: hook, index }) => ({
    path,
    line: lineAt(text, index),
    text: `${hook} counts for all files of this process: put it into a describe`,
  }));
}
