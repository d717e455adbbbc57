/** The queues, by the names under which environment, endpoints and infrastructure know them. */
export const queueNames = [
  "nativeEvents",
  "nativeDeliveries",
  "messageStanzas",
  "presenceStanzas",
  "iqStanzas",
  "walks",
  "outboundStanzas",
  "outboundPresence",
] as const;

export type QueueName = (typeof queueNames)[number];

/** The queues that each domain has for itself, so that one whose server is away fills no other's (docs/decisions/0019). */
export const outboundQueues = ["outboundStanzas", "outboundPresence"] as const satisfies readonly QueueName[];

export type OutboundQueue = (typeof outboundQueues)[number];

/** A queue as whoever sends or receives names it: an outbound one of a further domain goes by that domain. */
export type QueueRef = QueueName | `${OutboundQueue}/${string}`;

/**
 * The queue of a domain; those that all domains share stay what they are.
 *
 * @param domains those that are served; the first has the queues without its name.
 */
export function queueOfDomain(queue: QueueName, domain: string, domains: readonly string[]): QueueRef {
  const outbound = outboundQueues.find((name) => name === queue);
  return outbound === undefined || domain === domains[0] ? queue : `${outbound}/${domain}`;
}

/** A queue, and what further domains have of it for themselves. */
export function queueRefsOf(queue: QueueName, domains: readonly string[]): QueueRef[] {
  return [...new Set([queue, ...domains.map((domain) => queueOfDomain(queue, domain, domains))])];
}

/** Which queue a name stands for, and of which further domain it is. */
export function partsOf(ref: QueueRef): { readonly queue: QueueName; readonly domain?: string } {
  for (const queue of outboundQueues) {
    if (ref.startsWith(`${queue}/`)) return { queue, domain: ref.slice(queue.length + 1) };
  }
  return { queue: ref as QueueName };
}

/** `nativeEvents` → `NATIVE_EVENTS`: the queue's word in environment variables. */
export function environmentNameOf(queue: QueueName): string {
  return queue.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}
