/** The component's stream to its server: always one, come up again with backoff whenever it ends. */
import type { Element } from "ltx";
import type { ReadSecret } from "#aws/secret.ts";
import type { Limits } from "#core/limits.ts";
import { adviceFor } from "./advice.ts";
import { backoffMs, failuresAfter } from "./backoff.ts";
import type { Barriers } from "./barriers.ts";
import type { DialOptions } from "./dial.ts";
import type { Lease } from "./lease.ts";
import { type Link, openLink, type Refused } from "./link.ts";
import { type Log, nameOfError } from "./log.ts";
import { atMost, makeBell, pause } from "./pause.ts";
import { makeSession, type Session, type SessionClocks } from "./session.ts";

export type StreamState = "standby" | "waiting" | "connecting" | "up" | "closing" | "stopped";

/** Where stanzas go. */
export interface Inbound {
  /** A stream has come up; the stanzas that follow are counted from 0 under this fence, in this tenure of the lease. */
  begin(fence: number, term: number): void;
  accept(stanza: Element, bytes: number): void;
  refuse(piece: Refused): void;
  /** Whether nothing more may be read; `aheadBytes` were read and are no stanzas yet. */
  isFull(aheadBytes: number): boolean;
  /** Called whenever there may be room again. */
  onRoom(listener: () => void): void;
}

export interface StreamOptions extends DialOptions {
  /** Prepared. */
  readonly domain: string;
  /** Called for each stream. */
  readonly readSecret: ReadSecret;
  readonly limits: Limits;
  /** From 0 to 1, for the jitter. */
  readonly random: () => number;
  readonly lease: Pick<Lease, "term" | "mayOpen" | "opens" | "takeFence">;
  readonly inbound: Inbound;
  readonly onUp: (session: Session) => void;
  /** Nothing can be written or confirmed any more, for a reason in a word. Called once for each `onUp`. */
  readonly onDown: (fence: number, reason: string) => void;
  readonly log: Log;
}

export interface Stream {
  start(): void;
  /** Closes in order, and opens again when the lease allows it. */
  close(reason: string): void;
  /**
   * Closes in order and stays closed; resolves when all was read that the server had sent, or after `msMax`: what has
   * been read still needs time to be handed over.
   */
  stop(msMax: number): Promise<void>;
  state(): StreamState;
  /** The stream that is up, if one is. */
  session(): Session | undefined;
}

export function makeStream(options: StreamOptions): Stream {
  const { domain, inbound, lease, limits, log } = options;
  const room = makeBell();
  const stopping = new AbortController();
  /** Ends the opening that is under way, or the wait for the next. */
  let opening = new AbortController();
  const stopped = Promise.withResolvers<void>();
  let state: StreamState = "waiting";
  let link: Link | undefined;
  let clocks: SessionClocks | undefined;
  /** Since when the last stream was up; undefined when it never was. */
  let upAt: number | undefined;
  /** Kept while the stream closes: those that still come back concern nobody. */
  let barriers: Barriers | undefined;

  inbound.onRoom(() => {
    link?.resume();
    room.ring();
  });

  const down = (reason: string) => {
    if (clocks === undefined) return;
    const { fence } = clocks.session;
    clocks.end();
    clocks = undefined;
    options.onDown(fence, reason);
  };

  const close = (reason: string) => {
    opening.abort();
    if (state !== "up") return;
    state = "closing";
    log("info", "stream.closing", { reason });
    down(reason);
    link?.close();
  };

  const readSecret = async (signal: AbortSignal): Promise<string> => {
    try {
      return await options.readSecret(AbortSignal.any([signal, AbortSignal.timeout(limits.connectMsMax)]));
    } catch (cause) {
      if (signal.aborted) throw new Error("stopped", { cause });
      log("error", "secret.failed", { reason: nameOfError(cause) });
      throw new Error("secret-unreadable", { cause });
    }
  };

  /** `undefined` when the table gives none before the wait for it ends. */
  const takeFence = async (ended: Promise<void>): Promise<number | undefined> => {
    try {
      return await Promise.race([lease.takeFence(), ended.then(() => undefined)]);
    } catch (error) {
      log("error", "fence.failed", { reason: nameOfError(error) });
      return undefined;
    }
  };

  const open = async (term: number) => {
    opening = new AbortController();
    const signal = AbortSignal.any([stopping.signal, opening.signal]);
    const secret = await readSecret(signal);
    // What comes on a stream that ends for want of a fence is lost without a word; without a stream it is bounced.
    const isGiven = (await takeFence(pause(limits.connectMsMax, signal))) !== undefined;
    if (lease.term() !== term) throw new Error("lease-lost");
    if (signal.aborted) throw new Error("stopped");
    if (!isGiven) throw new Error("no-fence");
    return await openLink(
      {
        ...options,
        secret,
        isOurs: () => lease.term() === term,
        isFull: inbound.isFull,
        onStanza(stanza, bytes) {
          if (!barriers?.consume(stanza)) inbound.accept(stanza, bytes);
        },
        onRefused: inbound.refuse,
        onHeld(held) {
          log("info", held ? "stream.paused" : "stream.resumed");
          clocks?.held(held);
        },
      },
      signal,
    );
  };

  /** One stream from connect to close; resolves with the reason of its end. */
  const runOnce = async (): Promise<string> => {
    state = "connecting";
    upAt = undefined;
    let reason = "unknown";
    try {
      const term = lease.term();
      if (term === undefined) return "lease-lost";
      link = await open(term);
      // Taken when the stream is ours, so that a later holder always has a larger one.
      const fence = await takeFence(atMost(limits.connectMsMax, link.closed));
      if (lease.term() !== term) link.destroy("lease-lost");
      else if (fence === undefined) link.destroy("no-fence");
      if (fence === undefined || lease.term() !== term) return await link.closed;
      clocks = makeSession({
        link,
        domain,
        fence,
        limits,
        log,
        closeOnPurpose: () => close("paused-too-long"),
      });
      barriers = clocks.barriers;
      state = "up";
      upAt = performance.now();
      log("info", "stream.up", { fence });
      inbound.begin(fence, term);
      options.onUp(clocks.session);
      link.begin();
      if (stopping.signal.aborted) close("stopping");
      if (!lease.mayOpen()) close("lease-ending");
      reason = await link.closed;
    } catch (error) {
      if (error instanceof Error) reason = error.message;
    } finally {
      down(reason);
      link = undefined;
    }
    return reason;
  };

  const awaitLease = async () => {
    if (lease.mayOpen()) return;
    state = "standby";
    await lease.opens(stopping.signal);
  };

  const run = async () => {
    let failures = 0;
    let waitMs = 0;
    while (!stopping.signal.aborted) {
      state = "waiting";
      // Connecting with a full window would only swallow what is sent to us.
      while (inbound.isFull(0) && !stopping.signal.aborted) await room.rung();
      await awaitLease();
      if (stopping.signal.aborted) break;
      const startedAt = performance.now();
      const reason = await runOnce();
      const endedAt = performance.now();
      const lastedMs = Math.round(endedAt - startedAt);
      // A lease that comes anew begins with a clean slate.
      const ended = { upMs: endedAt - (upAt ?? endedAt), waitedMs: waitMs, displaced: reason === "conflict" };
      failures = lease.mayOpen() ? failuresAfter(failures, ended, limits) : 0;
      // What we have closed ourselves waits for room or for the lease, not for a time.
      const isByUs = opening.signal.aborted;
      waitMs = failures > 0 && !isByUs ? backoffMs(failures, options.random(), limits) : 0;
      const advice = adviceFor(reason);
      if (stopping.signal.aborted) break;
      const told = { reason, lastedMs, retryInMs: Math.round(waitMs), ...(advice && { advice }) };
      log(advice ? "error" : "warn", "stream.down", told);
      state = "waiting";
      if (waitMs > 0) await pause(waitMs, AbortSignal.any([stopping.signal, opening.signal]));
    }
    state = "stopped";
    log("info", "stream.stopped");
    stopped.resolve();
  };

  let running = false;
  return {
    start() {
      if (running) return;
      running = true;
      void run();
    },
    close,
    async stop(msMax) {
      stopping.abort();
      room.ring();
      close("stopping");
      if (!running) return;
      await atMost(msMax, stopped.promise);
      link?.destroy("close-timeout");
      await stopped.promise;
    },
    state: () => state,
    session: () => clocks?.session,
  };
}
