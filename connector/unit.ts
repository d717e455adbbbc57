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
import { parseBareJid } from "#core/xmpp/jid.ts";
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

/** What to do with the messages of a unit whose slices were all routed. */
export interface Outcome {
  /** Done with: to be deleted. */
  readonly done: readonly ReceivedMessage[];
  /** To be tried again later. */
  readonly later: readonly ReceivedMessage[];
  /** Effect, stanza and trace id of each item that was written. */
  readonly items: readonly (readonly string[])[];
}

export interface Unit {
  /** The next slice to write; undefined when there is none. */
  next(): string | undefined;
  /** Its last slice was written. */
  written(): void;
  /** The stream has ended before everything was confirmed. */
  abandon(): void;
  /** After the last slice: resolves when everything is told that must be told. */
  outcome(): Promise<Outcome>;
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

/** A template whose recipients are not all addresses, as two: for those that are, and for the rest. Else none. */
function apart(item: OutboundItem): readonly OutboundItem[] {
  const { recipients = [] } = item;
  const right = recipients.filter((recipient) => parseBareJid(recipient).ok);
  if (right.length === 0 || right.length === recipients.length) return [];
  const wrong = recipients.filter((recipient) => !parseBareJid(recipient).ok);
  return [
    { ...item, recipients: right },
    { ...item, recipients: wrong },
  ];
}

export function makeUnit(messages: readonly ReceivedMessage[], options: UnitOptions): Unit {
  const { context, limits } = options;
  const packs = new Map(messages.map((message) => [message, readApart(message.body)]));
  noteBroadcasts(packs.values(), context.versions);
  const tellings = new Map<ReceivedMessage, Promise<boolean>[]>();
  /** Written items whose routing is to be told. */
  const toConfirm: { message: ReceivedMessage; item: OutboundItem }[] = [];
  /** Groups of which nothing more is written now: a later message must not overtake one that waits. */
  const waitingGroups = new Set<string>();
  const later: ReceivedMessage[] = [];
  const written: (readonly string[])[] = [];
  /** One an item, however many recipients it has. */
  const spans: Span[] = [];

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
    spans.push(span);
    return span;
  };

  const tell = (message: ReceivedMessage, telling: Promise<boolean>) => {
    tellings.set(message, [...(tellings.get(message) ?? []), telling]);
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

  const expand = (item: OutboundItem): ReturnType<typeof expandItem> => {
    try {
      return expandItem(item, context);
    } catch (error) {
      // What trips our own code must not take its neighbours along.
      return err({ text: `fault: ${nameOfError(error)}` });
    }
  };

  /** @param whole the span of the item that these are parts of */
  function* stanzasIn(
    message: ReceivedMessage,
    items: readonly OutboundItem[],
    whole?: Span,
  ): Generator<string> {
    for (const item of items) {
      const span = whole ?? begin(message, item);
      const stanzas = expand(item);
      if (stanzas.ok) {
        let isWritten = false;
        for (const xml of stanzas.value) {
          yield xml;
          isWritten = true;
        }
        if (!isWritten) continue;
        written.push([item.id, stanzaIdOf(item.xml), traceIdOf(item.trace)]);
        if (item.confirm) toConfirm.push({ message, item });
        continue;
      }
      const parts = apart(item);
      if (parts.length > 0) {
        yield* stanzasIn(message, parts, span);
        continue;
      }
      span.fail("unfit");
      onUnfit(message, item, stanzas.error);
      const instead = errorInstead(stanzas.error, context.domain);
      if (instead !== undefined) yield instead;
    }
  }

  function* stanzasOf(message: ReceivedMessage): Generator<string> {
    if (waitingGroups.has(message.group)) {
      later.push(message);
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
        later.push(message);
      }
    }
  }

  function* slices(): Generator<string> {
    let slice = "";
    let sliceBytes = 0;
    for (const message of messages) {
      for (const xml of stanzasOf(message)) {
        slice += xml;
        sliceBytes += Buffer.byteLength(xml);
        options.onWritten?.(xml);
        if (sliceBytes < limits.writeSliceBytes) continue;
        yield slice;
        slice = "";
        sliceBytes = 0;
      }
    }
    if (slice !== "") yield slice;
  }

  const pending = slices();
  return {
    next() {
      const { value, done } = pending.next();
      return done ? undefined : value;
    },
    written() {
      for (const span of spans) span.event("written");
    },
    abandon() {
      for (const span of spans) {
        span.fail("not-confirmed");
        span.end();
      }
    },
    async outcome() {
      for (const span of spans) span.end();
      // All of them at once, in order, so that they share the calls to their queue.
      for (const { message, item } of toConfirm)
        tell(
          message,
          options.routed(item).then(() => true),
        );
      const done: ReceivedMessage[] = [];
      const untold: ReceivedMessage[] = [];
      for (const message of messages) {
        if (later.includes(message)) continue;
        const told = await Promise.all(tellings.get(message) ?? []);
        if (told.every(Boolean)) done.push(message);
        else untold.push(message);
      }
      return { done, later: [...untold, ...later], items: written };
    },
  };
}
