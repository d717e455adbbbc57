/** What handlers are made from; the same handlers run in Lambda, in `npm start` and in tests. */
import { connectAws } from "#aws/connect.ts";
import { connectTracer } from "#aws/connect-tracer.ts";
import { type ResyncPace, readFunctionEnv } from "#aws/env.ts";
import type { Queues } from "#aws/queues.ts";
import type { Table } from "#aws/table.ts";
import { untraced } from "#aws/tracer.ts";
import { allCapabilities, type Capabilities } from "#core/capabilities.ts";
import type { QueueName } from "#core/contract/queues.ts";
import { limits } from "#core/limits.ts";
import type { Tracer } from "#core/trace.ts";
import type { Caps } from "#core/xmpp/caps.ts";
import { type Directory, makeDirectory } from "./directory.ts";
import { ghostCaps } from "./ghost-caps.ts";
import { type KnownCaps, makeKnownCaps } from "./known-caps.ts";
import { makePolicies, type Policies } from "./policies.ts";
import { makeRefusals, type Refusals } from "./refusals.ts";
import { coalesceSends } from "./sender.ts";
import { watchTable } from "./table-watch.ts";

export interface Ports {
  readonly table: Table;
  readonly queues: Queues;
  readonly directory: Directory;
  readonly policies: Policies;
  readonly refusals: Refusals;
  /** The component domains that we serve; the first is the default. */
  readonly domains: readonly string[];
  readonly resync: ResyncPace;
  /** What the native system can do. */
  readonly capabilities: Capabilities;
  /** What ghosts can do by that, as their presence says it. */
  readonly caps: Caps;
  /** What contacts' clients can do. */
  readonly knownCaps: KnownCaps;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** Makes spans; those of one invocation belong to it. */
  readonly tracer: Tracer;
  /** One line of structured log; ids only, never a body or a status text. */
  readonly log: (entry: Readonly<Record<string, unknown>>) => void;
}

/** Ports from their parts; tests give their own table and queues. */
export function makePorts(options: {
  table: Table;
  queues: Queues;
  domains: readonly string[];
  openDirectory: boolean;
  resync?: ResyncPace;
  capabilities?: Capabilities;
  clock?: () => number;
  tracer?: Tracer;
  log?: Ports["log"];
}): Ports {
  const clock = options.clock ?? Date.now;
  const capabilities = options.capabilities ?? allCapabilities;
  const { table, quiet } = watchTable(options.table);
  return {
    table,
    queues: coalesceSends(options.queues, quiet),
    directory: makeDirectory({ table, open: options.openDirectory, clock }),
    policies: makePolicies({ table, clock }),
    refusals: makeRefusals(),
    domains: options.domains,
    resync: options.resync ?? { pairsPerS: limits.resyncPairsPerS, settleS: limits.resyncSettleS },
    capabilities,
    caps: ghostCaps(capabilities),
    knownCaps: makeKnownCaps({ table, clock }),
    clock,
    tracer: options.tracer ?? untraced,
    log: options.log ?? logLine,
  };
}

function logLine(entry: Readonly<Record<string, unknown>>): void {
  console.log(JSON.stringify({ time: new Date().toISOString(), ...entry }));
}

/** Ports for a function that sends to `needed`; throws with one clear line when the environment is wrong. */
export function portsFromEnvironment(needed: readonly QueueName[]): Ports {
  const env = readFunctionEnv(needed);
  if (!env.ok) throw new Error(`wrong environment: ${env.error}`);
  const { domains, directory, resync, capabilities } = env.value;
  const openDirectory = directory === "open";
  const tracer = connectTracer(env.value.traces, {
    sendMsMax: limits.traceFlushMsMax,
    onDropped: (spans, reason) => logLine({ level: "warn", event: "spans-dropped", spans, reason }),
  });
  return makePorts({ ...connectAws(env.value), domains, openDirectory, resync, capabilities, tracer });
}
