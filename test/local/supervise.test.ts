import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { type Process, startProcess, startServing } from "#local/process.ts";
import { supervise } from "#local/supervise.ts";
import { waitUntil } from "#local/wait-until.ts";

const folder = mkdtempSync(join(tmpdir(), "causeway-supervise-"));
after(() => rmSync(folder, { recursive: true }));

function isAlive(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
  } catch {
    return false;
  }
}

function shell(script: string, logFile = join(folder, "shell.log")) {
  const env = { PATH: "/usr/bin:/bin" };
  return { name: "shell", command: "/bin/sh", args: ["-c", script], env, logFile };
}

const sleeper = () => startProcess(shell("exec sleep 1000"));

describe("a supervised process", { timeout: 30_000 }, () => {
  test("is started again when it dies, and each new pid is told", async () => {
    const pids: (number | undefined)[] = [];
    const supervised = await supervise({
      name: "sleeper",
      start: sleeper,
      onChange: (pid) => pids.push(pid),
      log: () => {},
    });
    const first = supervised.pid;
    supervised.kill("SIGKILL");
    await supervised.up();
    assert.ok(supervised.pid);
    assert.notEqual(supervised.pid, first);
    assert.deepEqual(pids, [first, undefined, supervised.pid]);
    await supervised.stop();
    assert.equal(isAlive(pids.at(-1) ?? 0), false);
  });

  test("is tried again when a restart fails, and only the first start's failure is the caller's", async () => {
    let starts = 0;
    const supervised = await supervise({
      name: "sleeper",
      start: async () => {
        starts += 1;
        if (starts === 2) throw new Error("not now");
        return await sleeper();
      },
      log: () => {},
    });
    await supervised.restart();
    assert.equal(starts, 3);
    await supervised.stop();
    await assert.rejects(
      supervise({ name: "never", start: () => Promise.reject(new Error("no")), log: () => {} }),
      /no/,
    );
  });

  test("stopped while it is starting again does not stay behind", async () => {
    const started: Process[] = [];
    const gate = Promise.withResolvers<void>();
    const again = Promise.withResolvers<void>();
    const supervised = await supervise({
      name: "sleeper",
      start: async () => {
        if (started.length > 0) {
          again.resolve();
          await gate.promise;
        }
        const child = await sleeper();
        started.push(child);
        return child;
      },
      log: () => {},
    });
    supervised.kill("SIGKILL");
    await again.promise;
    const stopped = supervised.stop();
    gate.resolve();
    await stopped;
    assert.equal(started.length, 2);
    for (const child of started) assert.equal(isAlive(child.pid), false);
  });
});

describe("a child process", { timeout: 30_000 }, () => {
  test("that ignores SIGTERM is killed after the grace, with what it started", async () => {
    const logFile = join(folder, "stubborn.log");
    const child = await startProcess(shell("trap '' TERM; sleep 1000 & echo $!; wait; wait", logFile));
    const inner = async () => /^\d+\n/.test(readFileSync(logFile, "utf8"));
    await waitUntil(inner, { what: "grandchild", timeoutMs: 5_000 });
    await child.stop(100);
    assert.equal((await child.exited).signal, "SIGKILL");
    const grandchild = Number(readFileSync(logFile, "utf8"));
    await waitUntil(async () => !isAlive(grandchild), { what: "its end", timeoutMs: 5_000 });
  });

  test("that ends before it is ready is an error that quotes its log", async () => {
    const script = shell("echo the reason; exit 7", join(folder, "early.log"));
    await assert.rejects(
      startServing(script, async () => false),
      /code 7[\s\S]*the reason/,
    );
  });

  test("tells the lines of its standard error where they are asked for, and logs them all the same", async () => {
    const logFile = join(folder, "told.log");
    const lines: string[] = [];
    const script = shell("echo out; echo one >&2; printf two >&2; exit 7", logFile);
    const child = await startProcess({ ...script, onErrorLine: (line) => lines.push(line) });
    assert.deepEqual(await child.exited, { code: 7, signal: undefined });
    assert.deepEqual(lines, ["one", "two"]);
    assert.deepEqual(readFileSync(logFile, "utf8").trim().split("\n").sort(), ["one", "out", "two"]);
  });

  test("ends when its parent is killed outright", async () => {
    const module = new URL("../../local/process.ts", import.meta.url).href;
    const program = `
      import { startProcess } from ${JSON.stringify(module)};
      const child = await startProcess(${JSON.stringify(shell("exec sleep 1000"))});
      console.log(child.pid);
      setInterval(() => {}, 1000);
    `;
    const parent = spawn(process.execPath, ["--input-type=module", "-e", program], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = await once(parent.stdout, "data");
    const pid = Number(String(line));
    assert.equal(isAlive(pid), true);
    parent.kill("SIGKILL");
    await waitUntil(async () => !isAlive(pid), { what: "end of the child", timeoutMs: 5_000 });
  });
});
