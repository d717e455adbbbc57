/** An OTLP/HTTP collector on this machine, as far as we need one: it takes spans as JSON and hands them on. */
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import * as v from "valibot";

const value = v.looseObject({
  stringValue: v.optional(v.string()),
  intValue: v.optional(v.union([v.number(), v.string()])),
  doubleValue: v.optional(v.number()),
  boolValue: v.optional(v.boolean()),
});
const fields = v.optional(v.array(v.object({ key: v.string(), value })), []);
/** Nanoseconds since 1970: more than a number holds. */
const time = v.pipe(
  v.string(),
  v.regex(/^\d+$/),
  v.transform((digits) => BigInt(digits)),
);

const otlpSpan = v.object({
  traceId: v.string(),
  spanId: v.string(),
  parentSpanId: v.optional(v.string()),
  name: v.string(),
  startTimeUnixNano: time,
  endTimeUnixNano: time,
  attributes: fields,
  events: v.optional(v.array(v.object({ name: v.string(), timeUnixNano: time })), []),
  links: v.optional(v.array(v.object({ traceId: v.string(), spanId: v.string() })), []),
  status: v.optional(v.object({ message: v.optional(v.string()), code: v.optional(v.number()) }), {}),
});

/** OTLP 1.x, `ExportTraceServiceRequest` in its JSON encoding. */
const request = v.object({
  resourceSpans: v.array(
    v.object({
      resource: v.object({ attributes: fields }),
      scopeSpans: v.array(v.object({ spans: v.array(otlpSpan) })),
    }),
  ),
});

type Fields = Readonly<Record<string, string>>;

export interface CollectedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string | undefined;
  readonly name: string;
  readonly service: string;
  /** Nanoseconds since 1970. */
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly fields: Fields;
  readonly events: readonly { readonly name: string; readonly ns: bigint }[];
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  /** Why it failed, if it did. */
  readonly failed?: string | undefined;
}

const errorCode = 2;

function fieldsOf(pairs: v.InferOutput<typeof fields>): Fields {
  return Object.fromEntries(
    pairs.map(({ key, value: { stringValue, intValue, doubleValue, boolValue } }) => [
      key,
      String(stringValue ?? intValue ?? doubleValue ?? boolValue ?? ""),
    ]),
  );
}

function collected(service: string, span: v.InferOutput<typeof otlpSpan>): CollectedSpan {
  const { traceId, spanId, parentSpanId, name, links, status } = span;
  return {
    traceId,
    spanId,
    parentSpanId: parentSpanId === "" ? undefined : parentSpanId,
    name,
    service,
    startNs: span.startTimeUnixNano,
    endNs: span.endTimeUnixNano,
    fields: fieldsOf(span.attributes),
    events: span.events.map(({ name, timeUnixNano }) => ({ name, ns: timeUnixNano })),
    links,
    failed: status.code === errorCode ? (status.message ?? "unknown") : undefined,
  };
}

/** Reads the body of a request. @throws where it is no OTLP */
export function readSpans(body: string): CollectedSpan[] {
  const { resourceSpans } = v.parse(request, JSON.parse(body));
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = fieldsOf(resource.attributes)["service.name"] ?? "unknown";
    return scopeSpans.flatMap(({ spans }) => spans.map((span) => collected(service, span)));
  });
}

export interface Collector {
  /** What `OTEL_EXPORTER_OTLP_ENDPOINT` is to be set to. */
  readonly endpoint: string;
  close(): Promise<void>;
}

/**
 * Listens on a free port of 127.0.0.1.
 *
 * @param onSpans called for each request, with its body as it came
 */
export async function startCollector(
  onSpans: (spans: readonly CollectedSpan[], body: string) => void,
): Promise<Collector> {
  const take = async (message: IncomingMessage): Promise<number> => {
    if (message.method !== "POST" || message.url !== "/v1/traces") return 404;
    const body = await text(message);
    try {
      onSpans(readSpans(body), body);
      return 200;
    } catch {
      return 400;
    }
  };
  const server = createServer((message, response) => {
    void take(message)
      .catch(() => 400)
      .then((status) => response.writeHead(status, { "content-type": "application/json" }).end("{}"));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
