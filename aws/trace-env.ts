/** What the environment says of traces: how many, and where to. */
import * as v from "valibot";
import { limits } from "#core/limits.ts";
import { text, url } from "./env-words.ts";

/** Where spans go, if anywhere. */
export type TraceTarget =
  | { readonly kind: "nowhere" }
  /** An OTLP/HTTP collector; the path of traces is part of the URL. */
  | { readonly kind: "collector"; readonly url: string }
  | { readonly kind: "cloudwatch"; readonly region: string }
  /** The daemon beside a Lambda function. */
  | { readonly kind: "daemon"; readonly host: string; readonly port: number };

export interface TraceEnv {
  /** Of traces that begin here, how many are sampled: 0 to 1. */
  readonly ratio: number;
  readonly service: string;
  readonly target: TraceTarget;
}

/** `host:port`, also behind `udp:` where TCP has an address of its own. */
const daemonAddress = /^(?:.*udp:)?([^:\s]+):(\d+)(?:\s.*)?$/;

export const traceEntries = {
  CAUSEWAY_TRACES: v.optional(
    v.pipe(
      v.picklist(["off", "aws"]),
      v.description(
        '"aws" to send traces to CloudWatch, else "off"; OTEL_EXPORTER_OTLP_ENDPOINT goes before',
      ),
    ),
    "off",
  ),
  CAUSEWAY_TRACE_RATIO: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^\d(\.\d+)?$/),
      v.transform(Number),
      v.maxValue(1),
      v.description("the part of all traces that is recorded, 0 to 1, like 0.05"),
    ),
    String(limits.traceRatio),
  ),
  OTEL_EXPORTER_OTLP_ENDPOINT: v.optional(
    url("the URL of an OTLP/HTTP collector, like http://127.0.0.1:4318, or leave it out"),
  ),
  OTEL_SERVICE_NAME: v.optional(text("the name under which traces show this part"), "causeway"),
  AWS_XRAY_DAEMON_ADDRESS: v.optional(
    v.pipe(v.string(), v.regex(daemonAddress), v.description("host:port of the daemon; Lambda sets it")),
  ),
};

type Read = v.InferOutput<v.ObjectSchema<typeof traceEntries, undefined>> & { readonly AWS_REGION: string };

function targetOf(read: Read): TraceTarget {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: collector, AWS_XRAY_DAEMON_ADDRESS: daemon } = read;
  // OpenTelemetry, "OTLP Exporter Configuration": this variable is a base to which each signal adds its path.
  if (collector !== undefined) return { kind: "collector", url: `${collector.replace(/\/$/, "")}/v1/traces` };
  if (read.CAUSEWAY_TRACES === "off") return { kind: "nowhere" };
  const [, host, port] = daemonAddress.exec(daemon ?? "") ?? [];
  if (host === undefined) return { kind: "cloudwatch", region: read.AWS_REGION };
  return { kind: "daemon", host, port: Number(port) };
}

export function traceEnvOf(read: Read): TraceEnv {
  return { ratio: read.CAUSEWAY_TRACE_RATIO, service: read.OTEL_SERVICE_NAME, target: targetOf(read) };
}
