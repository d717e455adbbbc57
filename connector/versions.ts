/**
 * Newest broadcast in hand or written, per ghost: what is older must not follow it. Bounded; the longest
 * unused go.
 */
export interface Versions {
  /** Whether a newer broadcast of the ghost is known. */
  isOld(ghost: string, version: number): boolean;
  /** A broadcast is in hand. */
  note(ghost: string, version: number): void;
}

export function makeVersions(max: number): Versions {
  const newest = new Map<string, number>();
  return {
    isOld: (ghost, version) => version < (newest.get(ghost) ?? 0),
    note(ghost, version) {
      const known = newest.get(ghost) ?? 0;
      newest.delete(ghost);
      newest.set(ghost, Math.max(known, version));
      const oldest = newest.size > max ? newest.keys().next().value : undefined;
      if (oldest !== undefined) newest.delete(oldest);
    },
  };
}
