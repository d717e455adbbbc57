/** `npm run ops` as a process, and without a bridge. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { runHere } from "#test/harness/ops.ts";

test("the command runs as a process, and a wrong word is wrong usage", () => {
  const main = join(import.meta.dirname, "../../../local/ops/main.ts");
  const run = (...args: string[]) => spawnSync(process.execPath, [main, ...args], { encoding: "utf8" });
  const [helped, refused, policy] = [run("--help"), run("burn"), run("policy", "burn")];
  assert.deepEqual([helped.status, refused.status, policy.status], [0, 2, 2], refused.stderr);
  assert.match(helped.stdout, /dead-letters/);
  assert.match(refused.stderr, /^burn is no command/);
});

test("wrong usage is told with how it is used, plainly and on standard error even where JSON is wanted", async () => {
  const { exit, said, complained } = await runHere(["status", "--json", "--color"]);
  assert.deepEqual([exit, said], [2, ""]);
  assert.match(
    complained,
    /^--color is no option here\n\nops status .*\n\nnpm run ops -- status --help says more\.$/,
  );
});

test("the policy's help and complaints name the command that was given", async () => {
  const helped = await runHere(["policy", "--help"]);
  assert.match(helped.said, /npm run ops -- policy set/);
  assert.match((await runHere(["policy", "burn"])).complained, /npm run ops -- policy --help says more/);
});

test("every command has help, and says where a bridge is missing", async () => {
  const { said } = await runHere(["help"]);
  const names = [...said.matchAll(/^ {2}([a-z-]+) {2,}/gm)].map(([, name = ""]) => name);
  const commands = names.filter((name) => name !== "policy" && !name.startsWith("--"));
  assert.equal(commands.length, 8);
  for (const name of commands) {
    const help = await runHere([name, "--help"]);
    assert.equal(help.exit, 0);
    assert.match(help.said, new RegExp(`^ops ${name}[^]*--profile`), name);
  }
  const missing = await runHere(["status", "--endpoints", "no-such-file.json"]);
  assert.deepEqual([missing.exit, missing.said], [1, ""]);
  const asJson = await runHere(["status", "--json", "--endpoints", "no-such-file.json"]);
  assert.deepEqual(asJson, missing);
  assert.match(missing.complained, /npm start/);
});
