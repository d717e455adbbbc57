/**
 * `npm run check`: types, lint and the quick tests, at the same time. The test files of a folder share a process: most
 * are far quicker than what they import is to load. `npm test` runs each by itself.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { quickTestsByFolder, root } from "./files.ts";

interface Step {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

const bin = (name: string) => join(root, "node_modules/.bin", name);

/** CDK's validator takes longer than all templates that tests have it look at; `npm test` has it, and `npm run synth`. */
const env = { ...process.env, CDK_VALIDATION: "false" };

const testOptions = ["--test-isolation=none", "--test-timeout=60000", "--test-reporter=spec"];
/** For a whole step, which ends long before that: what never gives way cannot be timed from within. */
const stepMsMax = 300_000;

const steps: readonly Step[] = [
  { name: "types", command: bin("tsc"), args: [] },
  { name: "lint", command: bin("biome"), args: ["check", "--colors=off"] },
  ...[...quickTestsByFolder()].map(([folder, files]) => ({
    name: `tests of ${folder}`,
    command: process.execPath,
    args: ["--test", ...testOptions, ...files],
  })),
];

/** Runs a step to its end; says one line when it is well, and everything when it is not. */
async function runStep({ name, command, args }: Step): Promise<boolean> {
  const begun = performance.now();
  const child = spawn(command, [...args], {
    cwd: root,
    env,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: stepMsMax,
  });
  const ended = new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code ?? 1));
  });
  const [output, errors, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  const took = `${((performance.now() - begun) / 1000).toFixed(1)} s`;
  const passed = /^ℹ pass (\d+)$/m.exec(output)?.[1];
  const count = passed === undefined ? "" : `, ${passed} passed`;
  console.log(`${code === 0 ? "ok    " : "FAILED"}  ${name} (${took}${count})`);
  if (code !== 0) console.log(`${output}${errors}`);
  return code === 0;
}

console.log("running types, lint and the quick tests; about half a minute …");
const results = await Promise.all(steps.map(runStep));
process.exit(results.every(Boolean) ? 0 : 1);
