/** What a queue message holds, by ids alone: for the line of log by which an operator finds a message again. */
import * as v from "valibot";

const pack = v.object({
  items: v.array(
    v.object({
      fence: v.optional(v.number()),
      seq: v.optional(v.number()),
      id: v.optional(v.string()),
      trace: v.optional(v.string(), ""),
      xml: v.optional(v.string(), ""),
    }),
  ),
});

const event = v.object({
  id: v.optional(v.string(), ""),
  traceparent: v.optional(v.string(), ""),
  data: v.optional(v.object({ id: v.optional(v.string(), "") }), { id: "" }),
});

/** The `id` attribute of a stanza as it was serialised; empty where it has none. */
export function stanzaIdOf(xml: string): string {
  const [, id = ""] = /^<[^>]*?\sid=["']([^"']*)["']/.exec(xml) ?? [];
  return id;
}

/** The trace id of a `traceparent`; empty for anything else. */
export function traceIdOf(trace: string): string {
  return trace.split("-")[1] ?? "";
}

/** Cause, stanza or message id, and trace id of each item; an unreadable message has none. */
export function itemIdsOf(body: string): readonly (readonly string[])[] {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return [];
  }
  const read = v.safeParse(pack, value);
  if (read.success) {
    return read.output.items.map(({ fence, seq, id = `${fence}.${seq}`, trace, xml }) => [
      id,
      stanzaIdOf(xml),
      traceIdOf(trace),
    ]);
  }
  const one = v.safeParse(event, value);
  return one.success ? [[one.output.id, one.output.data.id, traceIdOf(one.output.traceparent)]] : [];
}
