/**
 * Connectors that share a lease, in simulated time: clocks that run differently, calls that are slow, lost or late,
 * processes that freeze. Two never hold the lease at the same time, and when the faults end one does soon.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { LeaseRecord } from "#aws/table.ts";
import {
  firstLeaseState,
  type LeaseEffect,
  type LeaseEvent,
  type LeaseState,
  stepLease,
  wakeAt,
} from "#connector/lease-state.ts";
import { limits } from "#core/limits.ts";

const faultsEndAt = 60_000;
/** The longest a lease can take to find a new holder: a dead one's end, a look, and calls that are slow. */
const soonMs = limits.leaseMs + limits.leaseDriftMs + limits.leasePollMs + 2 * limits.leaseCallMsMax;

interface Clock {
  readonly offsetMs: number;
  /** Milliseconds of this clock in one of true time. */
  readonly rate: number;
}

/** What becomes of a call: when it reaches the table, and when its answer comes back, if it does. */
interface Fate {
  readonly toMs: number;
  readonly backMs: number;
  readonly lost: boolean;
}

interface Freeze {
  readonly who: number;
  readonly at: number;
  readonly ms: number;
}

interface World {
  readonly clocks: readonly Clock[];
  readonly fates: readonly Fate[];
  readonly freezes: readonly Freeze[];
}

/** Runs what is due in the order of true time. */
function makeAgenda() {
  const entries: { at: number; run: () => void }[] = [];
  let now = 0;
  return {
    now: () => now,
    add(at: number, run: () => void) {
      entries.push({ at: Math.max(at, now), run });
    },
    runUntil(end: number) {
      for (;;) {
        entries.sort((a, b) => a.at - b.at);
        const next = entries[0];
        if (next === undefined || next.at > end) break;
        entries.shift();
        now = next.at;
        next.run();
      }
      now = end;
    },
  };
}

/** The one item, as `aws/table-lease.ts` writes it. */
function makeItem() {
  let item: LeaseRecord = { version: 0, leaseMs: 0, leaving: false };
  const { leaseMs } = limits;
  return {
    read: () => item,
    take(holder: string, seen: LeaseRecord): boolean {
      const unchanged =
        seen.holder === undefined
          ? item.holder === undefined
          : item.holder === seen.holder && item.version === seen.version;
      if (!unchanged && item.holder !== holder) return false;
      item = { holder, version: item.version + 1, leaseMs, leaving: false };
      return true;
    },
    renew(holder: string, leaving: boolean): boolean {
      if (item.holder !== holder) return false;
      item = { ...item, version: item.version + 1, leaving };
      return true;
    },
  };
}

function simulate({ clocks, fates, freezes }: World) {
  const agenda = makeAgenda();
  const item = makeItem();
  let calls = 0;
  const nextFate = (): Fate => {
    const calm = { toMs: 5, backMs: 5, lost: false };
    if (agenda.now() >= faultsEndAt) return calm;
    return fates[calls++ % fates.length] ?? calm;
  };
  const states: LeaseState[] = [];
  const timers: number[] = [];
  const frozenUntil: number[] = clocks.map(() => 0);
  const local = (who: number) => {
    const { offsetMs = 0, rate = 1 } = clocks[who] ?? {};
    return offsetMs + agenda.now() * rate;
  };
  const isHeld = (who: number) => {
    const state = states[who];
    return state?.role === "holder" && local(who) < state.overAt;
  };
  const check = () => {
    const holders = clocks.flatMap((_, who) => (isHeld(who) ? [who] : []));
    assert.ok(holders.length <= 1, `at ${agenda.now()} ms ${holders.join(" and ")} hold the lease`);
  };
  /** When the process runs: at once, or when its freeze ends. */
  const whenAwake = (who: number, run: () => void) => {
    if (agenda.now() >= (frozenUntil[who] ?? 0)) return run();
    agenda.add(frozenUntil[who] ?? 0, () => whenAwake(who, run));
  };
  const hear = (who: number, event: LeaseEvent) =>
    whenAwake(who, () => {
      const state = states[who] ?? firstLeaseState(local(who));
      const step = stepLease(state, event, local(who), { holder: `h${who}`, limits });
      states[who] = step.state;
      check();
      for (const effect of step.effects) call(who, effect);
      const at = wakeAt(step.state);
      const { rate = 1 } = clocks[who] ?? {};
      if (at !== undefined) {
        const timer = (timers[who] ?? 0) + 1;
        timers[who] = timer;
        // Each step sets the one timer anew.
        agenda.add(agenda.now() + Math.max(1, (at - local(who)) / rate), () => {
          if (timers[who] === timer) hear(who, { kind: "tick" });
        });
      }
    });

  const answerOf = (who: number, effect: LeaseEffect, sentAt: number): LeaseEvent | undefined => {
    const holder = `h${who}`;
    switch (effect.do) {
      case "look":
        return { kind: "seen", lease: item.read() };
      case "take":
        return item.take(holder, effect.seen) ? { kind: "taken", sentAt } : { kind: "refused" };
      case "renew":
        return item.renew(holder, effect.leaving)
          ? { kind: "renewed", sentAt, leaving: effect.leaving }
          : { kind: "refused" };
      default:
        return undefined;
    }
  };

  function call(who: number, effect: LeaseEffect): void {
    if (!["look", "take", "renew"].includes(effect.do)) return;
    const { toMs, backMs, lost } = nextFate();
    const sentAt = local(who);
    const begun = agenda.now();
    const inTime = !lost && toMs + backMs < limits.leaseCallMsMax;
    // One that was given up may reach the table yet.
    agenda.add(begun + toMs, () => {
      const answer = answerOf(who, effect, sentAt);
      check();
      if (inTime && answer) agenda.add(agenda.now() + backMs, () => hear(who, answer));
    });
    if (!inTime) agenda.add(begun + limits.leaseCallMsMax, () => hear(who, { kind: "failed" }));
  }

  for (const { who, at, ms } of freezes) {
    agenda.add(at, () => {
      frozenUntil[who] = Math.max(frozenUntil[who] ?? 0, agenda.now() + ms);
    });
  }
  for (const who of clocks.keys()) agenda.add(who * 7, () => hear(who, { kind: "tick" }));
  // Between events too: a lease must not be held by two for a moment either.
  for (let at = 0; at < faultsEndAt; at += 50) agenda.add(at, check);
  agenda.runUntil(faultsEndAt + soonMs);
  return clocks.filter((_, who) => isHeld(who)).length;
}

const clock = fc.record({
  offsetMs: fc.integer({ min: 0, max: 1_000_000 }),
  // Two clocks differ by 2 % at the most: 100 ms in a lease.
  rate: fc.double({ min: 0.99, max: 1.01, noNaN: true }),
});
const fate = fc.oneof(
  { weight: 6, arbitrary: fc.record({ toMs: fc.nat(50), backMs: fc.nat(50), lost: fc.constant(false) }) },
  { weight: 1, arbitrary: fc.record({ toMs: fc.nat(8_000), backMs: fc.nat(900), lost: fc.boolean() }) },
);
const world = fc.record({
  clocks: fc.array(clock, { minLength: 2, maxLength: 3 }),
  fates: fc.array(fate, { minLength: 1, maxLength: 60 }),
  freezes: fc.array(
    fc.record({
      who: fc.nat(2),
      at: fc.nat(faultsEndAt - 20_000),
      ms: fc.oneof(fc.nat(3_000), fc.integer({ min: 3_000, max: 20_000 })),
    }),
    { maxLength: 8 },
  ),
});

test("whatever clocks, calls and processes do, two never hold the lease, and one does soon after", () => {
  fc.assert(
    fc.property(world, (each) => {
      assert.equal(simulate(each), 1, "one holds it after the faults");
    }),
    { numRuns: 80 },
  );
});
