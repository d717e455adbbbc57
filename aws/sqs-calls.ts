/** Calls of SQS: ten at a time, when one may be tried again, and what it could not do of one. */
import type { BatchResultErrorEntry } from "@aws-sdk/client-sqs";
import { limits } from "#core/limits.ts";

/** As many as one call takes, each. */
export function inTens<T>(items: readonly T[]): T[][] {
  const tens: T[][] = [];
  for (let i = 0; i < items.length; i += limits.queueBatchMax)
    tens.push(items.slice(i, i + limits.queueBatchMax));
  return tens;
}

/** A try that has taken longer was not timed out in time: the process stood still. */
const tryMsMax = limits.awsConnectMsMax + limits.awsRequestMsMax;

/**
 * Makes the tries of one call as long as it may go on. A process that stood still during a try finds its timeouts due
 * before it reads the answer that has come meanwhile, so one more may ask for it: SQS drops the repeat of what it took.
 */
export function triesOf(mayGoOn: () => boolean): <T>(attempt: () => Promise<T>) => Promise<T> {
  let lastMs = 0;
  return async (attempt) => {
    const isUnread = lastMs > tryMsMax && lastMs < limits.queueDedupMs;
    if (!mayGoOn() && !isUnread) throw Object.assign(new Error("it may not go on"), { code: "too-late" });
    const begun = performance.now();
    try {
      return await attempt();
    } finally {
      lastMs = performance.now() - begun;
    }
  };
}

/** What SQS calls the sender's fault, too. */
const throttled = /Throttl/;

/** Of a batch what is worth another try: a receipt that is no longer valid is our own fault, the message is another's. */
export function leftOf<M>(batch: readonly M[], failed: readonly BatchResultErrorEntry[] = []): M[] {
  const isOurs = ({ SenderFault, Code = "" }: BatchResultErrorEntry) =>
    SenderFault === true && !throttled.test(Code);
  return failed.filter((entry) => !isOurs(entry)).flatMap(({ Id }) => batch[Number(Id)] ?? []);
}
