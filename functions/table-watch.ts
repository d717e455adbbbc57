import type { Table } from "#aws/table.ts";

/** A table, and word of whether anybody waits for it. */
export interface WatchedTable {
  readonly table: Table;
  /** Resolves when nobody waits any more; undefined where nobody does. */
  quiet(): Promise<void> | undefined;
}

export function watchTable(table: Table): WatchedTable {
  let underWay = 0;
  let quiet = Promise.withResolvers<void>();
  const watch =
    (call: (...args: never[]) => Promise<unknown>) =>
    async (...args: never[]) => {
      underWay += 1;
      try {
        return await call(...args);
      } finally {
        underWay -= 1;
        if (underWay === 0) {
          quiet.resolve();
          quiet = Promise.withResolvers();
        }
      }
    };
  const watched = Object.entries(table).map(([name, call]) => [name, watch(call)]);
  return {
    table: Object.fromEntries(watched) as Table,
    quiet: () => (underWay === 0 ? undefined : quiet.promise),
  };
}
