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
