/**
 * How a decision about a pair becomes true: causes are taken in once, and effects leave in the order of their commits
 * (invariants 5 and 6).
 */

import { TransientFault } from "#aws/faults.ts";
import type { PairRecord } from "#aws/table.ts";
import type { Cause, Effect, Pair } from "#core/decision.ts";
import { limits } from "#core/limits.ts";
import { noPair, type PairState } from "#core/pair.ts";
import type { Result } from "#core/result.ts";
import { sendEffects } from "./effects.ts";
import type { Ports } from "./ports.ts";

const noRecord: PairRecord = { state: noPair, marks: { xmpp: "", native: "" }, version: 0, outbox: [] };

function sameState(a: PairState, b: PairState): boolean {
  return (
    a.state === b.state &&
    a.preApproved === b.preApproved &&
    a.nick === b.nick &&
    a.blocked === b.blocked &&
    a.directed?.mark === b.directed?.mark
  );
}

/** Sends effects that a commit has stored, then forgets them. */
async function sendOutbox(ports: Ports, pair: Pair, cause: Cause, record: PairRecord): Promise<void> {
  if (record.outbox.length === 0) return;
  await sendEffects(ports, pair, cause, record.outbox);
  await ports.table.clearOutbox(pair, record.version);
}

interface Decided {
  readonly next: PairState;
  readonly effects: readonly Effect[];
  /** Mark of the contact's availability that was looked at: when another has come since, it is decided anew. */
  readonly seen?: string | undefined;
}

/**
 * Reads the pair, sends what an earlier commit left in its outbox, decides, commits, sends.
 *
 * A cause that was taken in before changes nothing; what it left unsent is sent. Returns the decision's
 * rejection where it refuses. 1 read; 2 writes where something changes.
 */
export function commitDecision<E>(
  ports: Ports,
  pair: Pair,
  cause: Cause,
  decide: Decide<E>,
): Promise<E | undefined> {
  return commit(ports, pair, cause, decide, true);
}

/**
 * {@link commitDecision} for what comes late, when later causes of its side may have been taken in: no mark tells
 * whether it was, so that the decision itself has to change nothing when it comes again.
 */
export function commitLate<E>(
  ports: Ports,
  pair: Pair,
  cause: Cause,
  decide: Decide<E>,
): Promise<E | undefined> {
  return commit(ports, pair, cause, decide, false);
}

type Decide<E> = (current: PairState) => Result<Decided, E> | Promise<Result<Decided, E>>;

async function commit<E>(
  ports: Ports,
  pair: Pair,
  cause: Cause,
  decide: Decide<E>,
  inTurn: boolean,
): Promise<E | undefined> {
  for (let attempt = 0; attempt < limits.commitAttemptsMax; attempt++) {
    const found = await ports.table.readPair(pair);
    const before = found ?? noRecord;
    await sendOutbox(ports, pair, cause, before);
    if (inTurn && cause.mark <= before.marks[cause.side]) return undefined;
    const decision = await decide(before.state);
    if (!decision.ok) return decision.error;
    const { next, effects, seen } = decision.value;
    if (sameState(before.state, next) && (found === undefined || effects.length === 0)) {
      // Nothing changes, and of a pair that is not known nothing becomes known: a repeat decides the same again.
      await sendEffects(ports, pair, cause, effects);
      return undefined;
    }
    const record: PairRecord = {
      state: next,
      marks: inTurn ? { ...before.marks, [cause.side]: cause.mark } : before.marks,
      version: before.version + 1,
      outbox: effects,
    };
    // Only here does a pair change: what was cached of it holds no longer, also where the answer got lost.
    const forget = () => ports.directory.forgetPair(pair);
    if (!(await ports.table.commitPair(pair, found, record, seen).finally(forget))) continue;
    await sendOutbox(ports, pair, cause, record);
    return undefined;
  }
  throw new TransientFault(`pair contended ${limits.commitAttemptsMax} times`);
}
