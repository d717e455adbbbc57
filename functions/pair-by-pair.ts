/** Many pairs in one step of a walk: none of them waits for another, or fails with it. */
import { isTransient } from "#aws/faults.ts";
import { pairGroup } from "#aws/hash.ts";
import type { WalkTask } from "#core/contract/envelope.ts";
import type { Pair } from "#core/decision.ts";
import { errorWord, setAside } from "./pipeline.ts";
import type { Ports } from "./ports.ts";

const walks = { name: "walk", queue: "walks" } as const;

/**
 * Does something for each pair, for all at once. A pair at which our code fails is set aside, and the walk goes
 * on. Throws a transient fault when all are done: what still ran at the end of an invocation would be frozen with
 * it, and say much later what is no longer true.
 */
export async function pairByPair<T extends { readonly pair: Pair }>(
  ports: Ports,
  task: WalkTask,
  entries: readonly T[],
  visit: (entry: T) => Promise<void>,
): Promise<void> {
  const visits = entries.map(async (entry) => {
    try {
      await visit(entry);
    } catch (error) {
      if (isTransient(error)) throw error;
      const { domain, user, contact } = entry.pair;
      await setAside(ports, walks, {
        reason: "fault",
        text: `${errorWord(error)}: ${user} and ${contact}`,
        cause: task.id,
        trace: task.trace,
        group: pairGroup(domain, user, contact),
      });
    }
  });
  const failed = (await Promise.allSettled(visits)).find(({ status }) => status === "rejected");
  if (failed?.status === "rejected") throw failed.reason;
}
