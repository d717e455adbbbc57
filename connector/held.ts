/** Outbound messages in our hands: received, not yet deleted and not given back. */
import type { Queues, ReceivedMessage } from "#aws/queues.ts";
import { inTens } from "#aws/sqs-calls.ts";
import type { QueueName } from "#core/contract/queues.ts";
import type { Limits } from "#core/limits.ts";
import { backoffMs } from "./backoff.ts";
import { type Log, nameOfError } from "./log.ts";
import { pause } from "./pause.ts";

export interface HeldOptions {
  readonly queues: Pick<Queues, "remove" | "extend">;
  readonly limits: Limits;
  readonly random: () => number;
  readonly log: Log;
  /** Called when there are fewer. */
  readonly onFreed: () => void;
}

export interface Held {
  take(queue: QueueName, messages: readonly ReceivedMessage[]): void;
  /** False when it was given back meanwhile. */
  has(message: ReceivedMessage): boolean;
  size(): number;
  /** The sizes of what is held of a queue, in bytes. */
  sizesOf(queue: QueueName): readonly number[];
  /** Deletes what is routed, as soon as a call is free; it is not given back any more. */
  remove(messages: readonly ReceivedMessage[]): void;
  /** Gives messages of one queue back, to be received again after `visibilityS`. */
  giveBack(messages: readonly ReceivedMessage[], visibilityS: number): Promise<void>;
  /** Gives back all that is not routed. */
  giveBackAll(): Promise<void>;
  /** Resolves when every deletion has ended. */
  removed(): Promise<void>;
  /** Lets the clock of visibility go. */
  stop(): void;
}

interface Entry {
  readonly queue: QueueName;
  /** Milliseconds, monotonic: when its visibility was last set, as far as is known. */
  visibleSince: number;
  routed: boolean;
}

type Batch = readonly ReceivedMessage[];

/** Messages by queue, in order. */
function byQueue(
  messages: Iterable<ReceivedMessage>,
  queueOf: (message: ReceivedMessage) => QueueName | undefined,
): Map<QueueName, ReceivedMessage[]> {
  const groups = new Map<QueueName, ReceivedMessage[]>();
  for (const message of messages) {
    const queue = queueOf(message);
    if (queue === undefined) continue;
    const group = groups.get(queue);
    if (group) group.push(message);
    else groups.set(queue, [message]);
  }
  return groups;
}

export function makeHeld(options: HeldOptions): Held {
  const { queues, limits, log } = options;
  const entries = new Map<ReceivedMessage, Entry>();
  /** Calls under way that keep them hidden. */
  const extending = new Map<ReceivedMessage, Promise<void>>();
  const routed = new Map<QueueName, ReceivedMessage[]>();
  const removals = new Map<QueueName, Set<Promise<void>>>();
  const never = new AbortController().signal;
  const queueOf = (message: ReceivedMessage) => entries.get(message)?.queue;

  /** After a freeze others may have it by now: what we would say of it would be of their receiving. */
  const isHidden = ({ visibleSince }: Entry) =>
    performance.now() - visibleSince < limits.outboundVisibilityS * 1000;

  /** Returns those whose visibility could not be set. */
  const trySet = async (what: "extend" | "give-back", queue: QueueName, ten: Batch, visibilityS: number) => {
    let left = ten;
    let reason = "in part";
    try {
      left = await queues.extend(queue, ten, visibilityS);
    } catch (error) {
      reason = nameOfError(error);
    }
    if (left.length > 0) log("warn", `${what}.failed`, { queue, reason, messages: left.length });
    return left;
  };

  /** What could not be extended is due again at the next look, as long as it is hidden. */
  const extendTen = async (queue: QueueName, ten: Batch) => {
    const begun = performance.now();
    // Also of those that are to be given back meanwhile.
    const extended = new Map(ten.map((message) => [message, entries.get(message)]));
    const left = await trySet("extend", queue, ten, limits.outboundVisibilityS);
    for (const [message, entry] of extended) {
      extending.delete(message);
      if (entry && !left.includes(message)) entry.visibleSince = begun;
    }
  };

  /** Keeps what we hold invisible to others: at half of its visibility it is given a new one. */
  const extendAll = () => {
    const halfMs = (limits.outboundVisibilityS * 1000) / 2;
    const now = performance.now();
    const due = [...entries].filter(
      ([message, entry]) => now - entry.visibleSince >= halfMs && isHidden(entry) && !extending.has(message),
    );
    const groups = byQueue(
      due.map(([message]) => message),
      queueOf,
    );
    // Side by side: with calls that hang, the last would come too late.
    for (const [queue, group] of groups) {
      for (const ten of inTens(group)) {
        const call = extendTen(queue, ten);
        for (const message of ten) extending.set(message, call);
      }
    }
  };
  const timer = setInterval(extendAll, (limits.outboundVisibilityS * 1000) / 8);

  const removeTen = async (queue: QueueName, messages: readonly ReceivedMessage[]) => {
    let left = messages;
    for (let failures = 1; failures <= limits.removeAttemptsMax; failures += 1) {
      let reason = "in part";
      try {
        left = await queues.remove(queue, left);
      } catch (error) {
        reason = nameOfError(error);
      }
      if (left.length === 0) break;
      log("warn", "remove.failed", { queue, reason, messages: left.length });
      await pause(backoffMs(failures, options.random(), limits, limits.sendRetryMsMax), never);
    }
    for (const message of messages) entries.delete(message);
    options.onFreed();
  };

  /** Calls fill up while others are under way: one by one when idle, in tens when busy. */
  const pump = (queue: QueueName) => {
    const waiting = routed.get(queue) ?? [];
    const running = removals.get(queue) ?? new Set<Promise<void>>();
    removals.set(queue, running);
    while (waiting.length > 0 && running.size < limits.removesMaxParallel) {
      const call = removeTen(queue, waiting.splice(0, limits.queueBatchMax)).then(() => {
        running.delete(call);
        pump(queue);
      });
      running.add(call);
    }
  };

  const giveBack = async (messages: readonly ReceivedMessage[], visibilityS: number) => {
    const given = new Map(messages.map((message) => [message, entries.get(message)]));
    for (const message of messages) entries.delete(message);
    const giveQueue = async ([queue, all]: readonly [QueueName, Batch]) => {
      for (const ten of inTens(all)) {
        // Asked before each call: those before it may have hung.
        const hidden = ten.filter((message) => {
          const entry = given.get(message);
          return entry !== undefined && isHidden(entry);
        });
        // What fails comes back by itself, when its visibility ends.
        if (hidden.length > 0) await trySet("give-back", queue, hidden, visibilityS);
      }
    };
    // Later ones first: while an earlier one is still ours, its group stays closed and nothing can overtake.
    const give = (batch: Batch) =>
      Promise.all([...byQueue(batch.toReversed(), (message) => given.get(message)?.queue)].map(giveQueue));
    // An extension that lands behind it would hide again what was given back: it is waited for, and its group waits, too.
    const groups = new Set(messages.filter((message) => extending.has(message)).map(({ group }) => group));
    const extended = Promise.all(messages.map((message) => extending.get(message)));
    await Promise.all([
      give(messages.filter(({ group }) => !groups.has(group))),
      extended.then(() => give(messages.filter(({ group }) => groups.has(group)))),
    ]);
    options.onFreed();
  };

  return {
    take(queue, messages) {
      const visibleSince = performance.now();
      for (const message of messages) entries.set(message, { queue, visibleSince, routed: false });
    },
    has: (message) => entries.has(message),
    size: () => entries.size,
    // What we put into a queue is ASCII.
    sizesOf: (queue) =>
      [...entries].flatMap(([{ body }, entry]) => (entry.queue === queue ? [body.length] : [])),
    remove(messages) {
      for (const message of messages) {
        const entry = entries.get(message);
        if (entry) entry.routed = true;
      }
      for (const [queue, group] of byQueue(messages, queueOf)) {
        routed.set(queue, [...(routed.get(queue) ?? []), ...group]);
        pump(queue);
      }
    },
    giveBack,
    giveBackAll: () =>
      giveBack(
        [...entries].filter(([, entry]) => !entry.routed).map(([message]) => message),
        0,
      ),
    async removed() {
      for (;;) {
        const running = [...removals.values()].flatMap((calls) => [...calls]);
        if (running.length === 0) return;
        await Promise.all(running);
      }
    },
    stop: () => clearInterval(timer),
  };
}
