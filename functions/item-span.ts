import { isTransient } from "#aws/faults.ts";
import type { Span } from "#core/trace.ts";
import { errorWord } from "./pipeline.ts";
import type { Ports } from "./ports.ts";

/** Works under the spans of items that are handled together; they end with it, and fail with it. */
export async function underSpans<T>(spans: readonly Span[], work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    for (const span of spans) span.fail(errorWord(error));
    throw error;
  } finally {
    for (const span of spans) span.end();
  }
}

/** Works under the span of the one item of a message. What it has to be tried again for is logged with its trace. */
export function underSpan(
  ports: Ports,
  name: string,
  span: Span,
  work: (span: Span) => Promise<void>,
): Promise<void> {
  return underSpans([span], () => work(span)).catch((error: unknown) => {
    if (isTransient(error)) logFailed(ports, name, error, [span.trace]);
    throw error;
  });
}

/** Names the traces of items that are tried again, also of those that are not sampled. */
export function logFailed(ports: Ports, name: string, error: unknown, traces: readonly string[]): void {
  ports.log({ level: "warn", event: "failed", function: name, error: errorWord(error), traces });
}
