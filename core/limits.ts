/**
 * Every maximum, timeout and retry count of the bridge, in one place.
 *
 * Names end in their unit: `Bytes`, `Ms` (milliseconds), `S` (seconds); a plain number counts things.
 */
export const limits = {
  /** Stanzas read from the socket that may wait for SQS; beyond it the socket is paused. */
  windowStanzasMax: 100,
  /** Bytes of XML read from the socket that may wait for SQS. */
  windowBytesMax: 1024 * 1024,
  /** How long the socket stays paused before the stream is closed on purpose. */
  pauseMsMax: 10_000,
  /** Longest time that a busy uplink waits to fill a pack. */
  packWaitMsMax: 25,
  /** Encoded size up to which items share one SQS message. */
  packBytesMax: 256 * 1024,
  /** SQS: encoded size of one message, and of one batch call. */
  queueMessageBytesMax: 1024 * 1024,
  /** SQS: messages in one batch call. */
  queueBatchMax: 10,
  /** Lanes of the stanza queues: the bound of the functions' concurrency, a power of two. */
  lanes: 8,
  /** A native event, as UTF-8 JSON. */
  eventBytesMax: 256 * 1024,
  /** One stanza towards the XMPP server (Prosody closes the stream above 512 KiB). */
  stanzaOutBytesMax: 500 * 1024,
  /** One stanza from the XMPP server: what fits an SQS message with its envelope. */
  stanzaInBytesMax: 512 * 1024,
  /** Deepest nesting of elements in a stanza. */
  stanzaDepthMax: 64,
  /** Encoded localpart, domain or resource of a JID (RFC 7622 §3.1). */
  jidPartBytesMax: 1023,
  /** A message or event id. */
  idCharsMax: 1000,
  /** A status or request note. */
  statusCharsMax: 1024,
  /** Resources of one contact that are kept apart. */
  resourcesMax: 32,
  /** Barrier: an IQ ping that has not come back means that the stream is dead. */
  barrierMsMax: 15_000,
  /** Pause between liveness pings on an otherwise silent stream. */
  livenessMs: 30_000,
  /** Handshake and stream opening. */
  connectMsMax: 10_000,
  /** Reconnect backoff: first and longest wait, jittered. */
  backoffMsMin: 500,
  backoffMsMax: 30_000,
  /** Graceful stop of the connector, from SIGTERM to exit. */
  stopMsMax: 20_000,
  /** Long poll of a queue. */
  receiveWaitS: 20,
  /** How long the connector holds an outbound message that is not confirmed; extended while held. */
  outboundVisibilityS: 20,
  /** Outbound messages that the connector holds unconfirmed. */
  outboundHeldMax: 200,
  /** Retries in process before a message goes back to its queue. */
  retryInProcessMs: 2_000,
  /** Visibility after a transient failure: first and longest. */
  retryVisibilityS: 1,
  retryVisibilitySMax: 30,
  /** Lambda: timeout of a function; the queue's visibility is six times this. */
  functionTimeoutS: 10,
  /** SQS: receives before redrive, a crash backstop only. */
  receivesMax: 1_000,
  /** SQS: retention of every queue. */
  retentionS: 14 * 24 * 3600,
  /** Profiles (who exists, under which address) stay cached this long. */
  profileCacheMs: 60_000,
  /** Entries of the profile cache. */
  profileCacheMax: 10_000,
  /** A message written later than this after its time carries a delay stamp. */
  delayAfterMs: 60_000,
  /** A typing event older than this is dropped. */
  typingMsMax: 30_000,
  /** Subscriber buckets of a user: chunks of a broadcast. */
  subscriberBuckets: 16,
  /** Subscribers read in one go before a broadcast continues as a walk. */
  broadcastBucketsPerStep: 4,
  /** Contacts in one `roster.listed`. */
  rosterPageMax: 500,
  /** Ghosts whose newest broadcast version the connector remembers. */
  broadcastVersionsMax: 50_000,
  /** Hops of one cause through the queues; more is a loop. */
  hopsMax: 12,
  /** Attachments of one message: each leaves as a stanza of its own. */
  attachmentsMax: 32,
  /** Reactions of one person to one message. */
  emojisMax: 64,
  /** One reaction, in UTF-16 units: the longest emoji sequences have about 35. */
  emojiCharsMax: 64,
  /** A URL. */
  urlCharsMax: 4096,
  /** A name, nickname, file name or media type. */
  nameCharsMax: 256,
} as const;
