/** Carries effects out: each kind goes to its queue, in order, with ids that a repeat repeats. */

import type { Element } from "ltx";
import { hashId, nativeEventsGroup, pairGroup, userGroup } from "#aws/hash.ts";
import { failuresToFault, type OutgoingMessage } from "#aws/queues.ts";
import type { CloudEvent } from "#core/contract/cloud-event.ts";
import {
  asciiJson,
  encodeItem,
  packOverheadBytes,
  type WalkTask,
  writePack,
} from "#core/contract/envelope.ts";
import { type OutboundQueue, type QueueRef, queueOfDomain } from "#core/contract/queues.ts";
import type { Cause, Effect, Pair, StanzaEffect } from "#core/decision.ts";
import { limits } from "#core/limits.ts";
import { serializeStanza } from "#core/xmpp/codec.ts";
import type { Ports } from "./ports.ts";
import type { StanzaJob } from "./stanza-job.ts";

/** What one cause makes happen. */
export interface Caused {
  readonly cause: Cause;
  readonly effects: readonly Effect[];
}

/**
 * Packs the stanzas of one cause into as few queue messages as fit. Never those of several causes: what was
 * handled together may come again apart, and a pack is dropped as a repeat only when it holds the same.
 */
function packStanzas(group: string, cause: Cause, stanzas: readonly StanzaEffect[]): OutgoingMessage[] {
  const messages: OutgoingMessage[] = [];
  let items: string[] = [];
  let ids: string[] = [];
  let bytes: number = packOverheadBytes;
  const close = () => {
    if (items.length > 0)
      messages.push({ body: writePack(items), group, dedup: hashId("stanzas", group, ...ids) });
    items = [];
    ids = [];
    bytes = packOverheadBytes;
  };
  for (const { id, xml, written, expires, availability, parting, confirm } of stanzas.filter(
    (stanza) => !stanza.amongBroadcasts,
  )) {
    const item = encodeItem({
      id,
      time: cause.time,
      trace: cause.trace,
      hops: cause.hops + 1,
      xml,
      ...(written === undefined ? {} : { written }),
      ...(expires === undefined ? {} : { expires }),
      ...(availability === undefined ? {} : { availability }),
      ...(parting === undefined ? {} : { parting }),
      ...(confirm === undefined ? {} : { confirm }),
    });
    if (bytes + item.length + 1 > limits.packBytesMax) close();
    items.push(item);
    ids.push(id);
    bytes += item.length + 1;
  }
  close();
  return messages;
}

/** Templates for one contact: what goes among the user's broadcasts (one order of a user's availability). */
function templatesOf(pair: Pair, cause: Cause, stanzas: readonly StanzaEffect[], now: number) {
  const time = new Date(now).toISOString();
  return stanzas
    .filter(({ amongBroadcasts }) => amongBroadcasts)
    .map(({ id, xml }) => ({
      id: hashId(pair.domain, pair.user, pair.contact, id),
      encoded: encodeItem({
        id,
        time,
        trace: cause.trace,
        hops: cause.hops + 1,
        xml,
        recipients: [pair.contact],
      }),
    }));
}

type EventIdentity = Pick<CloudEvent, "id" | "source">;

async function sendOrThrow(
  ports: Ports,
  queue: QueueRef,
  messages: readonly OutgoingMessage[],
): Promise<void> {
  if (messages.length === 0) return;
  const failures = await ports.queues.send(queue, messages);
  const fault = failuresToFault(queue, failures);
  if (fault !== undefined) throw fault;
  const refused = failures[0];
  // Not transient: the pipeline sets the item aside with this as its reason.
  if (refused !== undefined) throw new RefusedByQueue(`${queue}: ${refused.reason}`);
}

/** {@link sendOrThrow} to the connector of a domain. */
async function sendOut(
  ports: Ports,
  domain: string,
  queue: OutboundQueue,
  messages: readonly OutgoingMessage[],
): Promise<void> {
  await sendOrThrow(ports, queueOfDomain(queue, domain, ports.domains), messages);
}

/** SQS will never take it. */
class RefusedByQueue extends Error {
  override readonly name = "RefusedByQueue";
}

/** An event as a queue message; its identity (CloudEvents 1.0 §3.1.1) is its deduplication id. */
function eventMessage(group: string, event: EventIdentity): OutgoingMessage {
  return { body: asciiJson(event), group, dedup: hashId("event", event.source, event.id) };
}

/** {@link sendAllEffects} of one cause. */
export function sendEffects(
  ports: Ports,
  pair: Pair,
  cause: Cause,
  effects: readonly Effect[],
): Promise<void> {
  return sendAllEffects(ports, pair, [{ cause, effects }]);
}

/**
 * Sends effects of one pair, in order within each queue. Throws a transient fault when a queue did not take
 * everything; trying again is harmless.
 */
export async function sendAllEffects(ports: Ports, pair: Pair, all: readonly Caused[]): Promise<void> {
  const group = pairGroup(pair.domain, pair.user, pair.contact);
  const causedStanzas = all.map(({ cause, effects }) => ({
    cause,
    stanzas: effects.filter((effect) => effect.kind === "stanza"),
  }));
  const packed = (isLate: boolean) =>
    causedStanzas.flatMap(({ cause, stanzas }) =>
      packStanzas(
        group,
        cause,
        stanzas.filter(({ afterwards }) => (afterwards !== undefined) === isLate),
      ),
    );
  const templates = causedStanzas.flatMap(({ cause, stanzas }) =>
    templatesOf(pair, cause, stanzas, ports.clock()),
  );
  const events = all.flatMap(({ effects }) => effects);
  const deliveries = events.filter((effect) => effect.kind === "deliver");
  const internals = events.filter((effect) => effect.kind === "internal");
  // Stanzas before internal events: `subscribed` has to be queued before the presence that follows it.
  await Promise.all([
    sendOut(ports, pair.domain, "outboundStanzas", packed(false)),
    sendTemplates(ports, pair, templates),
    sendOrThrow(
      ports,
      "nativeDeliveries",
      deliveries.map(({ event }) => eventMessage(group, event)),
    ),
  ]);
  // XEP-0184 §7: a receipt leaves when what it says has come true.
  await sendOut(ports, pair.domain, "outboundStanzas", packed(true));
  await sendOrThrow(
    ports,
    "nativeEvents",
    internals.map(({ event }) => eventMessage(nativeEventsGroup(pair.user), event)),
  );
}

/** Delivers an event that belongs to no pair, or to one that could not be read wholly. */
export async function sendDelivery(ports: Ports, group: string, event: EventIdentity): Promise<void> {
  await sendOrThrow(ports, "nativeDeliveries", [eventMessage(group, event)]);
}

/** Answers a stanza with what belongs to no user, such as answers from the domain itself. */
export async function sendAnswers(
  ports: Ports,
  { cause, to: { domain }, from }: StanzaJob,
  answers: readonly Element[],
): Promise<void> {
  const stanzas = answers.map((answer, index) => ({
    kind: "stanza" as const,
    id: `${cause.id}/${index}`,
    xml: serializeStanza(answer),
  }));
  const packs = packStanzas(hashId("domain", domain, from.bare), cause, stanzas);
  await sendOut(ports, domain, "outboundStanzas", packs);
}

/** Sends templates to many recipients, in the user's group of broadcasts. */
export async function sendTemplates(
  ports: Ports,
  { domain, user }: Pick<Pair, "domain" | "user">,
  templates: readonly { id: string; encoded: string }[],
): Promise<void> {
  const group = userGroup(domain, user);
  await sendOut(
    ports,
    domain,
    "outboundPresence",
    templates.map(({ id, encoded }) => ({
      body: writePack([encoded]),
      group,
      dedup: hashId("template", id),
    })),
  );
}

/** Puts a step of a walk into its queue, to be taken `delayS` seconds later; a repeated step repeats harmlessly. */
export async function sendWalk(ports: Ports, task: WalkTask, delayS = 0): Promise<void> {
  await sendOrThrow(ports, "walks", [{ body: writePack([encodeItem(task)]), delayS }]);
}

/** {@link sendWalk} of several, to be taken at once. */
export async function sendWalks(ports: Ports, tasks: readonly WalkTask[]): Promise<void> {
  const messages = tasks.map((task) => ({ body: writePack([encodeItem(task)]) }));
  await sendOrThrow(ports, "walks", messages);
}
