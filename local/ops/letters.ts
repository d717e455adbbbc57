/** Dead letters: what one says, who it is about, and how its item goes back onto its queue. Pure. */
import * as v from "valibot";
import { hashId } from "#aws/hash.ts";
import type { OutgoingMessage, ReceivedMessage } from "#aws/queues.ts";
import { partsOf, type QueueRef } from "#core/contract/queues.ts";
import { err, ok, type Result } from "#core/result.ts";
import { parseStanza } from "#core/xmpp/codec.ts";
import { parseJid } from "#core/xmpp/jid.ts";
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
  readonly user: string;
  readonly contact: string;
  readonly about: string;
}

const nobody: Subject = { user: "", contact: "", about: "" };

const eventSchema = v.object({
  id: v.optional(v.string(), ""),
  data: v.optional(v.object({ user: v.optional(v.string(), ""), contact: v.optional(v.string(), "") }), {
    user: "",
    contact: "",
  }),
});
const packSchema = v.object({
  items: v.array(
    v.object({
      xml: v.optional(v.string()),
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
  return isInbound
    ? { user: bare(to), contact: bare(from), about: id }
    : { user: bare(from), contact: bare(to), about: id };
}

function subjectOf(queue: QueueRef, body: string | undefined): Subject {
  if (body === undefined) return nobody;
  const isInbound = queue === "messageStanzas" || queue === "presenceStanzas" || queue === "iqStanzas";
  const value = parse(body);
  const pack = v.safeParse(packSchema, value);
  if (pack.success) {
    const [item] = pack.output.items;
    if (item?.xml !== undefined) return subjectOfStanza(item.xml, isInbound);
    return item === undefined ? nobody : { user: item.user, contact: item.contact, about: item.id };
  }
  const event = v.safeParse(eventSchema, value);
  return event.success ? { ...event.output.data, about: event.output.id } : nobody;
}

/** Reads what was received from the dead letters of a queue; what is no letter of ours was moved there by SQS. */
export function readLetter(queue: QueueRef, message: ReceivedMessage): Letter {
  const { id } = message;
  const read = v.safeParse(letterSchema, parse(message.body));
  if (!read.success) {
    return {
      ...{ queue, id, ...redriven, cause: id, trace: "", at: message.sentAt, cut: false },
      ...{ ...subjectOf(queue, message.body), body: message.body, group: message.group },
    };
  }
  const { at, body, ...letter } = read.output;
  const time = Date.parse(at);
  const atMs = Number.isNaN(time) ? message.sentAt : time;
  return { queue, id, ...letter, at: atMs, ...subjectOf(queue, body), body };
}

export interface LetterFilter {
  readonly reason?: string | undefined;
  readonly id?: string | undefined;
  /** The user's id, or its address on XMPP. */
  readonly users?: readonly string[] | undefined;
  readonly contact?: string | undefined;
}

/** Whether a letter is one of those that are meant; a letter is found by the beginning of its id, too. */
export function matches(letter: Letter, { reason, id, users, contact }: LetterFilter): boolean {
  return (
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
