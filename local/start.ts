/** `npm start`: the whole bridge on this machine, until Ctrl-C. */
import { once } from "node:events";
import { appendFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { parseRates } from "#core/rates.ts";
import { type Bridge, startBridge } from "./bridge.ts";
import { bridgeDefaults } from "./bridge-options.ts";
import { removeEndpoints, writeEndpoints } from "./endpoints.ts";
import { helpText, portOption, portPurpose, readStartOptions, type StartOptions } from "./options.ts";
import { endpointRows, servePage } from "./page.ts";
import { isFree, type Ports } from "./ports.ts";
import { type RunLock, takeRunLock } from "./run-lock.ts";
import { ensureServers } from "./servers/ensure-servers.ts";
import { showTraces } from "./traces/show.ts";
import { spanFile, spanLine } from "./traces/span-line.ts";
import { waitUntil } from "./wait-until.ts";
import { wordsOf } from "./words.ts";

const root = dirname(import.meta.dirname);
/** How long the children of a killed run may take to end before their ports count as taken. */
const leftoverMsMax = 25_000;

/** One Ctrl-C arrives twice: from the terminal, and handed on by npm. */
const samePressMs = 1_000;
const parentCheckMs = 200;

function log(line: string): void {
  console.log(`${new Date().toTimeString().slice(0, 8)}  ${line}`);
}

/** Ends with a message that says what to do. */
function refuse(text: string, exit = 1): never {
  console.error(text);
  process.exit(exit);
}

/** Ports that we open ourselves; an engine named by its endpoint needs none. */
function wantedPorts({ ports, connectors }: StartOptions): (keyof Ports)[] {
  return (Object.keys(ports) as (keyof Ports)[]).filter(
    (name) =>
      !(name === "standby" && connectors < 2) &&
      !(name === "sqs" && process.env["SQS_ENDPOINT"]) &&
      !(name === "dynamodb" && process.env["DYNAMODB_ENDPOINT"]),
  );
}

async function takenPort(options: StartOptions): Promise<keyof Ports | undefined> {
  for (const name of wantedPorts(options)) if (!(await isFree(options.ports[name]))) return name;
  return undefined;
}

async function checkPorts(options: StartOptions, lock: RunLock): Promise<void> {
  const { ports } = options;
  let taken = await takenPort(options);
  if (taken !== undefined && lock.stale) {
    log("an earlier run was killed; waiting for what it left behind to end");
    const gone = async () => (await takenPort(options)) === undefined;
    await waitUntil(gone, { what: "ports", timeoutMs: leftoverMsMax }).catch(() => {});
    taken = await takenPort(options);
  }
  if (taken === undefined) return;
  lock.release();
  const hint = ["xmpp", "component", "http"].includes(taken)
    ? "\nA server that Debian runs as a service: sudo systemctl disable --now prosody ejabberd"
    : "";
  refuse(
    `port ${ports[taken]} (${portPurpose(taken)}) is taken on this machine.\n` +
      `Choose another: npm start -- ${portOption(taken)} N, or move all: npm start -- --port-offset 1000${hint}`,
  );
}

/** Aborted by the first SIGINT or SIGTERM; the second one does not wait for anything any more. */
function stopRequest(bridge: () => Bridge | undefined): AbortSignal {
  const request = new AbortController();
  let askedAt = 0;
  const ask = (signal: NodeJS.Signals) => {
    if (request.signal.aborted) {
      if (performance.now() - askedAt < samePressMs) return;
      bridge()?.kill();
      process.exit(1);
    }
    askedAt = performance.now();
    log(`${signal}: stopping (again: at once)`);
    request.abort(new Error("stopped"));
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, ask);
  if (process.env["npm_lifecycle_event"] === "start") followParent(() => ask("SIGTERM"));
  return request.signal;
}

/** npm ends the shell that it started us with, and a shell keeps signals to itself: we notice its end. */
function followParent(onEnd: () => void): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    onEnd();
  }, parentCheckMs);
  timer.unref();
}

function showReady(bridge: Bridge, file: string, begun: number): void {
  const width = 18;
  console.log(`\nready in ${((performance.now() - begun) / 1000).toFixed(1)} s\n`);
  for (const [name, value] of endpointRows(bridge.endpoints)) console.log(`  ${name.padEnd(width)} ${value}`);
  const near = relative(process.cwd(), file);
  console.log(`  ${"all of it".padEnd(width)} ${near.startsWith("..") ? file : near}`);
  const at = relative(root, file) === join(".local", "endpoints.json") ? "" : ` --endpoints ${file}`;
  console.log(`\nchat from the native side:  npm run native -- --as nina${at}`);
  console.log("stop: Ctrl-C\n");
}

/** To the terminal, and into a file for `npm run ops -- message`. */
const traceTo = (logFolder: string) =>
  showTraces(
    (lines) => console.log(lines.join("\n")),
    // The folder is there before anything that makes spans is started.
    (span) => appendFileSync(join(logFolder, spanFile), `${spanLine(span)}\n`),
  );

async function main(): Promise<void> {
  const begun = performance.now();
  const read = readStartOptions(process.argv.slice(2), root);
  if (!read.ok) refuse(`${read.error}\n\nnpm start -- --help says more.`, 2);
  const options = read.value;
  if (options.help) return console.log(helpText);
  // The connectors read it themselves, but only when all else runs.
  const rates = parseRates(process.env["CAUSEWAY_RATES"] ?? "{}");
  if (!rates.ok) refuse(`CAUSEWAY_RATES: ${rates.error}`, 2);
  await ensureServers([options.server]);
  const lock = takeRunLock(options.stateDir);
  if (!lock.ok) {
    refuse(
      `a bridge already runs in ${options.stateDir} (pid ${lock.error}): stop it, or choose --state-dir DIR`,
    );
  }
  const file = join(options.stateDir, "endpoints.json");
  removeEndpoints(file);
  await checkPorts(options, lock.value);

  let bridge: Bridge | undefined;
  const stop = stopRequest(() => bridge);
  const engines = {
    ...(process.env["SQS_ENDPOINT"] && { sqsEndpoint: process.env["SQS_ENDPOINT"] }),
    ...(process.env["DYNAMODB_ENDPOINT"] && { dynamodbEndpoint: process.env["DYNAMODB_ENDPOINT"] }),
  };
  const collector = options.trace ? await traceTo(join(options.stateDir, "logs")) : undefined;
  try {
    bridge = await startBridge({
      ...bridgeDefaults,
      ...options,
      ...engines,
      ...(collector && { traces: { collector: collector.endpoint, ratio: 1 } }),
      log,
      signal: stop,
      onChange: (endpoints) => writeEndpoints(file, endpoints),
    });
    const running = bridge;
    const page = await servePage(options.ports.page, () => running.endpoints);
    writeEndpoints(file, bridge.endpoints);
    showReady(bridge, file, begun);
    if (!stop.aborted) await once(stop, "abort");
    removeEndpoints(file);
    await page.stop();
    await bridge.stop();
    log("stopped");
  } catch (error) {
    if (!stop.aborted) throw error;
    log("stopped");
  } finally {
    removeEndpoints(file);
    lock.value.release();
    await collector?.close();
  }
}

try {
  await main();
  // Whatever still holds the event loop is of no use to anyone.
  process.exit(0);
} catch (error) {
  console.error(wordsOf(error));
  process.exit(1);
}
