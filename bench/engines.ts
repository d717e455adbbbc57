/** The local engines, each in a process of its own, on free ports. */
import { join } from "node:path";
import { startDynamodbEngine } from "#local/engines/dynamodb.ts";
import { startSqsEngine } from "#local/engines/sqs.ts";
import { freePort } from "#local/free-ports.ts";

const stopMs = 2_000;

export interface Engines {
  readonly endpoints: { readonly sqs: string; readonly dynamodb: string };
  readonly pids: { readonly sqs: number; readonly dynamodb: number };
  stop(): Promise<void>;
}

/** Starts both with nothing in them; they keep what they must in `folder`. */
export async function startEngines(folder: string): Promise<Engines> {
  const [dynamodbPort, sqsPort] = [await freePort(), await freePort()];
  const logFile = (name: string) => join(folder, `${name}.log`);
  const [dynamodb, sqs] = await Promise.all([
    startDynamodbEngine({ port: dynamodbPort, file: ":memory:", logFile: logFile("dynamodb") }),
    startSqsEngine({ port: sqsPort, folder: join(folder, "sqs"), logFile: logFile("sqs") }),
  ]);
  return {
    endpoints: { dynamodb: `http://127.0.0.1:${dynamodbPort}`, sqs: `http://127.0.0.1:${sqsPort}` },
    pids: { dynamodb: dynamodb.pid, sqs: sqs.pid },
    async stop() {
      await Promise.all([dynamodb.stop(stopMs), sqs.stop(stopMs)]);
    },
  };
}
