/** What has arrived and nobody has asked for yet; whoever asks gets it in the order of arrival. */
export interface Inbox<T> {
  put(item: T): void;
  /** Takes the first item that matches, now or when it arrives. Rejects after `timeoutMs`, saying `what`. */
  next(matches: (item: T) => boolean, what: string, timeoutMs?: number): Promise<T>;
  /** Takes everything that has arrived. */
  drain(): T[];
  /** What has arrived and was not taken. */
  readonly items: readonly T[];
}

const timeoutMsDefault = 15_000;

interface Waiter<T> {
  readonly matches: (item: T) => boolean;
  readonly resolve: (item: T) => void;
}

/** Makes an inbox; `show` describes an item in the error of a wait in vain. */
export function makeInbox<T>(show: (item: T) => string): Inbox<T> {
  const items: T[] = [];
  const waiters = new Set<Waiter<T>>();
  return {
    items,
    put(item) {
      for (const waiter of waiters) {
        if (!waiter.matches(item)) continue;
        waiters.delete(waiter);
        return waiter.resolve(item);
      }
      items.push(item);
    },
    async next(matches, what, timeoutMs = timeoutMsDefault) {
      const index = items.findIndex(matches);
      const [found] = index === -1 ? [] : items.splice(index, 1);
      if (found !== undefined) return found;
      const { promise, resolve, reject } = Promise.withResolvers<T>();
      const waiter = { matches, resolve };
      waiters.add(waiter);
      const timer = setTimeout(() => {
        waiters.delete(waiter);
        const seen = items.map(show).join("\n  ") || "nothing";
        reject(new Error(`no ${what} within ${timeoutMs / 1000} s; what arrived instead:\n  ${seen}`));
      }, timeoutMs);
      return await promise.finally(() => clearTimeout(timer));
    },
    drain: () => items.splice(0),
  };
}
