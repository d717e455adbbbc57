import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";

const root = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "causeway-synth-"));

/** As on a machine without an account, without credentials and without Docker. */
const bare = {
  ...Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith("AWS_") && !name.startsWith("CDK_")),
  ),
  PATH: `${join(root, "node_modules/.bin")}:${process.env["PATH"]}`,
  HOME: folder,
  CDK_DOCKER: join(folder, "no-docker"),
};

/** Runs a command in the repository; resolves with its exit code and everything that it wrote. */
function run(command: string, args: readonly string[], env: Record<string, string> = {}) {
  return new Promise<{ readonly code: number | null; readonly output: string }>((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, env: { ...bare, ...env } });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        output += text;
      });
    }
    child.on("error", reject).on("close", (code) => resolve({ code, output }));
  });
}

/** What `npm run synth` runs after the build. */
const synth = (out: string, args: readonly string[], env?: Record<string, string>) =>
  run("cdk", ["synth", "--quiet", "--output", join(folder, out), ...args], env);

after(() => rmSync(folder, { recursive: true }));

describe("npm run synth", () => {
  test("makes both templates without account, credentials or Docker, in under a minute", async () => {
    const started = performance.now();
    const { code, output } = await run("npm", ["run", "synth", "--", "--output", join(folder, "app")]);
    assert.equal(code, 0, output);
    assert.ok(performance.now() - started < 60_000);
    for (const stack of ["Causeway-State", "Causeway-Compute"]) {
      assert.ok(existsSync(join(folder, "app", `${stack}.template.json`)), stack);
    }
    assert.doesNotMatch(output, /warning/i);
  });

  test("stops at a setting that cannot work, and names it and the fix", async () => {
    const { code, output } = await synth("wrong", ["-c", "causeway:xmppService=localhost"]);
    assert.notEqual(code, 0);
    assert.match(output, /"causeway:xmppService" is "localhost".*-c causeway:xmppService=xmpps:/);
  });

  test("stops at what CDK's validator finds, and lets the same app through when it is right", async () => {
    const app = ["--app", "node test/scenarios/synth/validated-app.ts"];
    const right = await synth("right", app, { VISIBILITY_S: "60" });
    assert.equal(right.code, 0, right.output);
    const broken = await synth("broken", app, { VISIBILITY_S: "5" });
    assert.notEqual(broken.code, 0, broken.output);
    assert.match(broken.output, /visibility/i);
  });
});
