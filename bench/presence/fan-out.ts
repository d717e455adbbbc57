/** What a presence change of a user with many subscribers takes. */
import { randomUUID } from "node:crypto";
import { type Message, SendMessageCommand } from "@aws-sdk/client-sqs";
import { keyItem } from "#aws/attributes.ts";
import { nativeEventsGroup } from "#aws/hash.ts";
import { subscriberKey } from "#aws/keys.ts";
import { newTrace } from "#aws/trace.ts";
import type { OutboundItem } from "#core/contract/envelope.ts";
import { parseUserId, type UserId } from "#core/mapping.ts";
import type { Progress } from "../bench.ts";
import { domain, type Place } from "./place.ts";

export interface FanOut {
  readonly subscribers: number;
  readonly sqs: Readonly<Record<string, number>>;
  readonly dynamodb: Readonly<Record<string, number>>;
  readonly sends: number;
  readonly billedSends: number;
  readonly invocations: number;
  readonly told: number;
  readonly toldOnce: boolean;
  /** From the event to the end of the last walk. */
  readonly wallMs: number;
  /** Resident memory after the import, and the highest of both functions. */
  readonly startMb: number;
  readonly nativeMb: number;
  readonly walkMb: number;
}

export function userOf(text: string): UserId {
  const user = parseUserId(text);
  if (!user.ok) throw new Error(user.error);
  return user.value;
}

/** Sends as the functions made them, whatever their kind. */
export function sendsOf(sqs: Readonly<Record<string, number>>): number {
  const sends = Object.entries(sqs).filter(([kind]) => kind.startsWith("SendMessage"));
  return sends.reduce((sum, [, count]) => sum + count, 0);
}

async function emitChange({ sqs, addresses }: Place, user: string): Promise<void> {
  const event = {
    specversion: "1.0",
    id: randomUUID(),
    source: "urn:bench",
    type: "presence.changed",
    time: new Date().toISOString(),
    traceparent: newTrace(),
    data: { user, show: "away", status: "on stage" },
  };
  await sqs.send(
    new SendMessageCommand({
      QueueUrl: addresses.urls.nativeEvents,
      MessageBody: JSON.stringify(event),
      MessageGroupId: nativeEventsGroup(user),
      MessageDeduplicationId: event.id,
    }),
  );
}

/** Takes all templates; whom they tell, and their bodies. */
async function takeTemplates(place: Place): Promise<{ recipients: string[]; bodies: string[] }> {
  const bodies: string[] = [];
  for (;;) {
    const messages = await place.take("outboundPresence");
    if (messages.length === 0) break;
    bodies.push(...messages.map(({ Body = "" }) => Body));
  }
  const packs = bodies.map((body) => JSON.parse(body) as { items: OutboundItem[] });
  const recipients = packs.flatMap(({ items }) => items.flatMap((item) => item.recipients ?? []));
  return { recipients, bodies };
}

/** Measures the change; the packs for the connector come back as well. */
export async function measureFanOut(
  place: Place,
  subscribers: number,
  progress: Progress,
): Promise<{ figures: FanOut; bodies: readonly string[] }> {
  const contacts = Array.from({ length: subscribers }, (_, n) => `contact${n}@example.org`);
  progress(`fill the table with ${subscribers} subscribers`);
  await place.table.createUser({ domain, user: userOf("star"), localpart: "star", mark: "" });
  await place.fill(contacts.map((contact) => keyItem(subscriberKey(domain, "star", contact))));
  const functions = { native: await place.startFunction("native"), walk: await place.startFunction("walk") };
  const { native, walk } = functions;
  progress("change the user's presence");
  place.takeCounts();
  await emitChange(place, "star");
  const begun = performance.now();
  const events = await place.take("nativeEvents", 1);
  await native.invoke(place.eventOf("nativeEvents", events));
  let tasks: readonly Message[] = await place.take("walks");
  while (tasks.length > 0) {
    await walk.invoke(place.eventOf("walks", tasks));
    tasks = await place.take("walks");
  }
  const wallMs = performance.now() - begun;
  const { sqs, dynamodb, billedSends } = place.takeCounts();
  const { recipients, bodies } = await takeTemplates(place);
  await Promise.all([native.stop(), walk.stop()]);
  const different = new Set(recipients);
  const figures = {
    subscribers,
    sqs,
    dynamodb,
    sends: sendsOf(sqs),
    billedSends,
    invocations: native.invocations + walk.invocations,
    told: recipients.length,
    toldOnce: recipients.length === subscribers && contacts.every((contact) => different.has(contact)),
    wallMs,
    startMb: Math.max(native.startMb, walk.startMb),
    nativeMb: native.peakMb,
    walkMb: walk.peakMb,
  };
  return { figures, bodies };
}
