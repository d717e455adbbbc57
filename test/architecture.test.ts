import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { cycles } from "./architecture/cycles.ts";
import { forbiddenGlobals, forbiddenImports } from "./architecture/imports.ts";
import { barrels, leftovers, sharedHooks } from "./architecture/leftovers.ts";
import { fileLinesMax, functionLinesMax, longFiles, longFunctions } from "./architecture/sizes.ts";
import { codeOf, type Finding, importsOf, type SourceFile } from "./architecture/source.ts";

/** Tables may be longer than other files: each with the reason why rows beat splitting. */
const tables: Readonly<Record<string, string>> = {
  "test/fixtures/corpus.ts": "each stanza stands beside what becomes of it",
};

const file = (path: string, text: string): SourceFile => ({ path, text });
const places = (findings: readonly Finding[]) => findings.map(({ path, line }) => `${path}:${line}`);

describe("reading source", () => {
  test("comments, strings, templates and regular expressions are no code, and lines stay", () => {
    const text = [
      "const a = 'import \"x\"'; // {",
      `const b = /[/"{]\\//.test("{") ? 4 / 2 / 1 : \`{\${ { c: \`}\${1}\` }.c }{\`; /* {`,
      "{ */ const d = 1;",
    ].join("\n");
    const code = codeOf(text);
    assert.equal(code.length, text.length);
    assert.equal(code.split("\n").length, 3);
    assert.equal(code.replace(/[^{}]/g, ""), "{{{}}}");
    assert.match(code, /\? 4 \/ 2 \/ 1 :/);
    assert.match(code, /const d = 1;$/);
  });

  test("every way to name a module is seen, and only code is", () => {
    const text = [
      'import { a } from "a";',
      "import type {\n  B,\n} from './b.ts';",
      'import "c";',
      'export * from "d";',
      'const e = await import("e");',
      'const f = require("f");',
      '// import { g } from "g";',
      `const h = 'import { h } from "h";';`,
    ].join("\n");
    assert.deepEqual(
      importsOf(file("core/x.ts", text)).map(({ specifier, line }) => `${specifier}:${line}`),
      ["a:1", "./b.ts:4", "c:5", "d:6", "e:7", "f:8"],
    );
  });
});

describe("a forbidden import is found", () => {
  for (const [path, specifier] of [
    ["core/x.ts", "node:fs"],
    ["core/x.ts", "@aws-sdk/client-sqs"],
    ["core/x.ts", "fast-check"],
    ["core/x.ts", "#aws/queues.ts"],
    ["core/xmpp/x.ts", "../../functions/x.ts"],
    ["aws/x.ts", "#functions/x.ts"],
    ["aws/x.ts", "#connector/x.ts"],
    ["functions/x.ts", "#connector/x.ts"],
    ["functions/x.ts", "../connector/x.ts"],
    ["functions/x.ts", "@aws-sdk/client-sqs"],
    ["connector/x.ts", "#functions/x.ts"],
    ["connector/x.ts", "@aws-sdk/client-dynamodb"],
    ["connector/x.ts", "#local/x.ts"],
    ["connector/x.ts", "#infra/definitions/queues.ts"],
    ["infra/x.ts", "#core/xmpp/jid.ts"],
    ["infra/x.ts", "#functions/message.ts"],
    ["infra/x.ts", "#test/x.ts"],
    ["local/x.ts", "#test/x.ts"],
    ["local/x.ts", "../bench/x.ts"],
    ["bench/x.ts", "#test/x.ts"],
  ] as const) {
    test(`${specifier} in ${path}`, () => {
      const text = `import { a } from "#core/result.ts";\nimport { b } from "${specifier}";\n`;
      const found = forbiddenImports(file(path, text.replace("#core/result.ts", "#core/limits.ts")));
      assert.deepEqual(places(found), [`${path}:2`]);
    });
  }

  test("and one from a folder that no rule names", () => {
    assert.equal(forbiddenImports(file("lib/x.ts", "")).length, 1);
  });
});

describe("an allowed import is left alone", () => {
  for (const [path, specifier] of [
    ["core/xmpp/x.ts", "../limits.ts"],
    ["core/x.ts", "valibot"],
    ["core/x.ts", "ltx"],
    ["aws/x.ts", "@aws-sdk/client-sqs"],
    ["aws/x.ts", "node:crypto"],
    ["functions/x.ts", "#aws/queues.ts"],
    ["functions/x.ts", "@middy/core"],
    ["connector/x.ts", "#core/decision.ts"],
    ["infra/x.ts", "#core/limits.ts"],
    ["infra/stacks/x.ts", "../definitions/queues.ts"],
    ["local/x.ts", "@aws-sdk/client-sqs"],
    ["local/x.ts", "#infra/definitions/queues.ts"],
    ["test/x.ts", "#local/start.ts"],
  ] as const) {
    test(`${specifier} in ${path}`, () => {
      assert.deepEqual(forbiddenImports(file(path, `import { a } from "${specifier}";`)), []);
    });
  }
});

describe("environment, clock and randomness are found where they do not belong", () => {
  for (const [path, code] of [
    ["core/x.ts", "process.env"],
    ["core/x.ts", "Date.now()"],
    ["core/x.ts", "new Date()"],
    ["core/x.ts", "Math.random()"],
    ["core/x.ts", "crypto.randomUUID()"],
    ["core/x.ts", "setTimeout(f, 1)"],
    ["functions/x.ts", "process.env.HOME"],
    ["connector/x.ts", 'process["env"]'],
    ["connector/x.ts", "({ env } = process)"],
    ["connector/x.ts", 'await import("node:process")'],
  ] as const) {
    test(`${code} in ${path}`, () => {
      assert.deepEqual(places(forbiddenGlobals(file(path, `\nconst a = ${code};`))), [`${path}:2`]);
    });
  }

  test("and left alone where they do", () => {
    assert.deepEqual(forbiddenGlobals(file("aws/x.ts", "const a = process.env;")), []);
    assert.deepEqual(forbiddenGlobals(file("core/x.ts", "const a = new Date(b); // Date.now()")), []);
    assert.deepEqual(forbiddenGlobals(file("connector/x.ts", "process.exit(0); Date.now();")), []);
  });
});

describe("a cycle is found", () => {
  const from = (path: string, ...targets: readonly string[]) =>
    file(path, targets.map((target) => `import { x } from "${target}";\n`).join(""));

  test("through relative and mapped imports, once", () => {
    const found = cycles([
      from("core/a.ts", "./b.ts"),
      from("core/b.ts", "#core/c.ts", "ltx"),
      from("core/c.ts", "./a.ts"),
      from("core/d.ts", "./a.ts", "./b.ts"),
    ]);
    assert.deepEqual(
      found.map(({ text }) => text),
      ["core/a.ts → core/b.ts → core/c.ts → core/a.ts"],
    );
  });

  test("also where only types go round", () => {
    const a = file("core/a.ts", 'import type { B } from "./b.ts";');
    assert.equal(cycles([a, from("core/b.ts", "./a.ts")]).length, 1);
  });

  test("but a diamond is none", () => {
    const files = [
      from("core/a.ts", "./b.ts", "./c.ts"),
      from("core/b.ts", "./d.ts"),
      from("core/c.ts", "./d.ts"),
      from("core/d.ts"),
    ];
    assert.deepEqual(cycles(files), []);
  });
});

describe("what is too long is found", () => {
  const lines = (count: number) => "  a();\n".repeat(count);

  test("a file, unless it is a table with a reason", () => {
    const long = file("core/x.ts", lines(fileLinesMax + 1));
    assert.equal(longFiles(long, []).length, 1);
    assert.deepEqual(longFiles(long, ["core/x.ts"]), []);
    assert.deepEqual(longFiles(file("core/x.ts", lines(fileLinesMax)), []), []);
  });

  for (const head of [
    "function f() {",
    "export async function f(a: { b: number }): Promise<{ c: number }> {",
    "const f = async (a: number) => {",
    "const f = async (a: number): Promise<void> => {",
    "const o = {\n  f(a: string): string {",
    "class C {\n  f() {",
  ]) {
    test(`a function: ${head.replace(/\s+/g, " ")}`, () => {
      const closing = head.includes("\n") ? "}\n}" : "}";
      const of = (count: number) => file("core/x.ts", `${head}\n${lines(count - 2)}${closing}\n`);
      assert.equal(longFunctions(of(functionLinesMax + 1)).length, 1);
      assert.deepEqual(longFunctions(of(functionLinesMax)), []);
    });
  }

  test("but not a list: a type, a table, a class or maker of short functions, a group of tests", () => {
    const body = `  f() {\n${lines(50)}  },\n`;
    for (const text of [
      `interface A {\n${"  a: b;\n".repeat(99)}}\n`,
      `export const a: Record<string, number> = {\n${"  a: 1,\n".repeat(99)}};\n`,
      `class A {\n${body}${body}}\n`,
      `function make() {\n  return {\n${body}${body}  };\n}\n`,
      `describe("a", () => {\n${lines(99)}});\n`,
    ]) {
      assert.deepEqual(longFunctions(file("core/x.ts", text)), []);
    }
  });
});

describe("what should not stay is found", () => {
  for (const word of ["to do", "fix me", "x x x", "ha ck"].map((text) =>
    text.replaceAll(" ", "").toUpperCase(),
  )) {
    test(word, () => {
      assert.deepEqual(places(leftovers(file("core/x.ts", `a();\n// ${word}: later\n`))), ["core/x.ts:2"]);
    });
  }

  test("but not a word that holds one", () => {
    assert.deepEqual(leftovers(file("core/x.ts", "// \\uXXXX, hackney, todos")), []);
  });

  test("a hook around the tests of other files", () => {
    const text = 'describe("a", () => {\n  afterEach(f);\n});\nbeforeEach(f);\n';
    assert.deepEqual(places(sharedHooks(file("test/unit/x.test.ts", text))), ["test/unit/x.test.ts:4"]);
    assert.deepEqual(sharedHooks(file("test/functions/x.test.ts", text)), []);
  });

  test("a barrel", () => {
    for (const text of [
      'export * from "./a.ts";\nexport { b, type C } from "./b.ts";\n',
      'import { a } from "./a.ts";\n// all of it\nexport { a };\n',
    ]) {
      assert.equal(barrels(file("core/index.ts", text)).length, 1, text);
    }
    for (const text of ['import "./a.ts";\n', 'export * from "./a.ts";\nexport const b = 1;\n']) {
      assert.deepEqual(barrels(file("core/index.ts", text)), [], text);
    }
  });
});

describe("the tree", () => {
  const root = join(import.meta.dirname, "..");
  const files = globSync("{core,aws,functions,connector,infra,local,bench,test}/**/*.{ts,mjs}", {
    cwd: root,
  }).map((path) => file(path, readFileSync(join(root, path), "utf8")));

  const clean = (findings: readonly Finding[]) => {
    const report = findings.map(({ path, line, text }) => `${path}:${line} ${text}`).join("\n");
    assert.equal(report, "");
  };

  test("is all there", () => {
    for (const folder of ["core", "aws", "functions", "connector", "infra", "local", "test"]) {
      assert.ok(
        files.some(({ path }) => path.startsWith(`${folder}/`)),
        folder,
      );
    }
    for (const path of Object.keys(tables))
      assert.ok(
        files.some((each) => each.path === path),
        path,
      );
  });

  test("imports in one direction", () => clean(files.flatMap(forbiddenImports)));
  test("reads environment, clock and randomness at its edges", () => clean(files.flatMap(forbiddenGlobals)));
  test("has no cycle", () => clean(cycles(files)));
  test("has no long file", () => clean(files.flatMap((each) => longFiles(each, Object.keys(tables)))));
  test("has no long function", () => clean(files.flatMap(longFunctions)));
  test("has no barrel", () => clean(files.flatMap(barrels)));
  test("has no hook around the tests of other files", () => clean(files.flatMap(sharedHooks)));
  test("promises nothing for later", () => clean(files.flatMap(leftovers)));
});
