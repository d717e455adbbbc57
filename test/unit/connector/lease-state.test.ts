/** The lease as one connector sees it, step by step. */
import assert from "node:assert/strict";
import { test } from "node:test";
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

const terms = { holder: "us", limits };
const { leaseMs, leaseRenewMs, leaseCloseMs, leaseDriftMs, leasePollMs, leaseLeavingPollMs, leaseRetryMs } =
  limits;

/** A connector whose clock the test sets. */
function play() {
  let state: LeaseState = firstLeaseState(0);
  return {
    role: () => state.role,
    wakeAt: () => wakeAt(state),
    at(now: number, event: LeaseEvent = { kind: "tick" }): readonly LeaseEffect[] {
      const step = stepLease(state, event, now, terms);
      state = step.state;
      return step.effects;
    },
  };
}

const free: LeaseRecord = { version: 4, leaseMs: 0, leaving: false };
const theirs = (version: number, leaving = false): LeaseRecord => ({
  holder: "them",
  version,
  leaseMs,
  leaving,
});

/** One that has the lease since 0. */
function holder() {
  const connector = play();
  connector.at(0);
  connector.at(0, { kind: "seen", lease: free });
  assert.deepEqual(connector.at(10, { kind: "taken", sentAt: 0 }), [{ do: "gain" }]);
  return connector;
}

test("a free lease is taken at once, as it was seen", () => {
  const connector = play();
  assert.deepEqual(connector.at(0), [{ do: "look" }]);
  assert.deepEqual(connector.at(5, { kind: "seen", lease: free }), [{ do: "take", seen: free }]);
  assert.deepEqual(connector.at(9, { kind: "taken", sentAt: 5 }), [{ do: "gain" }]);
});

test("one that is ours although we do not know is taken again: the answer was lost", () => {
  const connector = play();
  connector.at(0);
  const ours = { holder: "us", version: 7, leaseMs, leaving: false };
  assert.deepEqual(connector.at(5, { kind: "seen", lease: ours }), [{ do: "take", seen: ours }]);
});

test("another's is looked at again and again, and taken when its version has stood still for the lease", () => {
  const connector = play();
  connector.at(0);
  assert.deepEqual(connector.at(10, { kind: "seen", lease: theirs(1) }), []);
  assert.equal(connector.wakeAt(), 10 + leasePollMs);
  assert.deepEqual(connector.at(510), [{ do: "look" }]);
  connector.at(520, { kind: "seen", lease: theirs(2) });
  const overAt = 520 + leaseMs + leaseDriftMs;
  for (let now = 1_020; now < overAt; now += leasePollMs) {
    assert.deepEqual(connector.at(now), [{ do: "look" }]);
    connector.at(now, { kind: "seen", lease: theirs(2) });
  }
  assert.equal(connector.wakeAt(), overAt, "exactly then, not at the next look");
  assert.deepEqual(connector.at(overAt), [{ do: "take", seen: theirs(2) }]);
  assert.deepEqual(connector.at(overAt + 5, { kind: "refused" }), [{ do: "look" }], "another was faster");
});

test("a holder that is leaving is looked at more often", () => {
  const connector = play();
  connector.at(0);
  connector.at(0, { kind: "seen", lease: theirs(3, true) });
  assert.equal(connector.wakeAt(), leaseLeavingPollMs);
});

test("a standby that cannot read the table goes on asking and takes nothing", () => {
  const connector = play();
  connector.at(0);
  connector.at(0, { kind: "seen", lease: theirs(1) });
  assert.deepEqual(connector.at(500), [{ do: "look" }]);
  assert.deepEqual(connector.at(1_500, { kind: "failed" }), []);
  assert.equal(connector.wakeAt(), 1_500 + leaseRetryMs);
});

test("an answer to a taking that was too long on its way is no lease", () => {
  const connector = play();
  connector.at(0);
  connector.at(0, { kind: "seen", lease: free });
  assert.deepEqual(connector.at(leaseMs - leaseCloseMs, { kind: "taken", sentAt: 0 }), [{ do: "look" }]);
  assert.equal(connector.role(), "standby");
});

test("a holder renews in time, and counts from before it asked", () => {
  const connector = holder();
  assert.equal(connector.wakeAt(), leaseRenewMs);
  assert.deepEqual(connector.at(leaseRenewMs), [{ do: "renew", leaving: false }]);
  assert.equal(connector.wakeAt(), leaseMs - leaseCloseMs);
  connector.at(leaseRenewMs + 900, { kind: "renewed", sentAt: leaseRenewMs, leaving: false });
  assert.equal(connector.wakeAt(), 2 * leaseRenewMs);
});

test("one that cannot renew closes its stream while the lease is its own, and loses it at its end", () => {
  const connector = holder();
  connector.at(leaseRenewMs);
  assert.deepEqual(connector.at(leaseRenewMs + 100, { kind: "failed" }), []);
  assert.deepEqual(connector.at(leaseRenewMs + 100 + leaseRetryMs), [{ do: "renew", leaving: false }]);
  assert.deepEqual(connector.at(leaseMs - leaseCloseMs), [{ do: "close" }]);
  assert.equal(connector.wakeAt(), leaseMs);
  assert.deepEqual(connector.at(leaseMs), [{ do: "lose", reason: "lease-over" }]);
  assert.equal(connector.role(), "standby");
  // The renewal that was under way: too late, whatever it says.
  assert.deepEqual(connector.at(leaseMs + 1, { kind: "renewed", sentAt: 3_000, leaving: false }), [
    { do: "look" },
  ]);
});

test("a renewal that succeeds while the stream is being closed lets it open again", () => {
  const connector = holder();
  connector.at(leaseRenewMs);
  connector.at(leaseMs - leaseCloseMs);
  const renewed = { kind: "renewed", sentAt: leaseRenewMs, leaving: false } as const;
  assert.deepEqual(connector.at(leaseMs - 100, renewed), [{ do: "gain" }, { do: "renew", leaving: false }]);
});

test("one that wakes after the end has lost it, whatever it hears first", () => {
  const events: LeaseEvent[] = [
    { kind: "tick" },
    { kind: "renewed", sentAt: leaseRenewMs, leaving: false },
    { kind: "failed" },
    { kind: "refused" },
  ];
  for (const event of events) {
    const connector = holder();
    connector.at(leaseRenewMs);
    assert.deepEqual(connector.at(leaseRenewMs + leaseMs, event)[0], { do: "lose", reason: "lease-over" });
  }
});

test("one whose lease was taken loses it at once", () => {
  const connector = holder();
  connector.at(leaseRenewMs);
  const effects = connector.at(leaseRenewMs + 10, { kind: "refused" });
  assert.deepEqual(effects, [{ do: "lose", reason: "lease-taken" }, { do: "look" }]);
});

test("one that leaves says so at once, keeps the lease meanwhile, and never takes it again", () => {
  const connector = holder();
  assert.deepEqual(connector.at(200, { kind: "leave" }), [{ do: "renew", leaving: true }]);
  connector.at(210, { kind: "renewed", sentAt: 200, leaving: true });
  assert.deepEqual(connector.at(200 + leaseRenewMs), [{ do: "renew", leaving: true }]);
  assert.deepEqual(connector.at(200 + leaseMs), [{ do: "lose", reason: "lease-over" }]);
  assert.equal(connector.role(), "ended");
  assert.equal(connector.wakeAt(), undefined);
});

test("one that leaves while a renewal is under way says so right after it", () => {
  const connector = holder();
  connector.at(leaseRenewMs);
  assert.deepEqual(connector.at(leaseRenewMs + 1, { kind: "leave" }), []);
  const renewed = { kind: "renewed", sentAt: leaseRenewMs, leaving: false } as const;
  assert.deepEqual(connector.at(leaseRenewMs + 9, renewed), [{ do: "renew", leaving: true }]);
});

test("a standby that leaves asks for nothing more", () => {
  const connector = play();
  connector.at(0);
  assert.deepEqual(connector.at(5, { kind: "leave" }), []);
  assert.deepEqual(connector.at(9, { kind: "seen", lease: free }), []);
  assert.equal(connector.role(), "ended");
});
