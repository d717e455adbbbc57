/** A whole bridge with what may fail between its parts, and traffic through it. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { appendFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Bridge, startBridge } from "#local/bridge.ts";
import { bridgeDefaults } from "#local/bridge-options.ts";
import { freePorts } from "#local/free-ports.ts";
import type { ServerKind } from "#local/servers/server.ts";
import { assemble, type OnEnd } from "../ending.ts";
import { names } from "../names.ts";
import { openRates } from "../open-rates.ts";
import { hideFor } from "./aws-behaviours.ts";
import { isPoll } from "./aws-call.ts";
import { startAwsProxy } from "./aws-proxy.ts";
import type { Fault, Rig } from "./fault.ts";
import { startTcpProxy } from "./tcp-proxy.ts";
import { startTraffic, type Traffic } from "./traffic.ts";

export interface RigOptions {
  readonly fault: Fault;
  readonly server: ServerKind;
  readonly messages: number;
  readonly pairs: number;
  /** Messages a second in all. */
  readonly ratePerS: number;
  readonly full: boolean;
  readonly random: () => number;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
  /** `false`: functions and connector have just been bundled. */
  readonly build?: boolean;
  /** Keeps state and logs of the bridge, to look at. */
  readonly keep: boolean;
}

export interface RunningRig {
  readonly rig: Rig;
  readonly traffic: Traffic;
  readonly counts: {
    readonly strokes: number;
    /** Inbound messages, at most, that lay between server and connector when it was struck, over all strokes. */
    readonly underWay: number;
  };
  readonly takeOverMs: readonly number[];
  readonly checks: readonly (() => void | Promise<void>)[];
  stop(): Promise<void>;
}

/** Native users; each pair is one of them and one account. */
export const userCount = 10;
/** Strokes fall into this part of the traffic, so that there is some before the first and after the last. */
const firstStroke = 0.08;
const lastStroke = 0.85;

/** A message of the traffic as a server writes it is longer. */
const stanzaBytesMin = 150;

/** What a function could not give back is out of sight for a minute: the short form has no time for that. */
const shortVisibilityS = 6;

/** A proxy for each who asks an engine. */
async function startAwsProxies(
  engines: { sqs: string; dynamodb: string },
  random: () => number,
  onEnd: OnEnd,
) {
  const start = async (upstream: string) => {
    const proxy = await startAwsProxy({ upstream, random });
    onEnd(proxy.close);
    return proxy;
  };
  return {
    connectorSqs: await start(engines.sqs),
    connectorDynamodb: await start(engines.dynamodb),
    functionsSqs: await start(engines.sqs),
    functionsDynamodb: await start(engines.dynamodb),
  };
}

async function startParts(options: RigOptions, onEnd: OnEnd) {
  const { fault, server, random, signal } = options;
  const stateDir = mkdtempSync(join(tmpdir(), `causeway-faults-${server}-`));
  onEnd(() => {
    if (options.keep) options.log(`kept: ${stateDir}`);
    else rmSync(stateDir, { recursive: true });
  });
  const release = await fault.prepare?.(stateDir);
  if (release) onEnd(release);
  const ports = await freePorts();
  const link = await startTcpProxy(ports.component);
  onEnd(link.close);
  const url = (port: number) => `http://127.0.0.1:${port}`;
  const engines = { sqs: url(ports.sqs), dynamodb: url(ports.dynamodb) };
  const aws = await startAwsProxies(engines, random, onEnd);
  if (!options.full) aws.functionsSqs.always({ on: isPoll, does: hideFor(shortVisibilityS) });
  const accounts = names("u", Math.ceil(options.pairs / userCount));
  const logged: string[] = [];
  const logFile = join(stateDir, "bridge.log");
  const bridge = await startBridge({
    ...bridgeDefaults,
    ...fault.bridge,
    ...(options.build !== undefined && { build: options.build }),
    server,
    stateDir,
    ports,
    accounts: accounts.map((name) => ({ name, password: name })),
    users: names("n", userCount),
    componentPort: link.port,
    connectorEngines: {
      sqsEndpoint: aws.connectorSqs.endpoint,
      dynamodbEndpoint: aws.connectorDynamodb.endpoint,
    },
    functionEngines: {
      sqsEndpoint: aws.functionsSqs.endpoint,
      dynamodbEndpoint: aws.functionsDynamodb.endpoint,
    },
    rates: openRates,
    signal,
    log(line) {
      logged.push(line);
      void appendFile(logFile, `${new Date().toISOString()} ${line}\n`).catch(() => {});
    },
  });
  onEnd(() => bridge.stop());
  const { domain } = bridge.endpoints.xmpp;
  const certificate = readFileSync(join(stateDir, "xmpp", server, `${domain}.crt`), "utf8");
  return { bridge, certificate, link, aws, logged };
}

function rigOf(
  options: RigOptions,
  parts: { bridge: Bridge } & Pick<Rig, "link" | "aws" | "logged">,
  traffic: Traffic,
): Omit<RunningRig, "stop"> {
  const { random, log, signal, full, server } = options;
  const takeOverMs: number[] = [];
  const checks: (() => void | Promise<void>)[] = [];
  const counts = { strokes: 0, underWay: 0 };
  const strike = async (what: string, work: () => Promise<void>) => {
    counts.strokes += 1;
    const begun = performance.now();
    await work();
    log(`${what} over after ${((performance.now() - begun) / 1000).toFixed(1)} s`);
  };
  const rig: Rig = {
    ...parts,
    server,
    full,
    random,
    log,
    signal,
    ends: traffic.ends,
    progress: traffic.progress,
    stroke: (work) => strike("stroke", work),
    async strokes(count, stroke) {
      for (let index = 0; index < count; index += 1) {
        const place = (index + 0.25 + random() / 2) / count;
        await traffic.progress(firstStroke + (lastStroke - firstStroke) * place);
        await strike(`stroke ${index + 1} of ${count}`, () => stroke(index));
      }
    },
    noteUnderWay() {
      counts.underWay += Math.ceil(parts.link.underWay() / stanzaBytesMin);
    },
    tookOver: (ms) => void takeOverMs.push(ms),
    afterwards: (check) => void checks.push(check),
    lateFences: traffic.lateFences,
  };
  return { rig, traffic, counts, takeOverMs, checks };
}

/** Starts everything; rejects with nothing left running when a part fails. */
export function startRig(options: RigOptions): Promise<RunningRig> {
  return assemble(async (onEnd) => {
    const { certificate, ...parts } = await startParts(options, onEnd);
    const rounds = Math.max(1, Math.round(options.messages / (2 * options.pairs)));
    const traffic = await startTraffic({ ...options, ...parts, certificate, rounds });
    onEnd(traffic.stop);
    return rigOf(options, parts, traffic);
  });
}
