import type { QueueName } from "#core/contract/queues.ts";
import { limits } from "#core/limits.ts";

export const functionNames = ["message", "presence", "iq", "native", "walk"] as const;

export type FunctionName = (typeof functionNames)[number];

export interface FunctionDefinition {
  /** Source file, from the repository's root. */
  readonly entry: string;
  /** The queue that invokes it. */
  readonly queue: QueueName;
  /** Queue messages in one invocation; 10 is what SQS allows for FIFO. */
  readonly batchSize: number;
  /** Invocations at the same time; AWS takes 2 to 1,000. */
  readonly concurrencyMax: number;
  readonly timeoutS: number;
  readonly memoryMb: number;
  /** The queues that it writes to, its own dead letters aside. */
  readonly sends: readonly QueueName[];
  /** What it does with the table, as DynamoDB names it; transactions need the rights of their parts. */
  readonly table: readonly TableAction[];
}

export type TableAction = "GetItem" | "Query" | "Scan" | "PutItem" | "UpdateItem" | "DeleteItem";

/** Who exists, what is known of clients, and notes of items that came back. */
const lookUps = ["GetItem", "PutItem", "DeleteItem"] as const;

const common = { batchSize: 10, timeoutS: limits.functionTimeoutS, memoryMb: 512 } as const;

/** The functions: one file, one queue, one Lambda. */
export const functionDefinitions: Readonly<Record<FunctionName, FunctionDefinition>> = {
  message: {
    ...common,
    entry: "functions/message.ts",
    queue: "messageStanzas",
    // A FIFO queue runs at most one invocation per group, and its groups are the lanes.
    concurrencyMax: limits.lanes,
    sends: ["nativeDeliveries", "outboundStanzas"],
    table: lookUps,
  },
  presence: {
    ...common,
    entry: "functions/presence.ts",
    queue: "presenceStanzas",
    concurrencyMax: limits.lanes,
    // What needs the user's own availability runs in the user's group of native-events; what another
    // function has left in a pair's outbox may belong among the broadcasts.
    sends: ["nativeDeliveries", "outboundStanzas", "outboundPresence", "nativeEvents", "walks"],
    table: [...lookUps, "UpdateItem"],
  },
  iq: {
    ...common,
    entry: "functions/iq.ts",
    queue: "iqStanzas",
    concurrencyMax: 10,
    sends: ["outboundStanzas"],
    table: lookUps,
  },
  native: {
    ...common,
    entry: "functions/native.ts",
    queue: "nativeEvents",
    concurrencyMax: 50,
    sends: ["nativeDeliveries", "outboundStanzas", "outboundPresence", "walks"],
    table: [...lookUps, "UpdateItem", "Query"],
  },
  walk: {
    ...common,
    entry: "functions/walk.ts",
    queue: "walks",
    // The fewest that AWS allows: a walk is paced, and never urgent.
    concurrencyMax: 2,
    sends: ["nativeDeliveries", "outboundStanzas", "outboundPresence", "nativeEvents", "walks"],
    // After a gap it goes through the whole table.
    table: [...lookUps, "UpdateItem", "Query", "Scan"],
  },
};

export interface ConnectorDefinition {
  readonly entry: string;
  /** Of its task on Fargate, in units of 1/1024 of a processor. */
  readonly cpuUnits: number;
  readonly memoryMb: number;
  readonly sends: readonly QueueName[];
  readonly receives: readonly QueueName[];
  readonly table: readonly TableAction[];
}

export const connectorDefinition: ConnectorDefinition = {
  entry: "connector/main.ts",
  // The least that there is.
  cpuUnits: 256,
  memoryMb: 512,
  sends: ["messageStanzas", "presenceStanzas", "iqStanzas", "walks"],
  receives: ["outboundStanzas", "outboundPresence"],
  // Its lease and fence, and the policy; it knows nothing else of the table.
  table: ["GetItem", "UpdateItem"],
};

/** Whether its own messages come back to it: step by step, which AWS would take for a loop. */
export function callsItself(name: FunctionName): boolean {
  const { queue, sends } = functionDefinitions[name];
  return sends.some((sent) => sent === queue);
}
