/** Dead letters: what one says, who it is about, and how its item goes back onto its queue. Pure. */
import * as v from "valibot";
import { hashId } from "#aws/hash.ts";
import type { OutgoingMessage, ReceivedMessage } from "#aws/queues.ts";
import { partsOf, type QueueRef } from "#core/contract/queues.ts";
import { err, ok, type Result } from "#core/result.ts";
import { parseStanza } from "#core/xmpp/codec.ts";
import { parseJid, prepareDomain } from "#core/xmpp/jid.ts";
import { queueDefinitions } from "#infra/definitions/queues.ts";

export interface Letter {
  readonly queue: QueueRef;
  /** Of the letter itself: its message id. */
  readonly id: string;
  readonly reason: string;
  readonly text: string;
  readonly cause: string;
  readonly trace: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** The component domain that the item is about; empty where it is not known. */
  readonly domain: string;
  /** Addresses and ids that the item is about; empty where they are not known. */
  readonly user: string;
  readonly contact: string;
  readonly about: string;
  /** The item as a message of its queue; it holds what people have written. */
  readonly body: string | undefined;
  readonly cut: boolean;
  /** Of the item, when it was in its queue. */
  readonly group: string;
}

const letterSchema = v.object({
  reason: v.string(),
  text: v.string(),
  cause: v.string(),
  trace: v.optional(v.string(), ""),
  at: v.string(),
  body: v.optional(v.string()),
  cut: v.optional(v.boolean(), false),
  group: v.optional(v.string(), ""),
});

/** What AWS itself has moved there says no reason. */
const redriven = {
  reason: "received-too-often",
  text: "SQS has moved it there: whoever received it never ended with it",
} as const;

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

interface Subject {
  readonly domain: string;
  readonly user: string;
  readonly contact: string;
  readonly about: string;
}

const nobody: Subject = { domain: "", user: "", contact: "", about: "" };

const eventSchema = v.object({
  id: v.optional(v.string(), ""),
  data: v.object({
    domain: v.optional(v.string()),
    user: v.optional(v.string(), ""),
    contact: v.optional(v.string(), ""),
  }),
});
const packSchema = v.object({
  items: v.array(
    v.object({
      xml: v.optional(v.string()),
      domain: v.optional(v.string(), ""),
      user: v.optional(v.string(), ""),
      contact: v.optional(v.string(), ""),
      id: v.optional(v.string(), ""),
    }),
  ),
});

/** @param isInbound whether the ghost stands in `to` */
function subjectOfStanza(xml: string, isInbound: boolean): Subject {
  const stanza = parseStanza(xml);
  if (!stanza.ok) return nobody;
  const { from = "", to = "", id = "" } = stanza.value.attrs;
  const bare = (text: string) => {
    const jid = parseJid(text);
    return jid.ok ? jid.value.bare : text;
  };
  const [user, contact] = isInbound ? [to, from] : [from, to];
  const jid = parseJid(user);
  return {
    domain: jid.ok ? jid.value.domain : "",
    user: bare(user),
    contact: bare(contact),
    about: id,
  };
}

/** An event that names no domain means the first. */
function subjectOfEvent({ id, data }: v.InferOutput<typeof eventSchema>, first: string): Subject {
  const { domain = first, user, contact } = data;
  const prepared = prepareDomain(domain);
  return { domain: prepared.ok ? prepared.value : domain, user, contact, about: id };
}

function subjectOf(queue: QueueRef, body: string | undefined, first: string): Subject {
  if (body === undefined) return nobody;
  const isInbound = queue === "messageStanzas" || queue === "presenceStanzas" || queue === "iqStanzas";
  const value = parse(body);
  const pack = v.safeParse(packSchema, value);
  if (pack.success) {
    const [item] = pack.output.items;
    if (item?.xml !== undefined) return subjectOfStanza(item.xml, isInbound);
    if (item === undefined) return nobody;
    const { id: about, domain, user, contact } = item;
    return { domain, user, contact, about };
  }
  const event = v.safeParse(eventSchema, value);
  return event.success ? subjectOfEvent(event.output, first) : nobody;
}

/** Whom an item is about; where it does not say the domain, its queue may be that of one. */
function aboutOf(queue: QueueRef, body: string | undefined, first: string): Subject {
  const subject = subjectOf(queue, body, first);
  return subject.domain === "" ? { ...subject, domain: partsOf(queue).domain ?? "" } : subject;
}

/**
 * Reads what was received from the dead letters of a queue; what is no letter of ours was moved there by SQS.
 *
 * @param first the first domain of the bridge: events that name none are of it
 */
export function readLetter(queue: QueueRef, message: ReceivedMessage, first = ""): Letter {
  const { id } = message;
  const read = v.safeParse(letterSchema, parse(message.body));
  if (!read.success) {
    return {
      ...{ queue, id, ...redriven, cause: id, trace: "", at: message.sentAt, cut: false },
      ...{ ...aboutOf(queue, message.body, first), body: message.body, group: message.group },
    };
  }
  const { at, body, ...letter } = read.output;
  const time = Date.parse(at);
  const atMs = Number.isNaN(time) ? message.sentAt : time;
  return { queue, id, ...letter, at: atMs, ...aboutOf(queue, body, first), body };
}

export interface LetterFilter {
  readonly domain?: string | undefined;
  readonly reason?: string | undefined;
  readonly id?: string | undefined;
  /** The user's id, or its address on XMPP. */
  readonly users?: readonly string[] | undefined;
  readonly contact?: string | undefined;
}

/** Whether a letter is one of those that are meant; a letter is found by the beginning of its id, too. */
export function matches(letter: Letter, { domain, reason, id, users, contact }: LetterFilter): boolean {
  return (
    (domain === undefined || letter.domain === domain) &&
    (reason === undefined || letter.reason === reason) &&
    (id === undefined || letter.id.startsWith(id)) &&
    (users === undefined || users.includes(letter.user)) &&
    (contact === undefined || letter.contact === contact)
  );
}

/**
 * The letter's item as a message for its queue. Its deduplication id is the letter's: two replays of one letter are
 * one message to SQS, and none is taken for what was there before.
 */
export function replayOf(letter: Letter): Result<OutgoingMessage, string> {
  const { queue, body, cut, group, id } = letter;
  if (body === undefined)
    return err("it holds no item: what its text names has to be sent again by its author");
  if (cut) return err("of its item only the beginning was kept");
  if (!queueDefinitions[partsOf(queue).queue].fifo) return ok({ body });
  return ok({
    body,
    // Where the letter does not say: it has no order any more.
    group: group === "" ? hashId("replay", id) : group,
    dedup: hashId("replay", id),
  });
}
