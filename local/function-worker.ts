/**
 * One function instance: a thread that imports the bundle once, as Lambda does at a cold start, and then
 * handles one invocation at a time.
 */
import { parentPort, workerData } from "node:worker_threads";
import type { InstanceData, Invocation, Outcome } from "./function-instance.ts";

type Handler = (event: unknown, context: object) => unknown;

/** What Lambda tells a handler about its invocation. */
function contextOf(data: InstanceData, invocation: Invocation): object {
  const deadline = Date.now() + data.timeoutMs;
  return {
    functionName: data.name,
    functionVersion: "$LATEST",
    invokedFunctionArn: `arn:aws:lambda:${process.env["AWS_REGION"]}:000000000000:function:${data.name}`,
    memoryLimitInMB: String(data.memoryMb),
    awsRequestId: invocation.id,
    logGroupName: `/aws/lambda/${data.name}`,
    logStreamName: "local",
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
}

async function handle(handler: Handler, data: InstanceData, invocation: Invocation): Promise<Outcome> {
  try {
    const result = await handler(JSON.parse(invocation.event), contextOf(data, invocation));
    // Lambda hands results on as JSON as well.
    return { id: invocation.id, ok: true, result: JSON.stringify(result) ?? "null" };
  } catch (error) {
    const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    console.error(error);
    return { id: invocation.id, ok: false, error: text };
  }
}

const data = workerData as InstanceData;
const port = parentPort;
if (port === null) throw new Error("function-worker.ts runs as a worker thread");
const { handler } = (await import(data.bundle)) as { handler: Handler };
port.on("message", (invocation: Invocation) => {
  void handle(handler, data, invocation).then((outcome) => port.postMessage(outcome));
});
