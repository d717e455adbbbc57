/** Calls of the AWS SDK as they travel (JSON 1.0 protocol): what is asked, what is answered. */
import * as v from "valibot";

/** The members of a request or an answer. */
export type Members = Readonly<Record<string, unknown>>;

export interface Call {
  /** The API's word for it: `SendMessageBatch`, `UpdateItem`, … */
  readonly action: string;
  readonly service: "sqs" | "dynamodb";
  /** Who calls: the name of a function, `connector`, or nothing for everybody else. */
  readonly caller: string;
  /** Which try of the SDK it is, from 1. */
  readonly attempt: number;
  /** Physical name of the queue; empty for DynamoDB. */
  readonly queue: string;
  readonly members: Members;
}

export interface Answer {
  readonly status: number;
  readonly members: Members;
}

const membersSchema = v.record(v.string(), v.unknown());

/** The members in a body; none where there is no JSON object. */
export function readMembers(body: string): Members {
  try {
    const read = v.safeParse(membersSchema, JSON.parse(body));
    return read.success ? read.output : {};
  } catch {
    return {};
  }
}

/** Reads a call from the headers and the body of a request. */
export function readCall(headers: Readonly<Record<string, unknown>>, body: string): Call {
  const [service = "", action = ""] = String(headers["x-amz-target"]).split(".");
  const members = readMembers(body);
  return {
    action,
    service: service === "AmazonSQS" ? "sqs" : "dynamodb",
    // The SDK writes the application's id (`AWS_SDK_UA_APP_ID`) into its user agent.
    caller: /\bapp\/causeway-(\S+)/.exec(String(headers["user-agent"]))?.[1] ?? "",
    attempt: Number(/\battempt=(\d+)/.exec(String(headers["amz-sdk-request"]))?.[1] ?? 1),
    queue:
      String(members["QueueUrl"] ?? "")
        .split("/")
        .at(-1) ?? "",
    members,
  };
}

const namespaces = { sqs: "com.amazonaws.sqs", dynamodb: "com.amazonaws.dynamodb.v20120810" } as const;

/** An error as the service words it. */
export function errorAnswer(call: Call, status: number, code: string, more: Members = {}): Answer {
  return {
    status,
    members: { __type: `${namespaces[call.service]}#${code}`, message: "made by a fault", ...more },
  };
}

const entrySchema = v.looseObject({ Id: v.string() });
export type Entry = v.InferOutput<typeof entrySchema>;

/** The entries of a batch call on SQS; none for any other call. */
export function entriesOf({ members }: Call): readonly Entry[] {
  const read = v.safeParse(v.array(entrySchema), members["Entries"]);
  return read.success ? read.output : [];
}

const messageSchema = v.looseObject({
  MessageId: v.string(),
  ReceiptHandle: v.string(),
  Attributes: v.optional(v.record(v.string(), v.unknown())),
});
export type DeliveredMessage = v.InferOutput<typeof messageSchema>;

/** Lambda's own poller is none of our code. */
export const isPoll = ({ action, caller }: Call) => action === "ReceiveMessage" && caller === "";

/** The messages that a receive has brought. */
export function messagesOf({ members }: Answer): readonly DeliveredMessage[] {
  const read = v.safeParse(v.array(messageSchema), members["Messages"]);
  return read.success ? read.output : [];
}

const keySchema = v.looseObject({ pk: v.looseObject({ S: v.string() }) });

/** The partition key of the one item that a call on DynamoDB is about; empty for queries, scans and transactions. */
export function partitionOf({ members }: Call): string {
  const read = v.safeParse(keySchema, members["Key"] ?? members["Item"]);
  return read.success ? read.output.pk.S : "";
}
