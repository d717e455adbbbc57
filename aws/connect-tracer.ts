import { SQSClient } from "@aws-sdk/client-sqs";
import type { Tracer } from "#core/trace.ts";
import type { SpanBufferOptions } from "./span-buffer.ts";
import { sendByHttp, sendToCloudWatch, sendToDaemon } from "./span-export.ts";
import type { TraceEnv, TraceTarget } from "./trace-env.ts";
import { makeTracer, untraced } from "./tracer.ts";

function sendTo(target: Exclude<TraceTarget, { kind: "nowhere" }>) {
  switch (target.kind) {
    case "collector":
      return sendByHttp(target.url);
    case "daemon":
      return sendToDaemon(target.host, target.port);
    case "cloudwatch": {
      // A client knows who we are; nothing is asked of it.
      const { credentials, sha256 } = new SQSClient({ region: target.region }).config;
      return sendToCloudWatch({ region: target.region, credentials, sha256 });
    }
  }
}

/** The tracer of a process, made from its environment. Nothing is connected before there is a span to send. */
export function connectTracer(
  { ratio, service, target }: TraceEnv,
  options: Pick<SpanBufferOptions, "everyMs" | "sendMsMax" | "onDropped">,
): Tracer {
  if (target.kind === "nowhere") return untraced;
  return makeTracer({ ...options, ratio, service, send: sendTo(target) });
}
