/** A bundled function with a wrong environment: what is in the queue stays there, and one line says what is wrong. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { buildAll, functionFolder } from "#infra/build.ts";
import { functionDefinitions, functionNames } from "#infra/definitions/functions.ts";
import { localCredentials } from "#local/aws-clients.ts";
import { startInstance } from "#local/function-instance.ts";

const folder = mkdtempSync(join(tmpdir(), "causeway-environment-"));

before(async () => {
  if (process.env["CAUSEWAY_BUNDLED"] !== "1") await buildAll();
});
after(() => rmSync(folder, { recursive: true }));

for (const name of functionNames) {
  for (const [env, complaint] of [
    [{}, /^Error: wrong environment: CAUSEWAY_\w+ is missing: set it to [^\n]+$/],
    [
      { CAUSEWAY_DOMAINS: "im..example", CAUSEWAY_TABLE: "causeway" },
      /wrong environment: CAUSEWAY_DOMAINS is "im\.\.example": set it to/,
    ],
    [
      { CAUSEWAY_DOMAINS: "im.example.com", CAUSEWAY_TABLE: "causeway" },
      /wrong environment: CAUSEWAY_QUEUE_\w+ is missing: set it to the URL/,
    ],
  ] as const) {
    test(`${name} with ${JSON.stringify(env)} fails with one line`, async () => {
      const instance = startInstance({
        name,
        bundle: join(functionFolder(name), "index.mjs"),
        env: { ...localCredentials, ...env },
        timeoutMs: 10_000,
        memoryMb: functionDefinitions[name].memoryMb,
        logFile: join(folder, `${name}.log`),
      });
      const result = await instance.invoke({ Records: [] });
      await instance.terminate();
      assert.equal(result.kind, "threw");
      assert.match(result.error, complaint);
    });
  }
}
