/**
 * Queue envelopes between connector and functions.
 *
 * Readers accept unknown extra fields and are deployed one version ahead of writers; a version that a reader
 * does not know is a transient fault (the newer reader is on its way), never a dead letter.
 */
import * as v from "valibot";
import { err, ok, type Result } from "../result.ts";

const time = v.pipe(v.string(), v.isoTimestamp());
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** One stanza as the connector read it. */
const inboundItem = v.object({
  /** Counts the streams of this domain: each stream that comes up takes the next one. */
  fence: count,
  /** Counts the stanzas of this stream. */
  seq: count,
  /** When it was read. */
  time,
  /** W3C trace context (`traceparent`), begun by the connector. */
  trace: v.string(),
  xml: v.string(),
  /**
   * It was not read: the connector says that the outbound item of this id has been routed. `xml` is a message with
   * its stanza id and its addresses swapped. Here and not in the XML, since no contact can write it.
   */
  routed: v.optional(v.string()),
});
export type InboundItem = v.InferOutput<typeof inboundItem>;

/** One stanza, or a template and its recipients, for the connector to write. */
const outboundItem = v.object({
  /** Deterministic id of the effect; a repeat has the same. */
  id: v.string(),
  /** Of its cause; of a template, when its recipients were about to be read. */
  time,
  trace: v.string(),
  /** How many queues the cause has passed. */
  hops: count,
  /** The stanza; without `to` where `recipients` are given. */
  xml: v.string(),
  /** Bare JIDs to send the template to, one stanza each. */
  recipients: v.optional(v.array(v.string())),
  /** When the native user wrote it: a late write gets a delay stamp (XEP-0203). */
  written: v.optional(time),
  /** After this it is not worth writing any more, and is dropped. */
  expires: v.optional(time),
  /** Availability of a ghost: dropped when a newer broadcast of that ghost was already written. */
  availability: v.optional(v.object({ ghost: v.string(), version: count })),
  /** The contact sees the ghost no more: what is still on its way to many leaves it out, where it was made before. */
  parting: v.optional(v.boolean()),
  /** Once it has been routed, `message-stanzas` is told ({@link inboundItem}). */
  confirm: v.optional(v.boolean()),
});
export type OutboundItem = v.InferOutput<typeof outboundItem>;

const walkCommon = { id: v.string(), trace: v.string(), hops: count, domain: v.string() };

/** What takes longer than one invocation, or happens later: each task is one step of it. */
const walkTask = v.variant("kind", [
  /** A broadcast that continues: which user's availability, and where to go on. */
  v.object({
    ...walkCommon,
    kind: v.literal("broadcast"),
    user: v.string(),
    /** The availability version to announce; the walk stops when the user has a newer one. */
    version: count,
    /** Where the list of subscribers goes on. */
    cursor: v.string(),
  }),
  /** A stream has come up: everything that was missed meanwhile is asked and told again. */
  v.object({
    ...walkCommon,
    kind: v.literal("resync"),
    fence: count,
    /** When the stream came up, or it was asked for. */
    since: time,
    /** When an operator asked for it: such a one comes after that of the stream, and a later after an earlier. */
    begun: v.optional(time),
    /** It goes through the pairs of this user alone. */
    user: v.optional(v.string()),
    /** First ask and tell, then, after the settle time, forget who stayed silent. */
    phase: v.picklist(["greet", "settle"]),
    step: count,
    /** Where the walk through the pairs goes on; absent at the beginning of a phase. */
    cursor: v.optional(v.string()),
  }),
  /** A stream has ended. */
  v.object({
    ...walkCommon,
    kind: v.literal("disconnected"),
    fence: count,
    since: time,
    reason: v.string(),
  }),
  /** A contact answered with an error: it is asked for its presence again. */
  v.object({
    ...walkCommon,
    kind: v.literal("probe"),
    user: v.string(),
    contact: v.string(),
    attempt: count,
  }),
  /** A user is unavailable to all: whom it has shown itself to alone are told, too. */
  v.object({
    ...walkCommon,
    kind: v.literal("parting"),
    user: v.string(),
    /** Id, mark and time of the event by which it became unavailable. */
    cause: v.object({ id: v.string(), mark: v.string(), time }),
    /** A broadcast tells its subscribers. */
    broadcast: v.boolean(),
    /** Who is to be told; absent where they are yet to be listed, from `cursor` on. */
    contacts: v.optional(v.array(v.string())),
    cursor: v.optional(v.string()),
  }),
  /** The bridge is about to be stopped: whoever sees a user of the domain sees it go. */
  v.object({
    ...walkCommon,
    kind: v.literal("offline"),
    /** When the operator asked for it; a later one replaces an earlier one. */
    begun: time,
    /** The stream that is about to end, from the second step on. A newer one ends the walk. */
    fence: v.optional(count),
    step: count,
    /** Contacts told so far. */
    told: count,
    cursor: v.optional(v.string()),
  }),
  /** A user is removed: its contacts are told, then it is gone. */
  v.object({
    ...walkCommon,
    kind: v.literal("farewell"),
    user: v.string(),
    /** Id, mark and time of the event that removed it. */
    cause: v.object({ id: v.string(), mark: v.string(), time }),
    cursor: v.optional(v.string()),
  }),
]);
export type WalkTask = v.InferOutput<typeof walkTask>;
export type WalkTaskOf<K extends WalkTask["kind"]> = Extract<WalkTask, { kind: K }>;

const envelopeVersion = 1;
const inboundPack = v.object({ v: v.literal(envelopeVersion), items: v.array(inboundItem) });
const outboundPack = v.object({ v: v.literal(envelopeVersion), items: v.array(outboundItem) });
const walkPack = v.object({ v: v.literal(envelopeVersion), items: v.array(walkTask) });

/** Why an envelope could not be read: a newer writer (wait) or a broken body (dead letter). */
export type EnvelopeFault = { readonly kind: "version" | "malformed"; readonly text: string };

function read<const S extends v.GenericSchema>(
  schema: S,
  body: string,
): Result<v.InferOutput<S>, EnvelopeFault> {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return err({ kind: "malformed", text: "the envelope is no JSON" });
  }
  const version = typeof value === "object" && value !== null && "v" in value ? value.v : undefined;
  if (typeof version === "number" && version !== envelopeVersion) {
    return err({
      kind: "version",
      text: `envelope version ${version}, this reader knows ${envelopeVersion}`,
    });
  }
  const parsed = v.safeParse(schema, value, { abortEarly: true });
  if (parsed.success) return ok(parsed.output);
  const issue = parsed.issues[0];
  return err({ kind: "malformed", text: `${v.getDotPath(issue) ?? "envelope"}: expected ${issue.expected}` });
}

/** Reads the body of a stanza queue. */
export function readInboundPack(body: string): Result<{ items: InboundItem[] }, EnvelopeFault> {
  return read(inboundPack, body);
}

/** Reads the body of an outbound queue. */
export function readOutboundPack(body: string): Result<{ items: OutboundItem[] }, EnvelopeFault> {
  return read(outboundPack, body);
}

/** Reads the body of the walks queue. */
export function readWalkPack(body: string): Result<{ items: WalkTask[] }, EnvelopeFault> {
  return read(walkPack, body);
}

const anyPack = v.object({ v: v.literal(envelopeVersion), items: v.array(v.unknown()) });

/** The items of a pack of this version, whatever they are, each as a pack of its own; undefined for any other body. */
export function splitPack(body: string): readonly string[] | undefined {
  const pack = read(anyPack, body);
  return pack.ok ? pack.value.items.map((item) => writePack([asciiJson(item)])) : undefined;
}

/** Writes an envelope around items that are already encoded by {@link encodeItem}. */
export function writePack(encodedItems: readonly string[]): string {
  return `{"v":${envelopeVersion},"items":[${encodedItems.join(",")}]}`;
}

/** Bytes that {@link writePack} adds around items (the commas come extra, one byte each). */
export const packOverheadBytes = writePack([]).length;

/** Encodes one item; ASCII, so its length is its size in bytes. */
export function encodeItem(item: InboundItem | OutboundItem | WalkTask): string {
  return asciiJson(item);
}

/** JSON in ASCII: what SQS, its local engine or a log may garble is escaped. */
export function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
