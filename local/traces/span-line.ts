/** Spans as lines of a log, which `npm run ops -- message` reads beside the others. */
import type { CollectedSpan } from "./collector.ts";

/** In the folder of logs. */
export const spanFile = "spans.log";

const nsPerMs = 1e6;

/** Its ids, and how long it took; when it began is the line's time. */
export function spanLine({ name, service, traceId, startNs, endNs, fields, failed }: CollectedSpan): string {
  const ids = ["cause", "id", "stanza", "message"].map((key) => fields[key] ?? "");
  return JSON.stringify({
    time: new Date(Number(startNs) / nsPerMs).toISOString(),
    level: "info",
    event: "span",
    span: `${name}, ${service.replace("causeway-", "")}`,
    took: `${(Number(endNs - startNs) / nsPerMs).toFixed(1)} ms`,
    ...(failed !== undefined && { error: failed }),
    items: [[...ids, traceId]],
  });
}
