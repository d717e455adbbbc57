import { existsSync } from "node:fs";
import { copyFile, mkdir, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { build } from "esbuild";
import { connectorDefinition, functionDefinitions, functionNames } from "./definitions/functions.ts";

const root = dirname(import.meta.dirname);

/** Where bundles go: `functions/<name>/index.mjs` and `connector/index.mjs` below it. */
const buildFolder = join(root, ".build");

/** One self-contained module, as Lambda or the connector's image runs it. */
export interface Bundle {
  readonly name: string;
  /** Absolute path of the module; its source map lies beside it. */
  readonly file: string;
  /** Size without the source map. */
  readonly bytes: number;
}

/** The folder of a function's bundle: what Lambda gets. */
export function functionFolder(name: string): string {
  return join(buildFolder, "functions", name);
}

/** The folder of the connector's bundle with its Dockerfile: what the image is made of. */
export const connectorFolder = join(buildFolder, "connector");

/**
 * Ways to credentials that a function never takes, since Lambda gives it its role's in the environment. The SDK
 * imports them only when it needs them; left out, they save a fifth of each bundle.
 */
const otherCredentials = ["ini", "login", "process", "sso", "web-identity"].map(
  (kind) => `@aws-sdk/credential-provider-${kind}`,
);

async function bundle(name: string, entry: string, folder: string): Promise<Bundle> {
  const file = join(folder, "index.mjs");
  const { metafile, outputFiles } = await build({
    entryPoints: [join(root, entry)],
    outfile: file,
    bundle: true,
    minify: true,
    keepNames: false,
    format: "esm",
    platform: "node",
    target: "node24",
    // The AWS SDK's ES modules can be shaken; its CommonJS, esbuild's first choice for Node, cannot.
    mainFields: ["module", "main"],
    // CommonJS packages (@xmpp/component) call `require` for Node's own modules, which ES modules lack.
    banner: {
      js: 'import{createRequire as $require}from"node:module";const require=$require(import.meta.url);',
    },
    external: name === "connector" ? [] : otherCredentials,
    sourcemap: "linked",
    metafile: true,
    write: false,
    absWorkingDir: root,
    logLevel: "silent",
  });
  await mkdir(folder, { recursive: true });
  for (const { path, contents } of outputFiles) {
    // Renamed into place, since a bridge may be starting from here at this moment.
    await writeFile(`${path}.${process.pid}`, contents);
    await rename(`${path}.${process.pid}`, path);
  }
  const bytes = Object.entries(metafile.outputs).find(([path]) => path.endsWith(".mjs"))?.[1].bytes ?? 0;
  return { name, file, bytes };
}

/**
 * Bundles every function and the connector into {@link buildFolder}, in well under a second.
 *
 * @throws when an entry is missing or does not compile; the message names the entry.
 */
export async function buildAll(): Promise<readonly Bundle[]> {
  const entries = [
    ...functionNames.map((name) => ({
      name,
      entry: functionDefinitions[name].entry,
      folder: functionFolder(name),
    })),
    { name: "connector", entry: connectorDefinition.entry, folder: connectorFolder },
  ];
  const missing = entries.map(({ entry }) => entry).filter((entry) => !existsSync(join(root, entry)));
  if (missing.length > 0) {
    throw new Error(
      `nothing built: infra/definitions/functions.ts names ${missing.join(", ")}, which is not there`,
    );
  }
  const bundles = await Promise.all(entries.map(({ name, entry, folder }) => bundle(name, entry, folder)));
  await mkdir(connectorFolder, { recursive: true });
  await copyFile(join(root, "connector/Dockerfile"), join(connectorFolder, "Dockerfile"));
  return bundles;
}

if (import.meta.main) {
  for (const { name, bytes } of await buildAll()) {
    console.log(`${name.padEnd(10)} ${(bytes / 1024).toFixed(0).padStart(5)} KiB`);
  }
}
