/** Lambda's side of SQS: the event that a function gets, and how its answer is read. */
import type { Message } from "@aws-sdk/client-sqs";

/** The event of an invocation, in the shape that Lambda gives it. */
export function sqsEvent(messages: readonly Message[], queueArn: string, region: string): object {
  return {
    Records: messages.map((message) => ({
      messageId: message.MessageId,
      receiptHandle: message.ReceiptHandle,
      body: message.Body,
      attributes: message.Attributes ?? {},
      messageAttributes: Object.fromEntries(
        Object.entries(message.MessageAttributes ?? {}).map(([name, value]) => [
          name,
          {
            ...(value.StringValue !== undefined && { stringValue: value.StringValue }),
            ...(value.BinaryValue !== undefined && {
              binaryValue: Buffer.from(value.BinaryValue).toString("base64"),
            }),
            stringListValues: [],
            binaryListValues: [],
            dataType: value.DataType,
          },
        ]),
      ),
      md5OfBody: message.MD5OfBody,
      eventSource: "aws:sqs",
      eventSourceARN: queueArn,
      awsRegion: region,
    })),
  };
}

/**
 * The messages of a batch that failed according to the function's answer. Lambda takes an empty answer or list
 * as success, and anything that it cannot read, or an id that it did not send, as the failure of all.
 */
export function failedIds(answer: unknown, sent: readonly string[]): ReadonlySet<string> {
  const all = new Set(sent);
  const none: ReadonlySet<string> = new Set();
  if (answer === null || answer === undefined) return none;
  if (typeof answer !== "object") return none;
  const failures = "batchItemFailures" in answer ? answer.batchItemFailures : undefined;
  if (failures === null || failures === undefined) return none;
  if (!Array.isArray(failures)) return all;
  const ids = failures.map((failure: { itemIdentifier?: unknown } | null) => failure?.itemIdentifier);
  const known = ids.filter((id): id is string => typeof id === "string" && all.has(id));
  return known.length === ids.length ? new Set(known) : all;
}
