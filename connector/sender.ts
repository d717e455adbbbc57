/**
 * Sends the items of one stanza queue: at once when idle, else when the previous call has completed and either
 * enough is there or `packWaitMsMax` have passed since it began; one call at a time. A pack that was not taken is sent
 * again unchanged, and its lane waits for it.
 */
import { hashId } from "#aws/hash.ts";
import type { Queues } from "#aws/queues.ts";
import { packOverheadBytes, writePack } from "#core/contract/envelope.ts";
import type { QueueName } from "#core/contract/queues.ts";
import type { Limits } from "#core/limits.ts";
import { backoffMs } from "./backoff.ts";
import { type Log, nameOfError } from "./log.ts";
import { fillCall, type Pack, type Packable } from "./pack.ts";
import { atMost, makeBell } from "./pause.ts";

export interface SendItem extends Packable {
  /** `<fence>.<seq>` */
  readonly cause: string;
  /** It is in the queue. */
  sent(): void;
  /** SQS will never take it. */
  refused(reason: string): void;
  /** Whether it may not go in any more; whoever holds the stream now is ahead of us. */
  isLate(): boolean;
  /** It was not sent, because it is late. */
  late(): void;
}

export interface Sender<T extends SendItem> {
  add(item: T): void;
  /** Resolves when everything given so far has been sent or refused. */
  idle(): Promise<void>;
}

interface Retry<T extends SendItem> {
  readonly pack: Pack<T>;
  readonly failures: number;
  /** Milliseconds, monotonic. */
  readonly dueAt: number;
}

export interface SenderOptions {
  readonly queue: QueueName;
  readonly domain: string;
  readonly queues: Pick<Queues, "send">;
  readonly limits: Limits;
  readonly random: () => number;
  readonly log: Log;
  /** Called with the number of items that one SQS message has taken into its queue. */
  readonly onPacked?: (items: number) => void;
}

/** The part of the window that waits for nothing: a call costs nearly the same however much it carries. */
const windowShare = 0.8;

export function makeSender<T extends SendItem>(options: SenderOptions): Sender<T> {
  const { queue, limits, log } = options;
  let pending: T[] = [];
  let retries: Retry<T>[] = [];
  let running = false;
  const added = makeBell();
  const emptied = makeBell();

  const messageOf = ({ lane, items }: Pack<T>) => {
    const body = writePack(items.map((item) => item.encoded));
    if (lane === undefined) return { body };
    // The same items make the same id, so that a repeat after a lost answer is dropped by SQS.
    const dedup = hashId(options.domain, items[0]?.cause ?? "", items.at(-1)?.cause ?? "");
    return { body, group: lane, dedup };
  };

  /**
   * How many of what is pending go now. In a row of calls full tens: functions send on what a call brings ten at a time,
   * so two beyond them would cost as much as ten.
   */
  const countToGo = (inRow: boolean): number => {
    const beyond = pending.length % limits.queueBatchMax;
    return inRow && pending.length > beyond ? pending.length - beyond : pending.length;
  };

  /**
   * Packs that wait for a retry come first and keep their lane closed to what is newer.
   *
   * @param inRow more came while the last call was under way
   */
  const takeCall = (inRow: boolean): { pack: Pack<T>; failures: number }[] => {
    const now = performance.now();
    const call: { pack: Pack<T>; failures: number }[] = [];
    const later: Retry<T>[] = [];
    const lanes = new Set(retries.flatMap(({ pack }) => (pack.lane === undefined ? [] : [pack.lane])));
    const inCall = new Set<string>();
    let bytes = 0;
    for (const retry of retries) {
      const { pack, failures } = retry;
      const fits = call.length < limits.queueBatchMax && bytes + pack.bytes <= limits.queueMessageBytesMax;
      const behind = pack.lane !== undefined && inCall.has(pack.lane);
      if (pack.lane !== undefined) inCall.add(pack.lane);
      if (retry.dueAt > now || (!fits && call.length > 0) || behind) {
        later.push(retry);
        continue;
      }
      call.push({ pack, failures });
      bytes += pack.bytes;
    }
    retries = later;
    const count = countToGo(inRow);
    const { packs, rest } = fillCall(
      pending.slice(0, count),
      { messages: call.length, bytes, lanes },
      limits,
    );
    pending = [...rest, ...pending.slice(count)];
    return [...call, ...packs.map((pack) => ({ pack, failures: 0 }))];
  };

  const onRefused = (pack: Pack<T>, reason: string) => {
    const [only, ...others] = pack.items;
    if (only && others.length === 0) return only.refused(reason);
    // Poison stays alone: each item for itself shows which one it is.
    const alone = pack.items.map((item) => ({
      pack: { lane: pack.lane, items: [item], bytes: packOverheadBytes + item.encoded.length },
      failures: 0,
      dueAt: 0,
    }));
    retries.unshift(...alone);
  };

  /** Takes out what is late, so that no pack mixes it with what is not. */
  const dropLate = () => {
    const isKept = (items: readonly T[]): boolean => {
      if (!items.some((item) => item.isLate())) return true;
      for (const item of items) item.late();
      return false;
    };
    pending = pending.filter((item) => isKept([item]));
    retries = retries.filter(({ pack }) => isKept(pack.items));
  };

  const send = async (call: readonly { pack: Pack<T>; failures: number }[]) => {
    const mayGoOn = () => !call.some(({ pack }) => pack.items.some((item) => item.isLate()));
    const failed = await options.queues
      .send(
        queue,
        call.map(({ pack }) => messageOf(pack)),
        mayGoOn,
      )
      .catch((error: unknown) =>
        call.map((_, index) => ({ index, reason: nameOfError(error), permanent: false })),
      );
    const byIndex = new Map(failed.map((failure) => [failure.index, failure]));
    for (const [index, { pack, failures }] of call.entries()) {
      const failure = byIndex.get(index);
      if (failure === undefined) {
        options.onPacked?.(pack.items.length);
        for (const item of pack.items) item.sent();
      } else if (failure.permanent) onRefused(pack, failure.reason);
      else {
        const waitMs = backoffMs(failures + 1, options.random(), limits, limits.sendRetryMsMax);
        log("warn", "uplink.retry", { queue, reason: failure.reason, items: pack.items.length });
        // In front of what else its lane may have here.
        retries.unshift({ pack, failures: failures + 1, dueAt: performance.now() + waitMs });
      }
    }
  };

  /** Until the next retry is due or something new comes. */
  const waitForWork = async () => {
    const dueAt = Math.min(...retries.map((retry) => retry.dueAt));
    await atMost(Math.max(0, dueAt - performance.now()) + 1, added.rung());
  };

  /** Most of the window, so that calls are full; with the rest, reading goes on while they are sent. */
  const isEnough = () =>
    pending.length >= limits.windowStanzasMax * windowShare ||
    pending.reduce((bytes, item) => bytes + item.encoded.length, 0) >= limits.packBytesMax;

  /** Calls are what SQS costs: while stanzas come faster than calls return, they go together. */
  const fillUp = async (begun: number) => {
    for (;;) {
      const leftMs = begun + limits.packWaitMsMax - performance.now();
      if (leftMs <= 0 || isEnough()) return;
      await atMost(leftMs, added.rung());
    }
  };

  const run = async () => {
    for (let inRow = false; pending.length > 0 || retries.length > 0; inRow = true) {
      dropLate();
      const call = takeCall(inRow);
      const begun = performance.now();
      if (call.length > 0) await send(call);
      else if (retries.length > 0) await waitForWork();
      if (call.length > 0 && pending.length > 0 && retries.length === 0) await fillUp(begun);
    }
    running = false;
    emptied.ring();
  };

  return {
    add(item) {
      pending.push(item);
      added.ring();
      if (running) return;
      running = true;
      // What the same read brings goes along.
      queueMicrotask(() => void run());
    },
    async idle() {
      while (running) await emptied.rung();
    },
  };
}
