/** The presence that a native user tells: whether it is news, and its version. */
import type { NativeEventOf } from "../contract/events.ts";
import type { Cause } from "../decision.ts";
import type { UserPresence } from "../presence.ts";

/** What is stored of a user as far as its presence goes. */
interface Known {
  readonly presence?: UserPresence;
  /** Mark of the last native cause taken in. */
  readonly mark: string;
}

/**
 * Decides on a native `presence.changed`: the next version, the last one again for a repeated cause, or
 * `undefined` where there is nothing new to tell.
 *
 * @param ver what the user's presence says now that it can do; news where the last one said something else
 */
export function decideUserPresence(
  known: Known,
  cause: Cause,
  event: NativeEventOf<"presence.changed">,
  ver: string,
): { readonly presence: UserPresence; readonly repeat: boolean } | undefined {
  const { presence: last, mark } = known;
  if (cause.mark < mark) return undefined;
  if (cause.mark === mark) return last && { presence: last, repeat: true };
  const { show, status, idleSince } = event.data;
  // Whoever never said anything is offline.
  const before = last ?? { show: "offline" };
  // XEP-0115 §6.1: who is gone says nothing of what it can do.
  const caps = show === "offline" ? {} : { caps: ver };
  const sameWords = last?.status === status && last?.idleSince === idleSince;
  if (before.show === show && sameWords && last?.caps === caps.caps) return undefined;
  return {
    repeat: false,
    presence: {
      show,
      ...(status === undefined ? {} : { status }),
      ...(idleSince === undefined ? {} : { idleSince }),
      ...caps,
      version: (last?.version ?? 0) + 1,
      time: event.time,
    },
  };
}
