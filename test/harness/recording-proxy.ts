/** Stands before an engine and notes who calls what. */
import * as v from "valibot";
import { refuse } from "#bench/faults/aws-behaviours.ts";
import type { Call as AwsCall } from "#bench/faults/aws-call.ts";
import { startAwsProxy } from "#bench/faults/aws-proxy.ts";

/** One call, as IAM sees it. */
export interface Call {
  readonly caller: string;
  /** `sqs:SendMessage`, `dynamodb:GetItem` */
  readonly action: string;
  /** The queue or table, by its name. */
  readonly resource: string;
}

export interface RecordingProxy {
  readonly endpoint: string;
  readonly calls: readonly Call[];
  /** Who is refused with an error of the service, until it is nobody again. */
  refuse(caller: string | undefined): void;
  close(): Promise<void>;
}

/** Batches need the right to what they are a batch of. */
const batches: Readonly<Record<string, string>> = {
  SendMessageBatch: "SendMessage",
  DeleteMessageBatch: "DeleteMessage",
  ChangeMessageVisibilityBatch: "ChangeMessageVisibility",
};

const transactionSchema = v.object({
  TransactItems: v.array(v.record(v.string(), v.object({ TableName: v.string() }))),
});

function callsOf({ caller, service, action, queue, members }: AwsCall): Call[] {
  if (caller === "") return [];
  // A transaction needs the rights of its parts.
  const transaction = v.safeParse(transactionSchema, members);
  if (transaction.success) {
    const parts = transaction.output.TransactItems.flatMap((item) => Object.entries(item));
    return parts.map(([kind, { TableName }]) => ({
      caller,
      action: kind === "ConditionCheck" ? `${service}:ConditionCheckItem` : `${service}:${kind}Item`,
      resource: TableName,
    }));
  }
  const resource = String(members["TableName"] ?? queue);
  return [{ caller, action: `${service}:${batches[action] ?? action}`, resource }];
}

/** Starts a proxy on a free port before the engine at `target`. */
export async function startRecordingProxy(target: string): Promise<RecordingProxy> {
  const calls: Call[] = [];
  let refused: string | undefined;
  const { endpoint, always, close } = await startAwsProxy({ upstream: target });
  always({
    on(call) {
      calls.push(...callsOf(call));
      return refused !== undefined && call.caller === refused;
    },
    does: refuse(500, "InternalServerError"),
  });
  return {
    endpoint,
    calls,
    refuse(caller) {
      refused = caller;
    },
    close,
  };
}
