/** What must end with us, however we end. */

const ends = new Set<() => Promise<void>>();

/** Remembers what ends something; the answer does so, once, whoever calls it. */
export function endsWithUs(end: () => Promise<void>): () => Promise<void> {
  let ending: Promise<void> | undefined;
  const once = () => {
    ends.delete(once);
    ending ??= end();
    return ending;
  };
  ends.add(once);
  return once;
}

/** Ends everything that still runs, what was begun last first. */
export async function endAll(): Promise<void> {
  for (const end of [...ends].reverse()) await end().catch(() => {});
}
