/** The queues of design §5, by the names under which environment, endpoints and infrastructure know them. */
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

/** `nativeEvents` → `NATIVE_EVENTS`: the queue's word in environment variables. */
export function environmentNameOf(queue: QueueName): string {
  return queue.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}
