/** A walk that takes everybody offline, from the order to the last stanza that the connector takes. */
import type { OfflineProgress } from "#aws/table.ts";
import { pause } from "#connector/pause.ts";
import type { Access } from "./access.ts";

export interface RunOptions {
  readonly access: Access;
  /** W3C trace context of the walk. */
  readonly trace: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Milliseconds between two looks. */
  readonly lookMs: number;
  /** So long without any progress and it is given up. */
  readonly stallMsMax: number;
  /** Stops the watching. */
  readonly signal: AbortSignal;
  /** What people see of it, whenever it changes. */
  readonly tell: (text: string) => void;
}

export type Outcome =
  | { readonly kind: "done"; readonly told: number }
  /** Another walk through the domain has begun meanwhile, that of a new stream or of the same command. */
  | { readonly kind: "replaced" }
  /** Nobody goes on with the walk, or nobody takes what it has put out. */
  | { readonly kind: "stalled"; readonly by: "walk" | "connector" }
  | { readonly kind: "stopped" };

type Look = { readonly ended: Outcome | "walked" | "taken" } | { readonly news: string };

/** Looks until something has ended, nothing new is seen for too long, or it is stopped. */
async function lookUntilEnded(
  options: RunOptions,
  by: "walk" | "connector",
  look: () => Promise<Look>,
): Promise<Outcome | "walked" | "taken"> {
  let last: string | undefined;
  let lastNewsMs = options.now();
  while (!options.signal.aborted) {
    const seen = await look();
    if ("ended" in seen) return seen.ended;
    if (seen.news !== last) {
      last = seen.news;
      lastNewsMs = options.now();
      options.tell(last);
    }
    if (options.now() - lastNewsMs > options.stallMsMax) return { kind: "stalled", by };
    await pause(options.lookMs, options.signal);
  }
  return { kind: "stopped" };
}

/** Begins the walk and watches it to its end. */
export async function goOffline(options: RunOptions): Promise<Outcome> {
  const { access, trace } = options;
  const { domain } = access;
  const begun = new Date(options.now()).toISOString();
  const id = `offline.${begun}.0`;
  await access.begin({ kind: "offline", id, trace, hops: 0, domain, begun, step: 0, told: 0 });
  let progress: OfflineProgress | undefined;
  const walked = await lookUntilEnded(options, "walk", async () => {
    const found = await access.progress();
    const isOurs = found?.begun === begun;
    const isLater = found !== undefined && found.begun > begun;
    if (isLater || (progress !== undefined && !isOurs)) return { ended: { kind: "replaced" } };
    if (!isOurs) return { news: "waiting for the walk to begin" };
    progress = found;
    if (found.done) return { ended: "walked" };
    return { news: `${found.told} contacts told, step ${found.step}` };
  });
  if (typeof walked === "object") return walked;
  const told = progress?.told ?? 0;
  let emptyLooks = 0;
  let least = Number.POSITIVE_INFINITY;
  const taken = await lookUntilEnded(options, "connector", async () => {
    const waiting = await access.waiting();
    least = Math.min(least, waiting);
    emptyLooks = waiting === 0 ? emptyLooks + 1 : 0;
    // Once could be the moment between two messages.
    if (emptyLooks === 2) return { ended: "taken" };
    return { news: `${told} contacts told, ${least} messages still to be written` };
  });
  return typeof taken === "object" ? taken : { kind: "done", told };
}
