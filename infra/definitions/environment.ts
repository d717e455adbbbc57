import type { DeclaredCapabilities } from "#core/capabilities.ts";
import { environmentNameOf, type QueueName } from "#core/contract/queues.ts";
import type { DeclaredRates } from "#core/rates.ts";
import { connectorDefinition, type FunctionName, functionDefinitions } from "./functions.ts";

/** Everything that runs with queue variables. */
export type ComputeName = FunctionName | "connector";

export interface QueueUse {
  /** Queues whose own URL it needs: to send, to receive, or to change what it has received. */
  readonly queues: readonly QueueName[];
  /** Queues into whose dead letters it sets aside. */
  readonly deadLetters: readonly QueueName[];
}

/** Which queues a function or the connector touches: its environment and its permissions follow from this. */
export function queueUseOf(name: ComputeName): QueueUse {
  if (name === "connector") {
    const queues = [...connectorDefinition.sends, ...connectorDefinition.receives];
    // It sets aside stanzas that no queue takes as well as outbound ones that may not leave.
    return { queues, deadLetters: queues.filter((queue) => queue !== "walks") };
  }
  const { queue, sends } = functionDefinitions[name];
  return { queues: [...new Set([queue, ...sends])], deadLetters: [queue] };
}

/** Where traces go, and how many: default what `core/limits.ts` says. */
export interface DeclaredTraces {
  /** Without a collector, to CloudWatch. */
  readonly collector?: string;
  readonly ratio?: number;
}

export interface EnvironmentSource {
  readonly urls: Readonly<Record<QueueName, string>>;
  readonly deadLetterUrls: Readonly<Record<QueueName, string>>;
  readonly table: string;
  /** The component domains that we serve; the first is the default. */
  readonly domains: readonly string[];
  /** For functions: whether a user must be announced before anyone can reach it. */
  readonly directory: "announced" | "open";
  /** For walks, where it is not the default: how a resync goes through the pairs. */
  readonly resync?: { readonly pairsPerS: number; readonly settleS: number };
  /** For functions, where it is not everything: what the native system can do. */
  readonly capabilities?: DeclaredCapabilities;
  /** For the connector: message groups of the stanza queues. */
  readonly lanes: number;
  /** For the connector: whether several share the domain by a lease. */
  readonly leased?: boolean;
  /** For the connector, where it is not the default: how much may come in. */
  readonly rates?: DeclaredRates;
  /** Where anybody looks at them. */
  readonly traces?: DeclaredTraces | undefined;
}

function traceVariables(name: ComputeName, { collector, ratio }: DeclaredTraces): Record<string, string> {
  return {
    OTEL_SERVICE_NAME: `causeway-${name}`,
    ...(collector === undefined ? { CAUSEWAY_TRACES: "aws" } : { OTEL_EXPORTER_OTLP_ENDPOINT: collector }),
    ...(ratio !== undefined && { CAUSEWAY_TRACE_RATIO: String(ratio) }),
  };
}

/**
 * The environment variables of a function or the connector, with the queue variables that it uses and no
 * others. What depends on the place (region, endpoints, the connector's XMPP variables) is the caller's.
 */
export function environmentOf(name: ComputeName, source: EnvironmentSource): Record<string, string> {
  const use = queueUseOf(name);
  return {
    // Stands in each call's user agent: CloudTrail, and our own tests, see who calls.
    AWS_SDK_UA_APP_ID: `causeway-${name}`,
    CAUSEWAY_TABLE: source.table,
    CAUSEWAY_DOMAINS: source.domains.join(","),
    ...(name === "connector"
      ? { CAUSEWAY_LANES: String(source.lanes), CAUSEWAY_LEASE: source.leased ? "on" : "off" }
      : { CAUSEWAY_DIRECTORY: source.directory }),
    ...(name === "connector" && source.rates && { CAUSEWAY_RATES: JSON.stringify(source.rates) }),
    ...(name !== "connector" &&
      source.capabilities && { CAUSEWAY_CAPABILITIES: JSON.stringify(source.capabilities) }),
    ...(name === "walk" &&
      source.resync && {
        CAUSEWAY_RESYNC_PAIRS_PER_S: String(source.resync.pairsPerS),
        CAUSEWAY_RESYNC_SETTLE_S: String(source.resync.settleS),
      }),
    ...(source.traces && traceVariables(name, source.traces)),
    ...Object.fromEntries(
      use.queues.map((queue) => [`CAUSEWAY_QUEUE_${environmentNameOf(queue)}`, source.urls[queue]]),
    ),
    ...Object.fromEntries(
      use.deadLetters.map((queue) => [
        `CAUSEWAY_DEAD_LETTERS_${environmentNameOf(queue)}`,
        source.deadLetterUrls[queue],
      ]),
    ),
  };
}
