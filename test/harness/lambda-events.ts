/** What invokes functions: SQS events as Lambda gives them, with packs of stanzas or native events in them. */
import type { SQSEvent, SQSRecord } from "aws-lambda";
import { encodeItem, writePack } from "#core/contract/envelope.ts";
import { domain } from "./functions.ts";

export const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
export const readTime = "2026-11-02T09:29:59.000Z";

let made = 0;
/** A number that this process has not used yet: for names, ids and sequences. */
export function unique(): number {
  made += 1;
  return made;
}

export interface RecordOptions {
  readonly body: string;
  readonly group?: string;
  readonly id?: string;
  readonly receives?: number;
  readonly receipt?: string;
}

/** One message of an SQS event; it has never been in a queue unless its receipt says so. */
export function record(options: RecordOptions): SQSRecord {
  const sequence = unique();
  return {
    messageId: options.id ?? `message-${sequence}`,
    receiptHandle: options.receipt ?? "none",
    body: options.body,
    attributes: {
      ApproximateReceiveCount: String(options.receives ?? 1),
      SentTimestamp: "0",
      SenderId: "tests",
      ApproximateFirstReceiveTimestamp: "0",
      MessageGroupId: options.group ?? "lane-0",
      SequenceNumber: String(18_000_000_000_000_000_000n + BigInt(sequence)),
    },
    messageAttributes: {},
    md5OfBody: "",
    eventSource: "aws:sqs",
    eventSourceARN: "arn:aws:sqs:us-east-1:000000000000:queue.fifo",
    awsRegion: "us-east-1",
  };
}

/** The event of an invocation. */
export function invocation(...records: readonly SQSRecord[]): SQSEvent {
  return { Records: [...records] };
}

/** The same record as SQS hands it out the next time. */
export function again(one: SQSRecord, times = 1): SQSRecord {
  const receives = Number(one.attributes.ApproximateReceiveCount) + times;
  return { ...one, attributes: { ...one.attributes, ApproximateReceiveCount: String(receives) } };
}

/** A pack of stanzas as the connector sends it; sequence numbers never repeat within this process. */
export function pack(...xmls: readonly string[]): string {
  return packOf(xmls.map((xml) => ({ xml, seq: unique() })));
}

/** A pack of stanzas under given sequence numbers of stream 7, or of another one. */
export function packOf(
  items: readonly { xml: string; seq: number; fence?: number; routed?: string }[],
): string {
  return writePack(
    items.map(({ fence = 7, ...item }) => encodeItem({ fence, time: readTime, trace, ...item })),
  );
}

/** A native event as a body. */
export function nativeEvent(type: string, data: Readonly<Record<string, unknown>>, id?: string): string {
  return JSON.stringify({
    specversion: "1.0",
    id: id ?? `e-${unique()}`,
    source: "urn:chat",
    type,
    time: readTime,
    traceparent: trace,
    data,
  });
}

/** A record of native-events, in the user's group. */
export function nativeRecord(type: string, data: Readonly<Record<string, unknown>>, id?: string): SQSRecord {
  return record({ body: nativeEvent(type, data, id), group: String(data["user"] ?? "nobody") });
}

/** A stanza from a contact to a ghost of our domain. */
export function stanza(
  name: "message" | "presence" | "iq",
  attrs: Readonly<Record<string, string>>,
  children = "",
): string {
  const all = Object.entries({ to: `nina@${domain}`, from: "alice@example.org/phone", ...attrs });
  return `<${name} ${all.map(([key, value]) => `${key}="${value}"`).join(" ")}>${children}</${name}>`;
}

/** A presence from a contact or one of its devices. */
export function presence(from: string, attrs: Readonly<Record<string, string>> = {}, children = ""): string {
  return stanza("presence", { from, ...attrs }, children);
}

/** An available presence with its `show`. */
export function available(from: string, show: string, children = ""): string {
  return presence(from, {}, `${show === "online" ? "" : `<show>${show}</show>`}${children}`);
}
