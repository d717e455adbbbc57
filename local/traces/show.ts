/** `npm start -- --trace`: every trace as a tree in the terminal, when nothing more comes of it. */
import { limits } from "#core/limits.ts";
import { type CollectedSpan, type Collector, startCollector } from "./collector.ts";
import { treeOf } from "./tree.ts";

/** The connector sends its spans some time after they end. */
const quietMs = limits.traceSendMs + 1_000;

interface Waiting {
  readonly spans: CollectedSpan[];
  timer: NodeJS.Timeout;
}

/** Says what an invocation was for only through its items: it is a trace of its own, and nobody asked for it. */
const isInvocation = ({ name }: CollectedSpan) => name.startsWith("invocation ");

/**
 * Starts a collector that tells of traces by `show`; a trace that goes on after a pause is told of again, by its rest.
 *
 * @param keep called with each span as it comes
 */
export function showTraces(
  show: (lines: readonly string[]) => void,
  keep: (span: CollectedSpan) => void,
): Promise<Collector> {
  const waiting = new Map<string, Waiting>();
  const tell = (traceId: string) => {
    const { spans = [] } = waiting.get(traceId) ?? {};
    waiting.delete(traceId);
    show(treeOf(spans));
  };
  return startCollector((spans) => {
    for (const span of spans.filter((each) => !isInvocation(each))) {
      keep(span);
      const known = waiting.get(span.traceId);
      clearTimeout(known?.timer);
      const timer = setTimeout(tell, quietMs, span.traceId).unref();
      waiting.set(span.traceId, { spans: [...(known?.spans ?? []), span], timer });
    }
  });
}
