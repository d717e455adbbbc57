import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { type Child, startChild } from "#bench/child.ts";

describe("a child", { timeout: 10_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "causeway-child-"));
  const stops: (() => Promise<void>)[] = [];
  after(async () => {
    for (const stop of stops) await stop();
    rmSync(folder, { recursive: true });
  });

  async function start(name: string, source: string, order?: object): Promise<Child<unknown>> {
    const script = join(folder, `${name}.mjs`);
    writeFileSync(script, source);
    const command = [script, "one", "two"] as const;
    const logFile = join(folder, `${name}.log`);
    const child = await startChild({ command, env: { LIKE: "this" }, logFile, ...(order && { order }) });
    stops.push(child.stop);
    return child;
  }

  test("is given arguments, environment and order, answers, and ends with its channel", async () => {
    const child = await start(
      "echo",
      `process.on("message", (word) => process.send({ word, args: process.argv.slice(2), like: process.env.LIKE }));`,
      { first: true },
    );
    const rest = { args: ["one", "two"], like: "this" };
    assert.deepEqual(child.first, { word: { first: true }, ...rest });
    const next = child.nextWord();
    child.say({ second: true });
    assert.deepEqual(await next, { word: { second: true }, ...rest });
    await child.stop();
    assert.throws(() => process.kill(child.pid, 0), { code: "ESRCH" });
  });

  test("that ends without a word is an error that quotes its log", async () => {
    await assert.rejects(
      start("silent", `console.error("no reason"); process.exit(1);`),
      /silent\.mjs.*no reason/s,
    );
  });

  test("that ends instead of an answer is one, too", async () => {
    const child = await start("brief", `process.send({}); process.on("message", () => process.exit(1));`);
    const answer = assert.rejects(child.nextWord(), /brief\.mjs has ended/);
    child.say({});
    await answer;
  });
});
