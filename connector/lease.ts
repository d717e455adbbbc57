/** Who may have the domain's stream: the lease in the table, taken, renewed, watched and released (invariant 12). */
import { randomUUID } from "node:crypto";
import type { Table } from "#aws/table.ts";
import type { Limits } from "#core/limits.ts";
import {
  firstLeaseState,
  type LeaseEffect,
  type LeaseEvent,
  type LeaseState,
  stepLease,
  wakeAt,
} from "./lease-state.ts";
import { type Log, nameOfError } from "./log.ts";
import { makeBell } from "./pause.ts";

export type LeaseTable = Pick<Table, "takeFence" | "readLease" | "takeLease" | "renewLease" | "releaseLease">;

export interface LeaseListener {
  /** The stream is to be closed in order: the lease is ours for a moment yet. */
  onClose(): void;
  /** The stream is not ours any more: nothing may be written to it. */
  onLost(): void;
}

export interface Lease {
  start(listener: LeaseListener): void;
  /** The number of the present tenure; `undefined` from the very moment on that the lease is over. */
  term(): number | undefined;
  /** Whether a stream may be opened now. */
  mayOpen(): boolean;
  /** Resolves when it may; at once when the signal is aborted. */
  opens(signal: AbortSignal): Promise<void>;
  /** A fence, larger than every one before. Throws when the lease is somebody else's. */
  takeFence(): Promise<number>;
  /** Tells the standby that it will soon be free. */
  leave(): void;
  /** Lets it go, when nothing is left to be done under it. */
  release(): Promise<void>;
  /** `fresh`: the table has answered lately. */
  view(): { readonly role: "off" | "standby" | "holder" | "ended"; readonly fresh: boolean };
}

/** For a connector that is alone: the stream is always its own. */
export function makeNoLease(domain: string, table: Pick<Table, "takeFence">): Lease {
  return {
    start() {},
    term: () => 0,
    mayOpen: () => true,
    opens: async () => {},
    takeFence: () => table.takeFence(domain),
    leave() {},
    release: async () => {},
    view: () => ({ role: "off", fresh: true }),
  };
}

export interface LeaseOptions {
  /** Prepared. */
  readonly domain: string;
  readonly table: LeaseTable;
  readonly limits: Limits;
  readonly log: Log;
}

export function makeLease(options: LeaseOptions): Lease {
  const { domain, table, limits, log } = options;
  const terms = { holder: randomUUID(), limits };
  const opening = makeBell();
  const idle = makeBell();
  let state: LeaseState = firstLeaseState(performance.now());
  let listener: LeaseListener | undefined;
  let term = 0;
  let inTerm = false;
  let calls = 0;
  let everAsked = false;
  let answeredAt = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;

  const ask = async (effect: LeaseEffect): Promise<LeaseEvent | undefined> => {
    const signal = AbortSignal.timeout(limits.leaseCallMsMax);
    const sentAt = performance.now();
    switch (effect.do) {
      case "look":
        return { kind: "seen", lease: await table.readLease(domain, signal) };
      case "take": {
        everAsked = true;
        const taken = await table.takeLease(domain, terms.holder, limits.leaseMs, effect.seen, signal);
        return taken ? { kind: "taken", sentAt } : { kind: "refused" };
      }
      case "renew": {
        const { leaving } = effect;
        const renewed = await table.renewLease(domain, terms.holder, leaving, signal);
        return renewed ? { kind: "renewed", sentAt, leaving } : { kind: "refused" };
      }
      default:
        return undefined;
    }
  };

  const call = async (effect: LeaseEffect) => {
    calls += 1;
    try {
      const event = await ask(effect);
      answeredAt = performance.now();
      if (event) dispatch(event);
    } catch (error) {
      log("warn", "lease.failed", { call: effect.do, reason: nameOfError(error) });
      dispatch({ kind: "failed" });
    } finally {
      calls -= 1;
      idle.ring();
    }
  };

  const perform = (effect: LeaseEffect) => {
    switch (effect.do) {
      case "gain":
        if (!inTerm) term += 1;
        inTerm = true;
        log("info", "lease.held", { holder: terms.holder, term });
        return opening.ring();
      case "close":
        log("error", "lease.not-renewed", { holder: terms.holder, term });
        return listener?.onClose();
      case "lose":
        inTerm = false;
        log("error", "lease.lost", { holder: terms.holder, term, reason: effect.reason });
        return listener?.onLost();
      default:
        void call(effect);
    }
  };

  function dispatch(event: LeaseEvent): void {
    const step = stepLease(state, event, performance.now(), terms);
    state = step.state;
    clearTimeout(timer);
    const at = wakeAt(state);
    if (at !== undefined) {
      const waitMs = Math.max(1, Math.ceil(at - performance.now()));
      timer = setTimeout(() => dispatch({ kind: "tick" }), waitMs);
    }
    for (const effect of step.effects) perform(effect);
  }

  /** Looks at the clock first: after a freeze whoever asks is earlier than any timer. */
  const isHeld = (): boolean => {
    if (state.role === "holder" && performance.now() >= state.overAt) dispatch({ kind: "tick" });
    return state.role === "holder";
  };
  const mayOpen = () => isHeld() && state.role === "holder" && !state.closing;

  return {
    start(its) {
      listener = its;
      dispatch({ kind: "tick" });
    },
    term: () => (isHeld() ? term : undefined),
    mayOpen,
    async opens(signal) {
      const ring = () => opening.ring();
      signal.addEventListener("abort", ring);
      while (!mayOpen() && !signal.aborted) await opening.rung();
      signal.removeEventListener("abort", ring);
    },
    takeFence: () => table.takeFence(domain, terms.holder),
    leave: () => dispatch({ kind: "leave" }),
    async release() {
      clearTimeout(timer);
      state = { role: "ended" };
      inTerm = false;
      // Whatever a call under way does comes before the release.
      while (calls > 0) await idle.rung();
      if (!everAsked) return;
      try {
        await table.releaseLease(domain, terms.holder, AbortSignal.timeout(limits.leaseCallMsMax));
        log("info", "lease.released", { holder: terms.holder });
      } catch (error) {
        // It is over by itself soon.
        log("warn", "lease.failed", { call: "release", reason: nameOfError(error) });
      }
    },
    view: () => ({
      role: state.role,
      fresh: performance.now() - answeredAt < limits.leaseMs,
    }),
  };
}
