/** Tells `walks` that a stream has come up, which begins a resync, or has ended; tried again until it is told. */
import type { Queues } from "#aws/queues.ts";
import { encodeItem, type WalkTask, writePack } from "#core/contract/envelope.ts";
import type { Limits } from "#core/limits.ts";
import type { Span, Tracer } from "#core/trace.ts";
import { backoffMs } from "./backoff.ts";
import { type Log, nameOfError } from "./log.ts";
import { pause } from "./pause.ts";

export interface AnnounceOptions {
  /** Prepared. */
  readonly domain: string;
  readonly queues: Pick<Queues, "send">;
  readonly limits: Limits;
  readonly random: () => number;
  readonly tracer: Tracer;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Log;
  /** Ends what would be tried for ever. */
  readonly signal: AbortSignal;
}

export interface Announce {
  up(fence: number): void;
  down(fence: number, reason: string): void;
  /** Resolves when all is told. */
  told(): Promise<void>;
}

export function makeAnnounce(options: AnnounceOptions): Announce {
  const { domain, limits, log, signal } = options;
  let telling = Promise.resolve();

  const send = async (task: WalkTask) => {
    for (let failures = 1; !signal.aborted; failures += 1) {
      const body = writePack([encodeItem(task)]);
      const failed = await options.queues
        .send("walks", [{ body }])
        .catch((error: unknown) => [{ reason: nameOfError(error) }]);
      if (failed[0] === undefined) return;
      log("warn", "announce.retry", { kind: task.kind, reason: failed[0].reason });
      await pause(backoffMs(failures, options.random(), limits, limits.sendRetryMsMax), signal);
    }
  };

  // One after the other, so that the last word is the last.
  const tell = (span: Span, task: WalkTask) => {
    telling = telling.then(() => send(task)).finally(() => span.end());
  };
  const begin = (name: string, fence: number) => options.tracer.begin(name, () => ({ domain, fence }));
  const common = (span: Span, fence: number) => ({
    trace: span.trace,
    hops: 0,
    domain,
    fence,
    since: new Date(options.now()).toISOString(),
  });

  return {
    up(fence) {
      const span = begin("stream up", fence);
      const id = `${fence}.greet.0`;
      tell(span, { ...common(span, fence), id, kind: "resync", phase: "greet", step: 0 });
    },
    down(fence, reason) {
      const span = begin("stream down", fence);
      tell(span, { ...common(span, fence), id: `${fence}.down`, kind: "disconnected", reason });
    },
    told: () => telling,
  };
}
