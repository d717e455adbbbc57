/** Batches of SQS: ten at a time, and what it could not do of one. */
import type { BatchResultErrorEntry } from "@aws-sdk/client-sqs";
import { limits } from "#core/limits.ts";

/** As many as one call takes, each. */
export function inTens<T>(items: readonly T[]): T[][] {
  const tens: T[][] = [];
  for (let i = 0; i < items.length; i += limits.queueBatchMax)
    tens.push(items.slice(i, i + limits.queueBatchMax));
  return tens;
}

/** What SQS calls the sender's fault, too. */
const throttled = /Throttl/;

/** Of a batch what is worth another try: a receipt that is no longer valid is our own fault, the message is another's. */
export function leftOf<M>(batch: readonly M[], failed: readonly BatchResultErrorEntry[] = []): M[] {
  const isOurs = ({ SenderFault, Code = "" }: BatchResultErrorEntry) =>
    SenderFault === true && !throttled.test(Code);
  return failed.filter((entry) => !isOurs(entry)).flatMap(({ Id }) => batch[Number(Id)] ?? []);
}
