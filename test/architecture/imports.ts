/** Who may import whom (style guide): one direction only, and the AWS SDK in one place. */
import { codeOf, type Finding, importsOf, lineAt, type SourceFile, targetOf } from "./source.ts";

interface Folder {
  /** Folders, or single files, that it may import besides itself. */
  readonly folders: readonly string[];
  /** Packages that it may import; `undefined` allows all but {@link Folder.noPackages}. */
  readonly packages?: readonly RegExp[];
  readonly noPackages?: readonly RegExp[];
}

/** What only `aws/` knows: the AWS SDK with its parts, and the SDK of traces. */
const awsSdk = /^@(aws-sdk|smithy|opentelemetry)\//;

const rules: Readonly<Record<string, Folder>> = {
  core: { folders: [], packages: [/^valibot$/, /^ltx$/, /^saxes$/, /^node:url$/] },
  aws: { folders: ["core"] },
  functions: { folders: ["core", "aws"], noPackages: [awsSdk] },
  connector: { folders: ["core", "aws"], noPackages: [awsSdk] },
  infra: {
    folders: [
      "aws/authorities.ts",
      "aws/domains.ts",
      "aws/service.ts",
      "core/limits.ts",
      "core/contract/queues.ts",
      "core/capabilities.ts",
      "core/rates.ts",
      "core/read-capabilities.ts",
    ],
  },
  local: { folders: ["core", "aws", "functions", "connector", "infra"] },
  bench: { folders: ["core", "aws", "functions", "connector", "infra", "local"] },
  test: { folders: ["core", "aws", "functions", "connector", "infra", "local", "bench"] },
};

function within(target: string, place: string): boolean {
  return target === place || target.startsWith(`${place}/`);
}

function refusal(folder: string, rule: Folder, path: string, specifier: string): string | undefined {
  const target = targetOf(path, specifier);
  if (target !== undefined) {
    if ([folder, ...rule.folders].some((place) => within(target, place))) return undefined;
    return `${folder} may not import ${target}, only ${[folder, ...rule.folders].join(", ")}`;
  }
  if (rule.packages !== undefined && !rule.packages.some((pattern) => pattern.test(specifier))) {
    return `${folder} may not import ${specifier}: it is pure and knows its schema and XML libraries only`;
  }
  if (rule.noPackages?.some((pattern) => pattern.test(specifier))) {
    return `${folder} may not import ${specifier}: only aws/ knows the SDKs`;
  }
  return undefined;
}

/** Imports that go against the one direction. */
export function forbiddenImports(file: SourceFile): Finding[] {
  const folder = file.path.slice(0, file.path.indexOf("/"));
  const rule = rules[folder];
  if (rule === undefined) {
    return [{ path: file.path, line: 1, text: `no rule says what ${folder}/ may import: add one` }];
  }
  return importsOf(file).flatMap(({ specifier, line }) => {
    const text = refusal(folder, rule, file.path, specifier);
    return text === undefined ? [] : [{ path: file.path, line, text }];
  });
}

const readsEnvironment = ["aws/", "local/", "infra/", "bench/", "test/"];

const impure =
  /\bprocess\s*\.|\bDate\s*\.\s*now\b|\bnew Date\(\s*\)|\bMath\s*\.\s*random\b|\bcrypto\s*\.|\bperformance\s*\.|\bset(?:Timeout|Interval|Immediate)\b|\bfetch\s*\(/g;
// By name, by bracket or handed on as a whole; `process.exit` and its like are not meant.
const environment = /(?<![.\w])process\b(?!\s*[.:]\s*(?!env\b)\w)/g;

/** Environment, clock and randomness where they are handed in instead. */
export function forbiddenGlobals(file: SourceFile): Finding[] {
  const code = codeOf(file.text);
  const find = (pattern: RegExp, text: string) =>
    [...code.matchAll(pattern)].map((match) => ({
      path: file.path,
      line: lineAt(code, match.index),
      text: `${match[0].replace(/\s+/g, " ")}: ${text}`,
    }));
  if (file.path.startsWith("core/")) return find(impure, "core is pure; time and ids are passed in");
  if (readsEnvironment.some((folder) => file.path.startsWith(folder))) return [];
  const text = "only aws/ reads the environment";
  const imports = importsOf(file).filter(({ specifier }) => /^(?:node:)?process$/.test(specifier));
  return [...find(environment, text), ...imports.map(({ line }) => ({ path: file.path, line, text }))];
}
