import { globSync } from "node:fs";
import { dirname } from "node:path";

export const root = dirname(import.meta.dirname);

const find = (patterns: readonly string[]) => globSync([...patterns], { cwd: root }).sort();

/** Tests that need no server: quick, and run at every check. */
export function quickTests(): string[] {
  return find(["test/*.test.ts", "test/unit/**/*.test.ts"]);
}

/** The same by folder of `test/unit`; what stands above the folders is named `project`. */
export function quickTestsByFolder(): ReadonlyMap<string, readonly string[]> {
  return Map.groupBy(quickTests(), (file) => /^test\/unit\/(\w+)\//.exec(file)?.[1] ?? "project");
}

/** Tests against real servers, engines and processes. */
export function slowTests(): string[] {
  return find([
    "test/local/**/*.test.ts",
    "test/functions/**/*.test.ts",
    "test/scenarios/**/*.test.ts",
    "test/faults/**/*.test.ts",
  ]);
}
