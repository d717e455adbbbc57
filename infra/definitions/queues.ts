import { addressOfDomain } from "#aws/domains.ts";
import { partsOf, type QueueName, type QueueRef, queueNames, queueRefsOf } from "#core/contract/queues.ts";
import { limits } from "#core/limits.ts";

const namePrefix = "causeway";

export interface QueueDefinition {
  /** Physical name without prefix and `.fifo`. */
  readonly base: string;
  /** High-throughput FIFO, else standard. */
  readonly fifo: boolean;
  /** How long a received message stays hidden, in seconds. */
  readonly visibilityS: number;
  /** How long messages and dead letters are kept, in seconds. */
  readonly retentionS: number;
  /** Receives after which SQS itself moves a message to the dead letters. */
  readonly receivesMax: number;
  /** Largest message, in bytes. */
  readonly bytesMax: number;
  /** Long poll of a receive that does not say otherwise, in seconds. */
  readonly waitS: number;
}

// AWS asks for six times the function's timeout, so that a throttled batch is not handed out twice.
const functionVisibilityS = 6 * limits.functionTimeoutS;

function define(base: string, fifo: boolean, visibilityS: number): QueueDefinition {
  return {
    base,
    fifo,
    visibilityS,
    retentionS: limits.retentionS,
    receivesMax: limits.receivesMax,
    bytesMax: limits.queueMessageBytesMax,
    waitS: limits.receiveWaitS,
  };
}

/** The queues. Each has a dead-letter queue of the same kind, see {@link deadLetterNameOf}. */
export const queueDefinitions: Readonly<Record<QueueName, QueueDefinition>> = {
  nativeEvents: define("native-events", true, functionVisibilityS),
  // Read by the native system, whose function may be as slow as ours.
  nativeDeliveries: define("native-deliveries", true, functionVisibilityS),
  messageStanzas: define("message-stanzas", true, functionVisibilityS),
  presenceStanzas: define("presence-stanzas", true, functionVisibilityS),
  iqStanzas: define("iq-stanzas", false, functionVisibilityS),
  walks: define("walks", false, functionVisibilityS),
  outboundStanzas: define("outbound-stanzas", true, limits.outboundVisibilityS),
  outboundPresence: define("outbound-presence", true, limits.outboundVisibilityS),
};

function nameIn(ref: QueueRef, end: string): string {
  const { queue, domain } = partsOf(ref);
  const { base, fifo } = queueDefinitions[queue];
  const name = `${namePrefix}-${base}${end}${fifo ? ".fifo" : ""}`;
  // Outbound queues are FIFO, so there is such an address.
  return domain === undefined ? name : (addressOfDomain(name, domain) ?? name);
}

/** The queue's name in SQS: `causeway-native-events.fifo`. */
export function physicalNameOf(queue: QueueRef): string {
  return nameIn(queue, "");
}

/** A name in SQS without what all have in common: `native-events`. */
export function shortNameOf(physicalName: string): string {
  return physicalName.replace(`${namePrefix}-`, "").replace(/\.fifo$/, "");
}

/** The name in SQS of the queue's dead letters: `causeway-native-events-dead.fifo`. */
export function deadLetterNameOf(queue: QueueRef): string {
  return nameIn(queue, "-dead");
}

/**
 * Attributes as SQS's `CreateQueue` takes them.
 *
 * @param deadLetterArn where SQS moves what is received too often; `undefined` makes the attributes of the
 *   dead-letter queue itself.
 */
export function queueAttributesOf(
  queue: QueueRef,
  deadLetterArn: string | undefined,
): Record<string, string> {
  const definition = queueDefinitions[partsOf(queue).queue];
  return {
    VisibilityTimeout: String(definition.visibilityS),
    MessageRetentionPeriod: String(definition.retentionS),
    MaximumMessageSize: String(definition.bytesMax),
    ReceiveMessageWaitTimeSeconds: String(definition.waitS),
    // High throughput: deduplication and quota count per message group, not per queue.
    ...(definition.fifo && {
      FifoQueue: "true",
      FifoThroughputLimit: "perMessageGroupId",
      DeduplicationScope: "messageGroup",
    }),
    ...(deadLetterArn !== undefined && {
      RedrivePolicy: JSON.stringify({
        deadLetterTargetArn: deadLetterArn,
        maxReceiveCount: definition.receivesMax,
      }),
    }),
  };
}

/** A value per queue. */
export function perQueue<T>(make: (queue: QueueName) => T): Record<QueueName, T> {
  return Object.fromEntries(queueNames.map((queue) => [queue, make(queue)])) as Record<QueueName, T>;
}

/** A value per queue of a bridge that serves these domains. */
export function perQueueOf<T>(domains: readonly string[], make: (queue: QueueRef) => T): Record<QueueRef, T> {
  const refs = queueNames.flatMap((queue) => queueRefsOf(queue, domains));
  return Object.fromEntries(refs.map((ref) => [ref, make(ref)])) as Record<QueueRef, T>;
}
