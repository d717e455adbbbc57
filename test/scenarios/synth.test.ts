import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
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

const templatesIn = (out: string) =>
  readdirSync(join(folder, out)).filter((file) => file.endsWith(".template.json"));

after(() => rmSync(folder, { recursive: true }));

describe("npm run synth", () => {
  test("makes all templates without account, credentials or Docker, and nothing is warned of", async () => {
    const { code, output } = await run("npm", ["run", "synth", "--", "--output", join(folder, "app")]);
    assert.equal(code, 0, output);
    for (const stack of ["Causeway-State", "Causeway-Compute", "Causeway-Observability"]) {
      assert.ok(existsSync(join(folder, "app", `${stack}.template.json`)), stack);
    }
    assert.doesNotMatch(output, /warning/i);
  });

  test("leaves no secret in what it makes, but references", () => {
    const texts = readdirSync(join(folder, "app"), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".json"))
      .map((file) => readFileSync(join(folder, "app", file), "utf8"));
    assert.ok(texts.length >= 6);
    for (const text of texts) {
      assert.doesNotMatch(text, /\{\{resolve:|AKIA[0-9A-Z]{16}|-----BEGIN|"SecretString"/);
      // By name, the place of it only.
      for (const [variable] of text.matchAll(/CAUSEWAY_\w*SECRET\w*/g)) {
        assert.equal(variable, "CAUSEWAY_XMPP_SECRET_ARN");
      }
    }
  });

  for (const name of ["own-server", "hosted-server", "two-domains"]) {
    test(`takes the example ${name} as it stands`, async () => {
      const { code, output } = await synth(name, ["-c", `causeway:config=infra/examples/${name}.ts`]);
      assert.equal(code, 0, output);
      assert.equal(templatesIn(name).length, 3);
      assert.doesNotMatch(output, /warning/i);
    });
  }

  test("says that the policy of a key that is there is for its owner to change", async () => {
    const key = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555";
    const given = ["-c", `causeway:encryption=${key}`, "-c", "causeway:nativePrincipals=210987654321"];
    const { code, output } = await synth("given-key", given);
    assert.equal(code, 0, output);
    assert.ok(
      output.includes(`encryption is ${key}: its policy has to have the statements CausewayLogs and`),
    );
  });

  test("takes the bridge as a part of an app of one's own", async () => {
    const app = ["--app", "node infra/examples/own-app.ts"];
    const { code, output } = await synth("own-app", app);
    assert.equal(code, 0, output);
    assert.deepEqual(templatesIn("own-app"), ["Chat.template.json"]);
  });

  for (const [args, complaint] of [
    [["-c", "causeway:xmppService=localhost"], 'configuration: xmppService is "localhost": set it to xmpps:'],
    [
      ["-c", "causeway:standBy=true"],
      'configuration: standBy is "true", and unknown: leave it out; known are',
    ],
    [
      ["-c", "causeway:config=infra/none.ts"],
      "configuration: causeway:config is infra/none.ts: name a module",
    ],
  ] as const) {
    test(`stops at ${args[1]} with one line of its own, and makes nothing`, async () => {
      const { code, output } = await synth("wrong", args);
      assert.notEqual(code, 0);
      assert.ok(
        output.split("\n").some((line) => line.startsWith(complaint)),
        output,
      );
      assert.doesNotMatch(output, /^ {4}at /m);
      assert.ok(!existsSync(join(folder, "wrong", "Causeway-State.template.json")));
    });
  }

  test("stops at what CDK's validator or the rules find, and lets the same app through when it is right", async () => {
    const app = ["--app", "node test/scenarios/synth/validated-app.ts"];
    const right = await synth("right", app, { VISIBILITY_S: "60" });
    assert.equal(right.code, 0, right.output);
    const broken = await synth("broken", app, { VISIBILITY_S: "5" });
    assert.notEqual(broken.code, 0, broken.output);
    assert.match(broken.output, /visibility/i);
    const open = await synth("open", app, { VISIBILITY_S: "60", RULES: "1" });
    assert.notEqual(open.code, 0, open.output);
    assert.match(open.output, /AwsSolutions-SQS4/);
  });
});
