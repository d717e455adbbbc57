/** Everything that says how a bridge is, gathered once. */
import { setTimeout as pause } from "node:timers/promises";
import type { LeaseRecord } from "#aws/table.ts";
import { limits } from "#core/limits.ts";
import type { Bridge, ConnectorView } from "./bridge.ts";
import { explainFailure, isFailedCall } from "./calls.ts";
import { type QueueFacts, readQueues } from "./queue-facts.ts";
import { wordOf } from "./queue-names.ts";
import { type Troubles, troublesOf } from "./troubles.ts";

export interface LeaseFacts {
  readonly holder: string;
  /** It was renewed while we looked. */
  readonly fresh: boolean;
  readonly leaving: boolean;
}

export interface DomainFacts {
  readonly domain: string;
  /** Of the last stream that came up. */
  readonly fence: number;
  /** Absent where nobody holds it: one connector without a standby has none. */
  readonly lease?: LeaseFacts;
}

export interface HealthFacts {
  readonly connectors: readonly ConnectorView[];
  readonly domains: readonly DomainFacts[];
  readonly queues: readonly QueueFacts[];
  /** Queues that are not of this deployment, by the words that people use. */
  readonly foreign: readonly string[];
  readonly troubles: Troubles;
  /** Calls of this command that failed, in words. */
  readonly failures: readonly string[];
}

/** What counts as lately. */
const latelyMs = 15 * 60_000;

const callMsMax = 10_000;

async function readDomain({ table }: Bridge, domain: string): Promise<DomainFacts> {
  const signal = AbortSignal.timeout(callMsMax);
  const first = await table.readLease(domain, signal);
  const fence = await table.readFence(domain);
  if (first.holder === undefined) return { domain, fence };
  // Its holder renews it in this time, unless it is gone.
  await pause(limits.leaseRenewMs + limits.leaseCallMsMax);
  const second = await table.readLease(domain, signal);
  return { domain, fence, ...leaseFacts(first, second) };
}

/** What two looks at a lease say. */
export function leaseFacts(first: LeaseRecord, second: LeaseRecord): { lease?: LeaseFacts } {
  const { holder, leaving } = second;
  if (holder === undefined) return {};
  return { lease: { holder, leaving, fresh: holder !== first.holder || second.version > first.version } };
}

/** Gathers what can be had; what fails is told in words, and does not hide the rest. */
export async function readHealth(bridge: Bridge, nowMs: number): Promise<HealthFacts> {
  const failures = new Set<string>();
  const orElse = async <T>(reading: Promise<T>, otherwise: T): Promise<T> => {
    try {
      return await reading;
    } catch (error) {
      if (!isFailedCall(error)) throw error;
      failures.add(explainFailure(error, bridge.who));
      return otherwise;
    }
  };
  const [connectors, queues, lines, domains] = await Promise.all([
    orElse(bridge.connectors(), []),
    orElse(readQueues(bridge), []),
    orElse(bridge.logs.read({ sinceMs: nowMs - latelyMs, holding: troubleSigns }), []),
    Promise.all(bridge.domains.map((domain) => orElse(readDomain(bridge, domain), { domain, fence: 0 }))),
  ]);
  const foreign = bridge.foreign.map(wordOf);
  return {
    connectors,
    domains,
    queues,
    foreign,
    troubles: troublesOf(lines, nowMs),
    failures: [...failures],
  };
}

/** Texts in the lines that tell of trouble, and of its end. */
const troubleSigns = ["warn", "error", "timed out", "stream.up", "routed", "policy.read", '"failed":0'];
