/** What the command needs of a bridge: its walks, how far they are, and what still waits to be written. */
import { makeQueues } from "#aws/queues.ts";
import type { OfflineProgress } from "#aws/table.ts";
import { encodeItem, type WalkTask, writePack } from "#core/contract/envelope.ts";
import { queueOfDomain } from "#core/contract/queues.ts";
import { ok, type Result } from "#core/result.ts";
import { openBridge } from "../bridge-access.ts";
import { queueAttributes, queueCountOf } from "../queue-count.ts";
import { chooseDomain } from "../read-endpoints.ts";
import type { Options } from "./options.ts";

export interface Access {
  readonly domain: string;
  /** Puts a task into `walks`; throws where it is not taken. */
  begin(task: WalkTask): Promise<void>;
  progress(): Promise<OfflineProgress | undefined>;
  /** Messages that the connector has not taken yet; approximately, as SQS knows it. */
  waiting(): Promise<number>;
}

/** The bridge that is meant; the error is for people. Nothing is asked of it yet. */
export function openAccess(options: Options, env: NodeJS.ProcessEnv): Result<Access, string> {
  const bridge = openBridge(options.endpoints, env, ["walks", "outboundStanzas"]);
  if (!bridge.ok) return bridge;
  const { sqs, table, urls, domains } = bridge.value;
  const chosen = chooseDomain(options.domain, domains);
  if (!chosen.ok) return chosen;
  const domain = chosen.value;
  const queues = makeQueues({ client: sqs, urls, deadLetterUrls: {} });
  return ok({
    domain,
    async begin(task) {
      const [failure] = await queues.send("walks", [{ body: writePack([encodeItem(task)]) }]);
      if (failure !== undefined) throw new Error(`the queue walks takes nothing: ${failure.reason}`);
    },
    progress: () => table.walkProgress(domain),
    async waiting() {
      const url = urls[queueOfDomain("outboundStanzas", domain, domains)];
      return queueCountOf(await queueAttributes(sqs, url)).waiting;
    },
  });
}
