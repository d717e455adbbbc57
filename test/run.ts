/**
 * `npm test`: every test there is. `npm test -- FILE…` runs some, and `--only` and the other options of
 * `node --test` work as well.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { buildAll } from "#infra/build.ts";
import { quickTests, root, slowTests } from "./files.ts";

/** Test files at the same time: most of what those with a bridge do is to wait. */
const concurrency = 3;
/** For a whole file: its tests end long before that, and one that hangs must not hang the run. */
const timeoutMs = 300_000;

// Once for all files: they run side by side, and none may see a bundle that is half written.
await buildAll();
const args = process.argv.slice(2);
const named = args.some((arg) => !arg.startsWith("-"));
const files = named ? [] : [...quickTests(), ...slowTests()];
const options = [`--test-concurrency=${concurrency}`, `--test-timeout=${timeoutMs}`, "--test-reporter=spec"];
const child = spawn(process.execPath, ["--test", ...options, ...args, ...files], {
  cwd: root,
  stdio: "inherit",
  env: { ...process.env, CAUSEWAY_BUNDLED: "1" },
});
// The runner ends its test files, and what those started ends with them.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill(signal));
const [code] = (await once(child, "close")) as [number | null];
process.exit(code ?? 1);
