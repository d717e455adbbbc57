/** Pairs that wait to be sent: several at once, but of one user always the first alone. */
import { nativeEventsGroup } from "#aws/hash.ts";
import type { ImportedPair } from "./read-line.ts";

export interface WaitingPair {
  readonly line: number;
  readonly pair: ImportedPair;
}

export interface WaitingPairs {
  /** Pairs that wait or were taken. */
  readonly size: number;
  /** Users of whom a pair could be taken now. */
  readonly ready: number;
  add(waiting: WaitingPair): void;
  /** Takes at most one pair a user, of users of whom none is taken; who has waited longest comes first. */
  take(max: number): WaitingPair[];
  /** Ends the taking: the users are free again, and `back` goes where it came from. */
  settle(taken: readonly WaitingPair[], back: readonly WaitingPair[]): void;
}

const groupOf = ({ pair }: WaitingPair) => nativeEventsGroup(pair.user);

export function makeWaitingPairs(): WaitingPairs {
  const byGroup = new Map<string, WaitingPair[]>();
  const ready = new Set<string>();
  let size = 0;
  return {
    get size() {
      return size;
    },
    get ready() {
      return ready.size;
    },
    add(waiting) {
      size += 1;
      const group = groupOf(waiting);
      const queue = byGroup.get(group);
      // A group that is known is ready already, or will be when what was taken of it is settled.
      if (queue !== undefined) queue.push(waiting);
      else {
        byGroup.set(group, [waiting]);
        ready.add(group);
      }
    },
    take(max) {
      const taken: WaitingPair[] = [];
      for (const group of ready) {
        if (taken.length === max) break;
        const first = byGroup.get(group)?.shift();
        if (first !== undefined) taken.push(first);
        ready.delete(group);
      }
      return taken;
    },
    settle(taken, back) {
      for (const waiting of back) byGroup.get(groupOf(waiting))?.unshift(waiting);
      size -= taken.length - back.length;
      for (const waiting of taken) {
        const group = groupOf(waiting);
        if (byGroup.get(group)?.length === 0) byGroup.delete(group);
        else ready.add(group);
      }
    },
  };
}
