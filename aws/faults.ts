/** A fault that time mends: the work goes back to its queue and is tried again, never given up by count. */
export class TransientFault extends Error {
  override readonly name = "TransientFault";
}

/** AWS errors that will be the same next time, whatever the service's state: the content is at fault. */
const permanentNames = new Set([
  "ValidationException",
  "InvalidMessageContents",
  "ItemCollectionSizeLimitExceededException",
  "SerializationException",
]);

/** The call that an error says nobody may make for us, as IAM names it: `sqs:ReceiveMessage`. */
export function deniedAction(error: unknown): string | undefined {
  if (!(error instanceof Error) || !/AccessDenied|NotAuthorized/.test(error.name)) return undefined;
  // AWS names the action there; the rest of the message is left out.
  return /not authorized to perform: ([a-z0-9-]+:[A-Za-z]+)/.exec(error.message)?.[1];
}

/**
 * Whether trying the same again may succeed. Everything that AWS or the network says counts as transient but
 * for refusals of content: a missing permission or queue is mended by people, and no event may be lost
 * meanwhile. Errors of our own code are permanent: the item is set aside with the error as its reason.
 */
export function isTransient(error: unknown): boolean {
  if (error instanceof TransientFault) return true;
  if (!(error instanceof Error)) return false;
  if (permanentNames.has(error.name)) return false;
  // Of the system (`ECONNRESET`, `EAI_AGAIN`), not of Node itself (`ERR_INVALID_ARG_TYPE`).
  const isNetwork = "code" in error && typeof error.code === "string" && /^E(?!RR_)[A-Z_]+$/.test(error.code);
  return "$metadata" in error || "$fault" in error || isNetwork || error.name === "TimeoutError";
}
