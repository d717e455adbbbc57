/** `npm start` as its users meet it: a process with options, a file, signals and children. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, describe, test } from "node:test";
import { type Endpoints, readEndpoints } from "#local/endpoints.ts";
import { type Ports, waitUntil } from "#local/ports.ts";
import { freePorts } from "#test/harness/ports.ts";

const root = dirname(dirname(import.meta.dirname));
const folders: string[] = [];
const started = new Set<ChildProcess>();

after(async () => {
  for (const child of started) {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
  }
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

interface Run {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly exitCode: Promise<number | null>;
}

function makeStateDir(): string {
  const folder = mkdtempSync(join(tmpdir(), "causeway-start-"));
  folders.push(folder);
  return folder;
}

function run(args: readonly string[]): Run {
  const child = spawn(process.execPath, [join(root, "local/start.ts"), ...args], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
  });
  started.add(child);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const exitCode = once(child, "close").then(([code]) => code as number | null);
  return { child, output: () => output, exitCode };
}

function startArgs(stateDir: string, ports: Ports, ...more: string[]): string[] {
  const options = Object.entries(ports).map(([name, port]) => `--${name}-port=${port}`);
  return [`--state-dir=${stateDir}`, ...options, ...more];
}

async function ready(stateDir: string, bridge: Run): Promise<Endpoints> {
  const file = join(stateDir, "endpoints.json");
  const ended = new AbortController();
  void bridge.exitCode.then(() => ended.abort(new Error(bridge.output())));
  const signal = ended.signal;
  await waitUntil(async () => existsSync(file), { what: "endpoints", timeoutMs: 60_000, signal });
  const endpoints = readEndpoints(file);
  assert.ok(endpoints);
  return endpoints;
}

/** Processes whose command line names this folder: servers, engines, and the connector by its ports. */
function processesOf(...marks: string[]): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => Number(pid) !== process.pid)
    .map((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
        const environment = readFileSync(`/proc/${pid}/environ`, "utf8");
        return marks.some((mark) => `${command}${environment}`.includes(mark)) ? `${pid} ${command}` : "";
      } catch {
        return "";
      }
    })
    .filter((line) => line !== "");
}

/** Local addresses that something listens on at one of these ports, in the kernel's hexadecimal. */
function listeningAddresses(ports: readonly number[]): string[] {
  return ["/proc/net/tcp", "/proc/net/tcp6"]
    .flatMap((file) => readFileSync(file, "utf8").trim().split("\n").slice(1))
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , state]) => state === "0A")
    .map(([, address = ""]) => address.split(":"))
    .filter(([, port = ""]) => ports.includes(Number.parseInt(port, 16)))
    .map(([address = ""]) => address);
}

const loopback = "0100007F";

describe("npm start", { timeout: 240_000 }, () => {
  test("is ready with everything it promises, on loopback only, and Ctrl-C leaves nothing", async () => {
    const stateDir = makeStateDir();
    const ports = await freePorts();
    const bridge = run(startArgs(stateDir, ports));
    const endpoints = await ready(stateDir, bridge);

    assert.equal(endpoints.pid, bridge.child.pid);
    assert.deepEqual(Object.keys(endpoints), [
      "pid",
      "page",
      "xmpp",
      "component",
      "sqs",
      "dynamodb",
      "processes",
    ]);
    assert.deepEqual(endpoints.xmpp, {
      server: "prosody",
      host: "127.0.0.1",
      port: ports.xmpp,
      domain: "localhost",
      websocket: `ws://127.0.0.1:${ports.http}/xmpp-websocket`,
      accounts: [
        { jid: "alice@localhost", password: "alice" },
        { jid: "bob@localhost", password: "bob" },
      ],
    });
    assert.deepEqual(endpoints.component.users, ["nina", "noah"]);
    assert.equal(endpoints.processes.connectors.length, 1);

    const addresses = listeningAddresses(Object.values(ports));
    assert.equal(addresses.length, Object.values(ports).length);
    for (const address of addresses) assert.equal(address, loopback);
    const page = await (await fetch(endpoints.page)).text();
    assert.match(page, /alice@localhost/);

    const second = run(startArgs(stateDir, await freePorts()));
    assert.equal(await second.exitCode, 1);
    assert.match(second.output(), new RegExp(`already runs in .* \\(pid ${bridge.child.pid}\\)`));

    bridge.child.kill("SIGINT");
    assert.equal(await bridge.exitCode, 0, bridge.output());
    assert.equal(existsSync(join(stateDir, "endpoints.json")), false);
    assert.equal(existsSync(join(stateDir, "run.json")), false);
    assert.deepEqual(processesOf(stateDir, `CAUSEWAY_HEALTH_PORT=${ports.health}`), []);
  });

  test("starts each process again that dies, and says so in the endpoints file", async () => {
    const stateDir = makeStateDir();
    const ports = await freePorts();
    const bridge = run(startArgs(stateDir, ports));
    const { processes } = await ready(stateDir, bridge);
    const file = join(stateDir, "endpoints.json");
    const pidsOf = (read: (now: Endpoints["processes"]) => number | undefined) => async () => {
      const now = readEndpoints(file)?.processes;
      return now !== undefined && read(now) !== read(processes) && read(now) !== undefined;
    };
    const parts: [string, (now: Endpoints["processes"]) => number | undefined][] = [
      ["connector", (now) => now.connectors[0]],
      ["XMPP server", (now) => now.xmpp],
      ["DynamoDB engine", (now) => now.dynamodb],
    ];
    for (const [what, read] of parts) {
      const pid = read(processes);
      assert.ok(pid, what);
      process.kill(pid, "SIGKILL");
      await waitUntil(pidsOf(read), { what, timeoutMs: 20_000 });
    }
    bridge.child.kill("SIGTERM");
    assert.equal(await bridge.exitCode, 0, bridge.output());
    assert.deepEqual(processesOf(stateDir, `CAUSEWAY_HEALTH_PORT=${ports.health}`), []);
  });

  test("killed outright it takes its processes along, and the next start cleans up behind it", async () => {
    const stateDir = makeStateDir();
    const ports = await freePorts();
    const args = startArgs(stateDir, ports);
    const first = run(args);
    await ready(stateDir, first);
    const file = join(stateDir, "endpoints.json");
    const written = statSync(file).mtimeMs;
    first.child.kill("SIGKILL");
    await first.exitCode;
    assert.equal(existsSync(file), true, "nobody was there to remove it");
    const second = run(args);
    const fresh = async () => existsSync(file) && statSync(file).mtimeMs !== written;
    await waitUntil(fresh, { what: "the second start", timeoutMs: 60_000 });
    assert.equal(readEndpoints(file)?.pid, second.child.pid);
    second.child.kill("SIGKILL");
    await second.exitCode;
    const none = async () => processesOf(stateDir, `CAUSEWAY_HEALTH_PORT=${ports.health}`).length === 0;
    await waitUntil(none, { what: "end of the children", timeoutMs: 25_000 });
  });

  test("run by npm, it ends when npm is ended", async () => {
    const stateDir = makeStateDir();
    const ports = await freePorts();
    // What npm does: a shell around the script, and at the end a signal to that shell.
    const script = [process.execPath, join(root, "local/start.ts"), ...startArgs(stateDir, ports)].join(" ");
    const shell = spawn("/bin/sh", ["-c", `${script}; true`], {
      env: { ...process.env, npm_lifecycle_event: "start" },
      stdio: "ignore",
    });
    started.add(shell);
    const file = join(stateDir, "endpoints.json");
    await waitUntil(async () => existsSync(file), { what: "endpoints", timeoutMs: 60_000 });
    shell.kill("SIGTERM");
    const gone = async () => processesOf(stateDir, `CAUSEWAY_HEALTH_PORT=${ports.health}`).length === 0;
    await waitUntil(gone, { what: "end of the bridge", timeoutMs: 25_000 });
    assert.equal(existsSync(file), false);
  });

  test("a taken port is named, with the option that moves it", async () => {
    const ports = await freePorts();
    const other = createServer().listen(ports.component, "127.0.0.1");
    await once(other, "listening");
    const bridge = run(startArgs(makeStateDir(), ports));
    assert.equal(await bridge.exitCode, 1);
    assert.match(bridge.output(), new RegExp(`port ${ports.component} .*taken`));
    assert.match(bridge.output(), /--component-port/);
    other.close();
  });

  test("stopped while it starts it ends well and leaves nothing", async () => {
    const stateDir = makeStateDir();
    const ports = await freePorts();
    const bridge = run(startArgs(stateDir, ports));
    const begun = async () => bridge.output().includes("ready (");
    await waitUntil(begun, { what: "first part", timeoutMs: 30_000 });
    bridge.child.kill("SIGINT");
    assert.equal(await bridge.exitCode, 0, bridge.output());
    assert.deepEqual(processesOf(stateDir, `CAUSEWAY_HEALTH_PORT=${ports.health}`), []);
  });

  test("options that make no sense are refused with the help", async () => {
    for (const args of [
      ["--server", "exim"],
      ["--sqs-port", "0"],
      ["--port-offset", "70000"],
      ["--nonsense"],
    ]) {
      const bridge = run(args);
      assert.equal(await bridge.exitCode, 1);
      assert.match(bridge.output(), /npm start -- \[options\]/);
    }
    const help = run(["--help"]);
    assert.equal(await help.exitCode, 0);
    assert.match(help.output(), /--port-offset/);
  });
});
