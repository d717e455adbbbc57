/** What a broadcast must not overtake. Bounded; what has not been noted for longest goes. */
export interface Versions {
  /** Whether a newer broadcast of the ghost is known: what is older must not follow it. */
  isOld(ghost: string, version: number): boolean;
  /** A broadcast is in hand. */
  note(ghost: string, version: number): void;
  /** The contact sees the ghost no more; `at`, in milliseconds since 1970, the pair's state said so already. */
  part(ghost: string, contact: string, at: number): void;
  /** Whether the contact has been told so by a state that is no older than `since`, in milliseconds since 1970. */
  hasParted(ghost: string, contact: string, since: number): boolean;
}

/** Keeps the larger of two values of a key, and so many keys. */
function keep(values: Map<string, number>, key: string, value: number, max: number): void {
  const larger = Math.max(values.get(key) ?? 0, value);
  values.delete(key);
  values.set(key, larger);
  const oldest = values.size > max ? values.keys().next().value : undefined;
  if (oldest !== undefined) values.delete(oldest);
}

/** @param max ghosts, and pairs that have parted, to remember */
export function makeVersions(max: number): Versions {
  const newest = new Map<string, number>();
  const parted = new Map<string, number>();
  // No address has a blank.
  const pair = (ghost: string, contact: string) => `${ghost} ${contact}`;
  return {
    isOld: (ghost, version) => version < (newest.get(ghost) ?? 0),
    note: (ghost, version) => keep(newest, ghost, version, max),
    part: (ghost, contact, at) => keep(parted, pair(ghost, contact), at, max),
    hasParted: (ghost, contact, since) =>
      since <= (parted.get(pair(ghost, contact)) ?? Number.NEGATIVE_INFINITY),
  };
}
