/** The programs of the set-up end with it. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "../..");
/** Says its number, and stays until it is ended. */
const program = "console.log(process.pid); setInterval(() => {}, 1000)";
const setup = `
  import { run } from "./local/setup/run.mjs";
  const options = { what: "waiting", report() {}, stdio: "inherit" };
  await run(process.execPath, ["-e", ${JSON.stringify(program)}], options);
`;

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  test(`${signal} to the set-up alone ends what it runs, and then it by the same`, async () => {
    const args = ["--input-type=module", "-e", setup];
    const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
    const [first] = await once(child.stdout, "data");
    const pid = Number(first);
    assert.ok(pid > 0 && process.kill(pid, 0));
    child.kill(signal);
    assert.deepEqual(await once(child, "close"), [null, signal]);
    assert.throws(() => process.kill(pid, 0), { code: "ESRCH" });
  });
}
