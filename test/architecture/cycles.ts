import { type Finding, importsOf, type SourceFile, targetOf } from "./source.ts";

/**
 * Modules that import each other in a circle, types included: each circle once, with its way round.
 *
 * Depth first; an edge back into the path that we are on closes a circle.
 */
export function cycles(files: readonly SourceFile[]): Finding[] {
  const edges = new Map(
    files.map((file) => [
      file.path,
      importsOf(file)
        .map(({ specifier }) => targetOf(file.path, specifier))
        .filter((path) => path !== undefined),
    ]),
  );
  const done = new Set<string>();
  const found: Finding[] = [];
  const visit = (path: string, way: readonly string[]): void => {
    const at = way.indexOf(path);
    if (at >= 0) found.push({ path, line: 1, text: [...way.slice(at), path].join(" → ") });
    if (at >= 0 || done.has(path)) return;
    for (const next of edges.get(path) ?? []) visit(next, [...way, path]);
    done.add(path);
  };
  for (const path of edges.keys()) visit(path, []);
  return found;
}
