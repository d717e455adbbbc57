/**
 * Barriers (invariant 2): an IQ ping to our own domain, written after stanzas, comes back to us only
 * when the server has routed everything before it. So a later one that is back vouches for those before: a server
 * that gives a part of what is ours to another connection of the component (ejabberd, see
 * docs/decisions/0014-lease.md) keeps some of them for good.
 */
import { randomBytes } from "node:crypto";
import type { Element } from "ltx";
import type { Limits } from "#core/limits.ts";
import { element, ns } from "#core/xmpp/stanza.ts";

export interface Barrier {
  /** To be written right after what it covers. */
  readonly xml: string;
  /** True when it came back, false when the stream ended before. */
  readonly back: Promise<boolean>;
}

export interface Barriers {
  /** Makes a barrier; its clock runs from now on. */
  issue(): Barrier;
  /** Whether the element is one of ours that came back; such an element concerns nobody else. */
  consume(stanza: Element): boolean;
  /** Barriers that are under way. */
  waiting(): number;
  /** Stops the clocks: while we do not read, no answer can be seen. */
  pause(): void;
  resume(): void;
  /** The stream has ended. */
  end(): void;
}

export interface BarrierListener {
  /** Milliseconds since anything was read. */
  silentMs(): number;
  /** A barrier is overdue or was refused: the stream confirms nothing any more. */
  dead(reason: string): void;
  /** The last one has waited for long: another may come back where it did not. */
  again(): void;
  /** A later one was faster: another connection has got one of ours. */
  overtaken(): void;
}

/** Of all connections of ours, however old: they begin alike. */
const family = "barrier-";

interface Waiting {
  /** How long it has waited while the clock ran, up to the last pause. */
  waitedMs: number;
  readonly resolve: (back: boolean) => void;
}

/** @param domain our own, prepared. */
export function makeBarriers(
  domain: string,
  limits: Pick<Limits, "barrierMsMax" | "barrierStuckMsMax" | "barrierAgainMs">,
  { silentMs, dead, again, overtaken }: BarrierListener,
): Barriers {
  // Unguessable, so that nobody but us can make a barrier come back.
  const prefix = `${family}${randomBytes(12).toString("base64url")}-`;
  const waiting = new Map<string, Waiting>();
  let issued = 0;
  let ended = false;
  let timer: NodeJS.Timeout | undefined;
  /** Since when the clocks have been running; undefined while they stand still. */
  let runningSince: number | undefined = performance.now();

  /** When the timer is to fire. */
  let dueAt = Number.POSITIVE_INFINITY;

  /** Brings `waitedMs` of all up to now. */
  const settle = () => {
    if (runningSince === undefined) return;
    const now = performance.now();
    // A process that stood still has read nothing: what came meanwhile may be the answer, and is not to be thrown away.
    if (now - dueAt > limits.barrierAgainMs) {
      runningSince += now - dueAt;
      dueAt = now;
    }
    for (const barrier of waiting.values()) barrier.waitedMs += now - runningSince;
    runningSince = now;
  };

  /** How long until one that has waited so long counts as lost. What still arrives may be what it waits behind. */
  const patienceMs = (waitedMs: number) =>
    Math.min(limits.barrierStuckMsMax - waitedMs, limits.barrierMsMax - Math.min(waitedMs, silentMs()));

  /** One timer, for the oldest; they come back in order. */
  const arm = () => {
    clearTimeout(timer);
    dueAt = Number.POSITIVE_INFINITY;
    const oldest = waiting.values().next().value;
    if (oldest === undefined || runningSince === undefined) return;
    const leftMs = patienceMs(oldest.waitedMs + performance.now() - runningSince);
    const inMs = Math.max(1, Math.min(leftMs, limits.barrierAgainMs));
    dueAt = performance.now() + inMs;
    timer = setTimeout(check, inMs);
  };

  const check = () => {
    settle();
    const all = [...waiting.values()];
    const [oldest, newest] = [all[0], all.at(-1)];
    if (oldest === undefined || newest === undefined) return;
    if (patienceMs(oldest.waitedMs) <= 0) return dead("barrier-timeout");
    if (newest.waitedMs >= limits.barrierAgainMs) again();
    arm();
  };

  return {
    issue() {
      settle();
      const id = `${prefix}${issued++}`;
      const { promise, resolve } = Promise.withResolvers<boolean>();
      if (ended) resolve(false);
      else waiting.set(id, { waitedMs: 0, resolve });
      if (waiting.size === 1) arm();
      // XEP-0199, to ourselves.
      const ping = element(
        "iq",
        { type: "get", from: domain, to: domain, id },
        element("ping", { xmlns: ns.ping }),
      );
      return { xml: ping.toString(), back: promise };
    },

    consume(stanza) {
      const { id, type, from, to } = stanza.attrs;
      if (!id?.startsWith(family) || stanza.name !== "iq" || from !== domain || to !== domain) return false;
      // Nobody but us can send from our own domain: another connection's.
      if (!waiting.has(id)) return true;
      if (type !== "get") {
        dead("barrier-refused");
        return true;
      }
      for (const [each, barrier] of waiting) {
        if (each !== id) overtaken();
        waiting.delete(each);
        barrier.resolve(true);
        if (each === id) break;
      }
      arm();
      return true;
    },

    waiting: () => waiting.size,

    pause() {
      settle();
      runningSince = undefined;
      dueAt = Number.POSITIVE_INFINITY;
      clearTimeout(timer);
    },

    resume() {
      runningSince ??= performance.now();
      arm();
    },

    end() {
      ended = true;
      clearTimeout(timer);
      for (const barrier of waiting.values()) barrier.resolve(false);
      waiting.clear();
    },
  };
}
