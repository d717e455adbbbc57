import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { takeRunLock } from "#local/run-lock.ts";

const root = mkdtempSync(join(tmpdir(), "causeway-lock-"));
const makeFolder = () => mkdtempSync(join(root, "state-"));
after(() => rmSync(root, { recursive: true }));

test("a folder is taken once, and free again after its release", () => {
  const folder = makeFolder();
  const first = takeRunLock(folder);
  assert.ok(first.ok);
  assert.equal(first.value.stale, false);
  assert.deepEqual(takeRunLock(folder), { ok: false, error: process.pid });
  first.value.release();
  assert.equal(existsSync(join(folder, "run.json")), false);
  assert.ok(takeRunLock(folder).ok);
});

test("a folder that its owner left without a word is taken over, and said to be stale", () => {
  const folder = makeFolder();
  const { pid } = spawnSync(process.execPath, ["--version"]);
  writeFileSync(join(folder, "run.json"), JSON.stringify({ pid }));
  const lock = takeRunLock(folder);
  assert.ok(lock.ok);
  assert.equal(lock.value.stale, true);
});

test("a later process with the owner's pid is not the owner", () => {
  const folder = makeFolder();
  writeFileSync(join(folder, "run.json"), JSON.stringify({ pid: process.pid, startTime: "1" }));
  const lock = takeRunLock(folder);
  assert.ok(lock.ok);
  assert.equal(lock.value.stale, true);
});

test("a lock file that names no process keeps nobody out", () => {
  for (const text of ["", "null", "{}", '{"pid":"1"}', '{"pid":0}', `{"pid":${-process.pid}}`]) {
    const folder = makeFolder();
    writeFileSync(join(folder, "run.json"), text);
    assert.ok(takeRunLock(folder).ok, text);
  }
});
