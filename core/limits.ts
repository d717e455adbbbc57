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
  /** Encoded size up to which items share one SQS message. */
  packBytesMax: 256 * 1024,
  /** Uplink, while busy: from the beginning of one call to a queue to that of the next, so that calls are full. */
  packWaitMsMax: 25,
  /** Functions: what is to be sent waits at most so long for what the table is being asked, to leave in the same call. */
  sendWaitMsMax: 10,
  /** SQS: encoded size of one message, and of one batch call. */
  queueMessageBytesMax: 1024 * 1024,
  /** SQS: messages in one batch call. */
  queueBatchMax: 10,
  /** SQS: for so long a repeat under the same deduplication id is dropped. */
  queueDedupMs: 300_000,
  /** Lanes of the stanza queues: the bound of the functions' concurrency, a power of two. */
  lanes: 8,
  /** What a dead letter says for people. */
  letterTextCharsMax: 8_000,
  /** A native event, as UTF-8 JSON. */
  eventBytesMax: 256 * 1024,
  /** One stanza towards the XMPP server (Prosody closes the stream above 512 KiB). */
  stanzaOutBytesMax: 500 * 1024,
  /** One stanza from the XMPP server: what fits an SQS message with its envelope. */
  stanzaInBytesMax: 512 * 1024,
  /** Deepest nesting of elements in a stanza. */
  stanzaDepthMax: 64,
  /** Elements and attributes of a stanza: what reading it and deciding on it takes grows with them, not with bytes. */
  stanzaPartsMax: 10_000,
  /** Encoded localpart, domain or resource of a JID (RFC 7622 §3.1). */
  jidPartBytesMax: 1023,
  /** DynamoDB: a partition key and a sort key. */
  partitionKeyBytesMax: 2048,
  sortKeyBytesMax: 1024,
  /** Characters that stay readable of what is too long for a key; a hash follows them. */
  keyBeginningChars: 64,
  /** A message or event id. */
  idCharsMax: 1000,
  /** An id of a contact's message that the native system speaks of: ids of pieces are longer than the contact's own. */
  referredIdCharsMax: 16_384,
  /** A status or request note. */
  statusCharsMax: 1024,
  /** Resources of one contact that are kept apart. */
  resourcesMax: 32,
  /** Barrier: an IQ ping that has not come back on a stream that brings nothing else either: it is dead. */
  barrierMsMax: 15_000,
  /** The same on a stream that still brings something: the answer may wait behind it on a slow link. */
  barrierStuckMsMax: 60_000,
  /** A barrier that has waited so long, and is the last one, is followed by another. */
  barrierAgainMs: 2_000,
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
  /** Bytes of their bodies, of each outbound queue of a domain: with what is read from them, 16 domains fit 0.5 GB. */
  outboundHeldBytesMax: 2 * 1024 * 1024,
  /** AWS: a connection, and an answer once it stands. What hangs is tried three times within a function's time. */
  awsConnectMsMax: 1_000,
  awsRequestMsMax: 2_000,
  awsAttemptsMax: 3,
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
  /** Profiles (who exists, under which address, who is blocked) stay cached this long. */
  profileCacheMs: 10_000,
  /** Entries of the profile cache. */
  profileCacheMax: 10_000,
  /** A message written later than this after its time carries a delay stamp. */
  delayAfterMs: 60_000,
  /** Who types is no news any more after this. */
  typingAgeMsMax: 30_000,
  /** Messages that one long text of a contact may become; a longer one is refused. */
  piecesMax: 32,
  /** How long a contact that was told that nobody can read its encrypted messages is not told so again. */
  toldKeptS: 30 * 24 * 3600,
  /** Pairs of a resync that are looked at in one step, and so in one second at the most. */
  resyncPairsPerS: 250,
  /** How long after a resync's last question silence counts as offline. */
  resyncSettleS: 60,
  /** Subscriptions of a removed user that are ended in one step. */
  farewellPairsMax: 50,
  /** Contacts to whom a user has shown itself alone that are told in one step that it has gone. */
  partingPairsMax: 50,
  /** Probes to a contact that answered with an error, and the pause before the first of them; it doubles. */
  errorProbesMax: 6,
  errorProbeS: 30,
  /** SQS: the longest delay of a message. */
  queueDelaySMax: 900,
  /** Hash buckets that a user's subscribers are spread over. */
  subscriberBuckets: 16,
  /** Subscribers announced to in one step; a longer broadcast continues as a walk. */
  broadcastStepMax: 16_000,
  /** Recipients of one template. */
  recipientsMax: 8_000,
  /** A cursor of `roster.listed`: any bare JID. */
  cursorCharsMax: 2 * 1023 + 1,
  /** Contacts in one `roster.listed`. */
  rosterPageMax: 500,
  /** Ghosts whose newest broadcast version the connector remembers. */
  broadcastVersionsMax: 50_000,
  /** Tries to commit a pair against others who change it at the same time. */
  commitAttemptsMax: 8,
  /** Pairs of a pack that a function handles at the same time. */
  pairsAtOnceMax: 16,
  /** How long a function begins with further messages and items: what it has in hand then has the rest of its time. */
  beginsMsMax: 4_000,
  /** Ends of a function with one and the same item in hand, and nothing else, after which the item is set aside. */
  endsInHandMax: 2,
  /** How long a note about an item that was being handled is kept. */
  noteKeptS: 3600,
  /** So young it may be of an instance that is still at work: twice what a function has, and less than its queue hides. */
  noteFreshS: 20,
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
  /** Bytes that the connector takes from its socket at a time. */
  readChunkBytes: 4096,
  /** What Node may decrypt at one time: it is all handed over, also when its first piece stops the reading. */
  tlsReadBytes: 64 * 1024,
  /** XML that the connector writes between two barriers. */
  writeSliceBytes: 16 * 1024,
  /** Slices of a broadcast that may be on their way through the server, so that messages never wait long behind it. */
  broadcastSlicesMax: 2,
  /** Graceful end of a stream: from our closing tag to the server's, while nothing comes and reading is not paused. */
  closeMsMax: 5_000,
  /** The same, also without the pauses, while the server still sends: a connector that stood still has much to read. */
  closeStuckMsMax: 15_000,
  /** Long polls of one outbound queue at the same time, while there is work. */
  receivesMaxParallel: 4,
  /** Deletions of one outbound queue at the same time. */
  removesMaxParallel: 4,
  /** Tries to delete a routed outbound message before it is left to come again. */
  removeAttemptsMax: 5,
  /** Uplink: longest pause before a pack that SQS did not take is sent again. */
  sendRetryMsMax: 2_000,
  /** Addresses whose lane the connector remembers. */
  laneCacheMax: 10_000,
  /** The URI that names a contact's software (XEP-0115). */
  capsNodeCharsMax: 512,
  /** How long a question about a client's capabilities may go unanswered before another device is asked. */
  capsAnswerS: 600,
  /** How long a useless answer to it counts. */
  capsUnknownS: 3600,
  /** How long what a client can do is remembered. */
  capsKeptS: 30 * 24 * 3600,
  /** Questions to one contact within `capsAnswerS`, by one instance of a function. */
  capsQuestionsMax: 8,
  /** What an entity may say of itself in service discovery: identities, features, fields and values. */
  discoFactorsMax: 1_000,
  /** Declared capabilities as JSON: all variables of a Lambda function share 4 KiB. */
  capabilitiesBytesMax: 2048,
  /** Room for what an event holds besides its content: addresses, ids and times, escaped. */
  eventFrameBytesMax: 16 * 1024,
  /** Graceful stop: time for polls under way to bring what SQS is just sending. */
  pollGraceMs: 300,
  /** From one line of metrics to the next, and from one line of status to the next. */
  metricsMs: 60_000,
  statusMs: 10_000,
  /** Barriers whose round trips are kept for a median. */
  roundTripsKeptMax: 1_000,
  /** Lease of a domain's stream: how long it may be used after a call to take or renew the lease was begun. */
  leaseMs: 5_000,
  /** From the beginning of one renewal to the next. */
  leaseRenewMs: 1_500,
  /** Pause after a call about the lease that failed. */
  leaseRetryMs: 250,
  /** One call about the lease, with the SDK's own retries. */
  leaseCallMsMax: 1_000,
  /** A holder that could not renew closes its stream so long before the end of the lease, to hand over what it has read. */
  leaseCloseMs: 1_000,
  /** What two clocks may differ by in the course of one lease, and a checked write may still be on its way. */
  leaseDriftMs: 250,
  /** Pause between a standby's looks at the lease, and while its holder is leaving. */
  leasePollMs: 500,
  leaseLeavingPollMs: 100,
  /** Messages and requests of one bare JID; a burst of 500 is more than a person or a bot with a backlog sends. */
  rateSenderPerS: 50,
  rateSenderBurst: 500,
  /** Presence, results and errors of one bare JID: at login its server speaks twice to each user in its roster. */
  ratePresencePerS: 100,
  ratePresenceBurst: 10_000,
  /** All bare JIDs of one domain, for each of the two kinds above. */
  rateDomainPerS: 1_000,
  rateDomainBurst: 10_000,
  /** Everybody. */
  rateOverallPerS: 5_000,
  rateOverallBurst: 20_000,
  /** Bytes of a stanza that count as one; a longer one counts as several. */
  rateStanzaBytes: 16 * 1024,
  /** Senders, and domains, that are counted apart: more than the overall rate lets be in debt at a time. */
  rateBucketsMax: 32_768,
  /** A sender that is refused is told once in so long, and the log says how many were. */
  refusalIntervalMs: 10_000,
  /** Requests of one sender that are answered with an error in that time. */
  refusedIqAnswersMax: 10,
  /** Such errors to everybody. */
  refusalAnswersPerS: 100,
  refusalAnswersBurst: 1_000,
  /** Pause between the connector's looks at the policy of its domain; functions remember it for as long. */
  policyReadMs: 5_000,
  /** Component domains of one bridge: one small process has all their streams, and one role names the queues of all. */
  domainsMax: 16,
  /** Their names together, with a comma in between: a Lambda function's variables have 4 KiB for all. */
  domainsBytesMax: 2_048,
  /** AWS: connections at the same time to SQS, and to DynamoDB, for each domain. */
  awsSocketsMax: 50,
  /** Domains on a list of the policy. */
  policyDomainsMax: 1_000,
  /** Of the traces that begin with us, how many are sampled, from 0 to 1. */
  traceRatio: 0.05,
  /** Spans that wait to be sent, in one process; beyond it they are dropped, and counted. */
  traceSpansMax: 4_096,
  /** Spans in one request to a collector (CloudWatch: 10,000 and 5 MB). */
  traceBatchMax: 512,
  /** Spans in one datagram: 64 KiB with base64, however long their ids. */
  traceDatagramSpansMax: 8,
  /** Characters of an id in a span; longer ones are cut. */
  traceValueCharsMax: 256,
  /** Connector: how long a span waits for others before they are sent. */
  traceSendMs: 2_000,
  /** One round of sending: in the connector, and at the end of an invocation, which waits for it. */
  traceSendMsMax: 5_000,
  traceFlushMsMax: 500,
  /** Trace ids that one log line names. */
  traceIdsLoggedMax: 10,
} as const;

/** Limits as plain numbers: what a part takes as an option, so that a test may give smaller ones. */
export type Limits = Readonly<Record<keyof typeof limits, number>>;
