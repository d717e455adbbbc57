/** Documents name files and commands: those must be there. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "../..");
const documents = [
  "README.md",
  ...readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".md"))
    .map((file) => join("docs", file)),
];
const scripts: object = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).scripts;

for (const document of documents) {
  const text = readFileSync(join(root, document), "utf8");

  test(`every file that ${document} names is there`, () => {
    const named = [
      ...text.matchAll(/`((?:core|aws|functions|connector|infra|local|test|docs)\/[^`\s*<>{}]*)`/g),
    ];
    const missing = named.map(([, path]) => String(path)).filter((path) => !existsSync(join(root, path)));
    assert.deepEqual(missing, []);
  });

  test(`every npm script that ${document} names is there`, () => {
    const named = [...text.matchAll(/npm run ([a-z:-]+)/g)].map(([, name]) => String(name));
    assert.deepEqual(
      named.filter((name) => !Object.hasOwn(scripts, name)),
      [],
    );
  });
}
