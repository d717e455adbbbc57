/**
 * The way out: receive, expand, check, write, barrier, delete. A message is deleted only when the
 * barrier behind its last stanza has come back; everything else is given back when the stream ends.
 */
import type { Queues, ReceivedMessage } from "#aws/queues.ts";
import type { QueueName } from "#core/contract/queues.ts";
import type { Limits } from "#core/limits.ts";
import { retryVisibilityS } from "#core/retry.ts";
import { type Held, makeHeld } from "./held.ts";
import { type Log, nameOfError } from "./log.ts";
import { atMost, makeBell } from "./pause.ts";
import { makePoller } from "./poller.ts";
import type { Session } from "./session.ts";
import { makeUnit, type Slice, type Unit, type UnitOptions } from "./unit.ts";

type OutboundQueue = Extract<QueueName, "outboundStanzas" | "outboundPresence">;

export interface DownlinkOptions
  extends Pick<UnitOptions, "context" | "bounce" | "routed" | "onWritten" | "tracer"> {
  readonly queues: Pick<Queues, "receive" | "remove" | "extend">;
  readonly setAside: (queue: QueueName, letter: Parameters<UnitOptions["setAside"]>[0]) => Promise<boolean>;
  readonly limits: Limits;
  readonly random: () => number;
  readonly log: Log;
}

export interface Downlink {
  /** A stream can be written to. */
  up(session: Session): void;
  /** It no longer can. */
  down(): void;
  /** Ends receiving, and waits for what is written to be confirmed or for `waitMs`. */
  stop(waitMs: number): Promise<void>;
  /** Gives back what is left once it has stopped; what is not in time comes back by itself. */
  giveBack(): Promise<void>;
  /** Outbound messages in our hands. */
  held(): number;
}

/** A unit on its way out. */
interface Writing {
  readonly unit: Unit;
  /** True when everything written so far has come back. */
  routed: Promise<boolean>;
}

/**
 * Writes units to one session: messages first, a broadcast slice by slice in between.
 *
 * @param onTaken called when there is room for more in advance.
 */
function makeWriter(options: DownlinkOptions, held: Held, session: Session, onTaken: () => void) {
  const { limits, log } = options;
  const inbox: Record<OutboundQueue, ReceivedMessage[]> = { outboundStanzas: [], outboundPresence: [] };
  const work = makeBell();
  const settling = new Set<Promise<void>>();
  let broadcast: Writing | undefined;
  let slicesUnderWay = 0;
  let ended = false;
  let failed = false;

  const take = (queue: OutboundQueue): Writing | undefined => {
    const messages = inbox[queue].splice(0);
    if (messages.length === 0) return undefined;
    onTaken();
    const setAside: UnitOptions["setAside"] = (letter) => options.setAside(queue, letter);
    return { unit: makeUnit(messages, { ...options, setAside }), routed: Promise.resolve(true) };
  };

  const settle = async ({ unit, routed }: Readonly<Writing>, ends: Slice["ends"]) => {
    if (!(await routed)) return unit.abandon(ends);
    const { done, later, items } = await unit.outcome(ends);
    if (items.length > 0) log("info", "downlink.routed", { items });
    held.remove(done);
    const ours = later.filter(held.has);
    if (ours.length === 0) return;
    log("warn", "downlink.later", { messages: ours.length });
    const receives = Math.max(1, ...ours.map((message) => message.receives));
    await held.giveBack(ours, retryVisibilityS(receives, limits));
  };

  /** Writes the next slice; false when there was none. Each message is settled with the slice in which it ends. */
  const writeSlice = async (writing: Writing): Promise<boolean> => {
    const slice = writing.unit.next();
    if (slice === undefined) return false;
    const { xml, ends } = slice;
    if (xml !== "") {
      const { written, back } = session.confirm(xml);
      writing.routed = back;
      try {
        await written;
      } catch (error) {
        // The stream ends with it: nothing comes back, and what is ours is given back.
        log("warn", "write.failed", { reason: nameOfError(error) });
        failed = true;
      }
    }
    if (!failed) writing.unit.written(ends);
    if (ends.length === 0) return true;
    const settled: Promise<void> = settle(writing, ends).finally(() => settling.delete(settled));
    settling.add(settled);
    return true;
  };

  const writeMessages = async (writing: Writing) => {
    while (!failed && (await writeSlice(writing)));
    if (failed) writing.unit.abandon();
  };

  /** One slice of the broadcast; only a few are under way, so that messages never wait long behind them. */
  const writeBroadcast = async (writing: Writing) => {
    broadcast = writing;
    if (await writeSlice(writing)) {
      slicesUnderWay += 1;
      void writing.routed.then(() => {
        slicesUnderWay -= 1;
        work.ring();
      });
      return;
    }
    broadcast = undefined;
  };

  const run = async () => {
    while (!ended && !failed) {
      const waiting = work.rung();
      const messages = take("outboundStanzas");
      if (messages) {
        await writeMessages(messages);
        continue;
      }
      const next =
        slicesUnderWay < limits.broadcastSlicesMax ? (broadcast ?? take("outboundPresence")) : undefined;
      if (next) await writeBroadcast(next);
      else await waiting;
    }
    broadcast?.unit.abandon();
  };
  const running = run();

  return {
    add(queue: OutboundQueue, messages: readonly ReceivedMessage[]) {
      inbox[queue].push(...messages);
      work.ring();
    },
    waiting: (queue: OutboundQueue) => inbox[queue].length,
    /** Begins nothing more. */
    end() {
      ended = true;
      work.ring();
    },
    /** Resolves when all that was written has been confirmed and deleted. */
    async settled() {
      await running;
      await Promise.all(settling);
      await held.removed();
    },
  };
}

export function makeDownlink(options: DownlinkOptions): Downlink {
  const { limits, log } = options;
  const stopping = new AbortController();
  let stopped = false;
  let writer: ReturnType<typeof makeWriter> | undefined;

  const wake = () => {
    for (const poller of pollers.values()) poller.wake();
  };
  const held = makeHeld({ ...options, onFreed: wake });

  /** Whether `messages` more, of the size of those in hand, have room; for the first, however large, there always is. */
  const hasRoom = (queue: OutboundQueue, messages: number): boolean => {
    const sizes = held.sizesOf(queue);
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    const more = messages + (pollers.get(queue)?.expected() ?? 0);
    return sizes.length === 0 || bytes + (more * bytes) / sizes.length <= limits.outboundHeldBytesMax;
  };

  const wants = (queue: OutboundQueue, messages: number): boolean => {
    if (writer === undefined || stopped) return false;
    // A broadcast may be long, so only few of them are taken in advance.
    if (queue === "outboundPresence" && writer.waiting(queue) > 0) return false;
    const expected = [...pollers.values()].reduce((sum, poller) => sum + poller.expected(), 0);
    return held.size() + expected + messages <= limits.outboundHeldMax && hasRoom(queue, messages);
  };

  const onMessages = (queue: OutboundQueue, messages: readonly ReceivedMessage[]) => {
    held.take(queue, messages);
    if (writer === undefined) void held.giveBack(messages, 0);
    else writer.add(queue, messages);
  };

  const pollerOf = (queue: OutboundQueue, parallelMax: number) =>
    makePoller({
      ...options,
      queue,
      parallelMax,
      wants: (messages) => wants(queue, messages),
      onMessages: (messages) => onMessages(queue, messages),
      signal: stopping.signal,
    });
  const pollers = new Map([
    ["outboundStanzas", pollerOf("outboundStanzas", limits.receivesMaxParallel)],
    ["outboundPresence", pollerOf("outboundPresence", 1)],
  ]);

  const giveBackAll = async () => {
    const before = held.size();
    await held.giveBackAll();
    if (before > 0) log("info", "downlink.given-back", { messages: before - held.size() });
  };

  /**
   * Ends the polls. What SQS is just sending would stay hidden until its visibility ends if it were cut off, so
   * those that have something to bring get the time to bring it.
   */
  const endPolls = async () => {
    const ended = Promise.all([...pollers.values()].map((poller) => poller.ended()));
    await atMost(limits.pollGraceMs, ended);
    stopping.abort();
  };

  return {
    up(session) {
      writer = makeWriter(options, held, session, wake);
      wake();
    },
    down() {
      writer?.end();
      writer = undefined;
      void giveBackAll();
    },
    async stop(waitMs) {
      stopped = true;
      writer?.end();
      await Promise.all([endPolls(), writer && atMost(waitMs, writer.settled())]);
      writer = undefined;
    },
    async giveBack() {
      const given = giveBackAll();
      held.stop();
      await given;
    },
    held: held.size,
  };
}
