/** How commands end that are given what they do not know. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "../..");
const commands = {
  "bench/main.ts": 2,
  "bench/cost/main.ts": 2,
  "bench/faults/main.ts": 2,
  "local/start.ts": 2,
  "local/native/main.ts": 2,
  // Where 2 says that lines were rejected.
  "local/import/main.ts": 1,
  "local/offline/main.ts": 2,
  "local/policy/main.ts": 2,
  "local/ops/main.ts status": 2,
};

for (const [command, exit] of Object.entries(commands)) {
  test(`${command} names the option, and ends with ${exit}`, async () => {
    const ended = Promise.withResolvers<{ code: unknown; complained: string }>();
    execFile(process.execPath, [...command.split(" "), "--nope"], { cwd: root }, (error, _, complained) =>
      ended.resolve({ code: error?.code, complained }),
    );
    const { code, complained } = await ended.promise;
    assert.equal(code, exit);
    assert.match(complained, /^--nope is no option here/);
  });
}
