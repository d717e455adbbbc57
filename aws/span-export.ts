/** Where spans go: an OTLP collector, CloudWatch's own OTLP endpoint, or the daemon beside every Lambda function. */
import { createSocket } from "node:dgram";
import { JsonTraceSerializer, ProtobufTraceSerializer } from "@opentelemetry/otlp-transformer";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import { SignatureV4, type SignatureV4Init } from "@smithy/signature-v4";
import { limits } from "#core/limits.ts";
import type { SendSpans } from "./span-buffer.ts";

/** Makes the headers of a request whose body is JSON. */
type MakeHeaders = (
  url: URL,
  headers: Record<string, string>,
  body: Uint8Array,
) => Promise<Record<string, string>>;

const asTheyAre: MakeHeaders = async (_url, headers) => headers;

/** OTLP/HTTP (OpenTelemetry Protocol 1.x §OTLP/HTTP), as JSON, which both collectors and CloudWatch take. */
export function sendByHttp(url: string, makeHeaders: MakeHeaders = asTheyAre): SendSpans {
  const to = new URL(url);
  return async (spans, signal) => {
    const body = JsonTraceSerializer.serializeRequest([...spans]);
    if (body === undefined) return;
    const headers = await makeHeaders(to, { "content-type": "application/json" }, body);
    const answer = await fetch(to, { method: "POST", headers, body, signal });
    await answer.body?.cancel();
    if (!answer.ok) throw new RefusedByCollector(`HTTP status ${answer.status}`);
  };
}

class RefusedByCollector extends Error {
  override readonly name = "RefusedByCollector";
}

/** Who signs: what a client of the SDK has in its configuration. */
export type Signing = Pick<SignatureV4Init, "credentials"> & {
  readonly region: string;
  readonly sha256: NonNullable<SignatureV4Init["sha256"]>;
};

/** CloudWatch's endpoint for traces; the account needs Transaction Search. */
export function sendToCloudWatch({ region, credentials, sha256 }: Signing): SendSpans {
  const signer = new SignatureV4({ service: "xray", region, credentials, sha256 });
  return sendByHttp(`https://xray.${region}.amazonaws.com/v1/traces`, async (url, headers, body) => {
    const request = {
      method: "POST",
      protocol: url.protocol,
      hostname: url.hostname,
      path: url.pathname,
      headers: { ...headers, host: url.host },
      body,
    };
    return (await signer.sign(request)).headers;
  });
}

/** What stands before the spans in a datagram to the daemon: format and version, then `T1S` for sampled traces. */
const datagramHead = '{"format":"json","version":1}\nT1S';

function datagramOf(spans: readonly ReadableSpan[]): Buffer {
  const request = ProtobufTraceSerializer.serializeRequest([...spans]) ?? new Uint8Array();
  return Buffer.from(datagramHead + Buffer.from(request).toString("base64"));
}

/** The daemon takes OTLP's protobuf in datagrams, a few spans in each. */
export function sendToDaemon(host: string, port: number): SendSpans {
  const socket = createSocket("udp4").unref();
  // What could not be sent is told where it was sent.
  socket.on("error", () => {});
  const sendOne = (spans: readonly ReadableSpan[]) =>
    new Promise<void>((resolve, reject) => {
      socket.send(datagramOf(spans), port, host, (error) => (error ? reject(error) : resolve()));
    });
  return async (spans, signal) => {
    const over = Promise.withResolvers<never>();
    const giveUp = () => over.reject(signal.reason);
    signal.addEventListener("abort", giveUp, { once: true });
    try {
      for (let i = 0; i < spans.length; i += limits.traceDatagramSpansMax) {
        signal.throwIfAborted();
        // The name of the host may have to be looked up.
        await Promise.race([sendOne(spans.slice(i, i + limits.traceDatagramSpansMax)), over.promise]);
      }
    } finally {
      signal.removeEventListener("abort", giveUp);
    }
  };
}
