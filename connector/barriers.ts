/**
 * Barriers (design, invariant 2): an IQ ping to our own domain, written after stanzas, comes back to us only
 * when the server has routed everything before it.
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

interface Waiting {
  /** How long it has waited while the clock ran, up to the last pause. */
  waitedMs: number;
  readonly resolve: (back: boolean) => void;
}

/**
 * @param domain our own, prepared.
 * @param dead called when a barrier is overdue or was refused: the stream confirms nothing any more.
 */
export function makeBarriers(
  domain: string,
  limits: Pick<Limits, "barrierMsMax">,
  dead: (reason: string) => void,
): Barriers {
  // Unguessable, so that nobody but us can make a barrier come back.
  const prefix = `barrier-${randomBytes(12).toString("base64url")}-`;
  const waiting = new Map<string, Waiting>();
  let issued = 0;
  let timer: NodeJS.Timeout | undefined;
  /** Since when the clocks have been running; undefined while they stand still. */
  let runningSince: number | undefined = performance.now();

  /** Brings `waitedMs` of all up to now. */
  const settle = () => {
    if (runningSince === undefined) return;
    const now = performance.now();
    for (const barrier of waiting.values()) barrier.waitedMs += now - runningSince;
    runningSince = now;
  };

  /** One timer, for the oldest; they come back in order. */
  const arm = () => {
    clearTimeout(timer);
    const oldest = waiting.values().next().value;
    if (oldest === undefined || runningSince === undefined) return;
    const runMs = performance.now() - runningSince;
    timer = setTimeout(check, Math.max(1, limits.barrierMsMax - oldest.waitedMs - runMs));
  };

  const check = () => {
    settle();
    const oldest = waiting.values().next().value;
    if (oldest !== undefined && oldest.waitedMs >= limits.barrierMsMax) dead("barrier-timeout");
    else arm();
  };

  return {
    issue() {
      settle();
      const id = `${prefix}${issued++}`;
      const { promise, resolve } = Promise.withResolvers<boolean>();
      waiting.set(id, { waitedMs: 0, resolve });
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
      if (!id?.startsWith(prefix) || stanza.name !== "iq" || from !== domain || to !== domain) return false;
      const barrier = waiting.get(id);
      if (barrier === undefined) return true;
      if (type !== "get") {
        dead("barrier-refused");
        return true;
      }
      waiting.delete(id);
      barrier.resolve(true);
      arm();
      return true;
    },

    waiting: () => waiting.size,

    pause() {
      settle();
      runningSince = undefined;
      clearTimeout(timer);
    },

    resume() {
      runningSince ??= performance.now();
      arm();
    },

    end() {
      clearTimeout(timer);
      for (const barrier of waiting.values()) barrier.resolve(false);
      waiting.clear();
    },
  };
}
