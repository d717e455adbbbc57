/** What is written together: messages of one outbound queue as slices of XML, and what becomes of each message. */
import type { DeadLetter } from "#aws/dead-letter.ts";
import type { ReceivedMessage } from "#aws/queues.ts";
import {
  encodeItem,
  type OutboundItem,
  readOutboundPack,
  splitPack,
  writePack,
} from "#core/contract/envelope.ts";
import { stanzaIdOf, traceIdOf } from "#core/contract/item-ids.ts";
import type { Limits } from "#core/limits.ts";
import { err } from "#core/result.ts";
import type { Span, Tracer } from "#core/trace.ts";
import { type ExpandContext, errorInstead, expandItem, type Unfit } from "./expand.ts";
import { nameOfError } from "./log.ts";
import type { Versions } from "./versions.ts";

export interface UnitOptions {
  readonly tracer: Tracer;
  readonly context: ExpandContext;
  readonly limits: Limits;
  /** Called with each stanza that is about to be written. */
  readonly onWritten?: (xml: string) => void;
  /** False when it could not be done. */
  readonly setAside: (letter: DeadLetter) => Promise<boolean>;
  /** Tells the stanza's author that it will not leave; resolves when that is durable. */
  readonly bounce: (unfit: Unfit) => Promise<void>;
  /** Tells that an item has been routed; resolves when that is durable. */
  readonly routed: (item: OutboundItem) => Promise<void>;
}

/** What is written at one go. */
export interface Slice {
  /** Empty where there is nothing more to write. */
  readonly xml: string;
  /** The messages that end in it: with it, they have been written whole. */
  readonly ends: readonly Progress[];
}

/** What to do with messages that were routed. */
export interface Outcome {
  /** Done with: to be deleted. */
  readonly done: readonly ReceivedMessage[];
  /** To be tried again later. */
  readonly later: readonly ReceivedMessage[];
  /** Effect, stanza and trace id of each item that was written. */
  readonly items: readonly (readonly string[])[];
}

export interface Unit {
  /** The next slice; undefined when there is none. */
  next(): Slice | undefined;
  /** These messages were written. */
  written(ends: Slice["ends"]): void;
  /** The stream has ended before these were confirmed; default: all that are in no slice yet. */
  abandon(ends?: Slice["ends"]): void;
  /** These were routed: resolves when everything is told that must be told. */
  outcome(ends: Slice["ends"]): Promise<Outcome>;
}

/** What is known of a message while it is written. */
export interface Progress {
  readonly message: ReceivedMessage;
  /** Of what must be told before it is done with: false where it could not be. */
  readonly tellings: Promise<boolean>[];
  /** Written items whose routing is to be told. */
  readonly toConfirm: OutboundItem[];
  /** Effect, stanza and trace id of each item that was written. */
  readonly items: (readonly string[])[];
  /** One an item, however many recipients it has. */
  readonly spans: Span[];
}

interface ReadPack {
  readonly body: string;
  readonly pack: ReturnType<typeof readOutboundPack>;
}

/** A message's pack; a malformed one item by item, so that what nobody can read takes no neighbour along. */
function readApart(body: string): readonly ReadPack[] {
  const pack = readOutboundPack(body);
  if (pack.ok || pack.error.kind !== "malformed") return [{ body, pack }];
  return (splitPack(body) ?? [body]).map((part) => ({ body: part, pack: readOutboundPack(part) }));
}

/**
 * Of a burst of changes only the newest is worth writing: a broadcast in hand makes those before it old. If it is
 * given back, it comes again.
 */
function noteBroadcasts(packs: Iterable<readonly ReadPack[]>, versions: Versions): void {
  for (const { pack } of [...packs].flat()) {
    for (const { availability, recipients } of pack.ok ? pack.value.items : []) {
      if (availability && recipients) versions.note(availability.ghost, availability.version);
    }
  }
}

export function makeUnit(messages: readonly ReceivedMessage[], options: UnitOptions): Unit {
  const { context, limits } = options;
  const packs = new Map(messages.map((message) => [message, readApart(message.body)]));
  noteBroadcasts(packs.values(), context.versions);
  const progress = new Map<ReceivedMessage, Progress>();
  /** Groups of which nothing more is written now: a later message must not overtake one that waits. */
  const waitingGroups = new Set<string>();
  const later = new Set<ReceivedMessage>();

  const progressOf = (message: ReceivedMessage): Progress => {
    const known = progress.get(message) ?? {
      message,
      ...{ tellings: [], toConfirm: [], items: [], spans: [] },
    };
    progress.set(message, known);
    return known;
  };

  const begin = (message: ReceivedMessage, { id, trace, hops, recipients }: OutboundItem): Span => {
    const span = options.tracer.follow("stanza out", trace, () => ({
      domain: context.domain,
      id,
      message: message.id,
      receives: message.receives,
      group: message.group,
      hops,
      recipients: recipients?.length,
      queuedMs: context.now() - message.sentAt,
    }));
    progressOf(message).spans.push(span);
    return span;
  };

  const tell = (message: ReceivedMessage, telling: Promise<boolean>) => {
    progressOf(message).tellings.push(telling);
  };

  const onMalformed = (message: ReceivedMessage, body: string, text: string) => {
    const at = new Date(context.now()).toISOString();
    tell(
      message,
      options.setAside({ reason: "malformed", text, cause: message.id, at, group: message.group, body }),
    );
  };

  const onUnfit = (message: ReceivedMessage, item: OutboundItem, unfit: Unfit) => {
    const letter = {
      reason: "unfit",
      text: unfit.text,
      cause: item.id,
      trace: item.trace,
      at: new Date(context.now()).toISOString(),
      group: message.group,
      body: writePack([encodeItem(item)]),
    };
    tell(message, options.setAside(letter));
    // Of availability to many nobody is told: it would be news of one contact that is not true.
    if (item.recipients) return;
    tell(
      message,
      options.bounce(unfit).then(() => true),
    );
  };

  const expand = (item: OutboundItem, sentAt: number): ReturnType<typeof expandItem> => {
    try {
      return expandItem(item, context, sentAt);
    } catch (error) {
      // What trips our own code must not take its neighbours along.
      return err({ text: `fault: ${nameOfError(error)}` });
    }
  };

  function* stanzasIn(message: ReceivedMessage, items: readonly OutboundItem[]): Generator<string> {
    for (const item of items) {
      const span = begin(message, item);
      const stanzas = expand(item, message.sentAt);
      if (!stanzas.ok) {
        span.fail("unfit");
        onUnfit(message, item, stanzas.error);
        const instead = errorInstead(stanzas.error, context.domain);
        if (instead !== undefined) yield instead;
        continue;
      }
      let step = stanzas.value.next();
      const isWritten = step.done !== true;
      for (; step.done !== true; step = stanzas.value.next()) yield step.value;
      const wrong = [...step.value];
      if (wrong.length > 0) {
        span.fail("unfit");
        onUnfit(message, { ...item, recipients: wrong }, { text: "a recipient is no bare address" });
      }
      if (!isWritten) continue;
      progressOf(message).items.push([item.id, stanzaIdOf(item.xml), traceIdOf(item.trace)]);
      if (item.confirm) progressOf(message).toConfirm.push(item);
    }
  }

  function* stanzasOf(message: ReceivedMessage): Generator<string> {
    if (waitingGroups.has(message.group)) {
      later.add(message);
      return;
    }
    const parts = packs.get(message) ?? [];
    packs.delete(message);
    for (const { body, pack } of parts) {
      if (pack.ok) yield* stanzasIn(message, pack.value.items);
      else if (pack.error.kind === "malformed") onMalformed(message, body, pack.error.text);
      else {
        // A newer writer: this reader will be replaced soon.
        waitingGroups.add(message.group);
        later.add(message);
      }
    }
  }

  /** Of one that is written whole, or is to wait. */
  const end = (message: ReceivedMessage): Progress => {
    const known = progressOf(message);
    progress.delete(message);
    return known;
  };

  function* slices(): Generator<Slice> {
    let xml = "";
    let bytes = 0;
    let ends: Progress[] = [];
    for (const message of messages) {
      for (const stanza of stanzasOf(message)) {
        xml += stanza;
        bytes += Buffer.byteLength(stanza);
        options.onWritten?.(stanza);
        if (bytes < limits.writeSliceBytes) continue;
        yield { xml, ends };
        xml = "";
        bytes = 0;
        ends = [];
      }
      if (!later.has(message)) ends.push(end(message));
    }
    // What waits is given back together: no later message of a group comes before an earlier one.
    ends.push(...[...later].map(end));
    if (xml !== "" || ends.length > 0) yield { xml, ends };
  }

  const pending = slices();
  return {
    next() {
      const { value, done } = pending.next();
      return done ? undefined : value;
    },
    written(ends) {
      for (const span of ends.flatMap(({ spans }) => spans)) span.event("written");
    },
    abandon(ends = [...progress.values()]) {
      for (const span of ends.flatMap(({ spans }) => spans)) {
        span.fail("not-confirmed");
        span.end();
      }
    },
    async outcome(ends) {
      for (const span of ends.flatMap(({ spans }) => spans)) span.end();
      // Begun for all of them before any is waited for, so that they share the calls to their queue.
      const confirming = ends.map(({ toConfirm }) => Promise.all(toConfirm.map(options.routed)));
      const outcome = { done: [] as ReceivedMessage[], later: [] as ReceivedMessage[] };
      for (const [index, { message, tellings }] of ends.entries()) {
        await confirming[index];
        const isDone = !later.has(message) && (await Promise.all(tellings)).every(Boolean);
        outcome[isDone ? "done" : "later"].push(message);
      }
      return { ...outcome, items: ends.flatMap(({ items }) => items) };
    },
  };
}
