/** Puts events into `native-events`, one after the other. */
import { nativeEventsGroup } from "#aws/hash.ts";
import type { Queues } from "#aws/queues.ts";
import type { CloudEvent } from "#core/contract/cloud-event.ts";
import { asciiJson } from "#core/contract/envelope.ts";
import { wordsOf } from "../words.ts";

export interface Outbox {
  /** Sends after everything before it; tells `sent` or `failed` when that is settled. */
  send(event: CloudEvent): void;
  /** Resolves when nothing waits; false when anything could not be sent. */
  drained(): Promise<boolean>;
}

export function makeOutbox(
  queues: Pick<Queues, "send">,
  user: string,
  tell: { sent: (event: CloudEvent) => void; failed: (event: CloudEvent, reason: string) => void },
): Outbox {
  let complete = true;
  let tail = Promise.resolve();
  const sendOne = async (event: CloudEvent): Promise<void> => {
    const reason = await reasonOfFailure(queues, user, event);
    if (reason === undefined) return tell.sent(event);
    complete = false;
    tell.failed(event, reason);
  };
  return {
    send(event) {
      tail = tail.then(() => sendOne(event));
    },
    async drained() {
      await tail;
      return complete;
    },
  };
}

async function reasonOfFailure(
  queues: Pick<Queues, "send">,
  user: string,
  event: CloudEvent,
): Promise<string | undefined> {
  try {
    const message = { body: asciiJson(event), group: nativeEventsGroup(user), dedup: event.id };
    const [failure] = await queues.send("nativeEvents", [message]);
    return failure?.reason;
  } catch (error) {
    return wordsOf(error);
  }
}
