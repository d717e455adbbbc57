/** What is written together: messages of one outbound queue as slices of XML, and what becomes of each message. */
import type { DeadLetter } from "#aws/dead-letter.ts";
import type { ReceivedMessage } from "#aws/queues.ts";
import {
  asciiJson,
  encodeItem,
  type OutboundItem,
  readOutboundPack,
  writePack,
} from "#core/contract/envelope.ts";
import { stanzaIdOf, traceIdOf } from "#core/contract/item-ids.ts";
import type { Limits } from "#core/limits.ts";
import { err } from "#core/result.ts";
import { type ExpandContext, expandItem, type Unfit } from "./expand.ts";
import { nameOfError } from "./log.ts";
import type { Versions } from "./versions.ts";

export interface UnitOptions {
  readonly context: ExpandContext;
  readonly limits: Limits;
  /** Called with each stanza that is about to be written. */
  readonly onWritten?: (xml: string) => void;
  /** False when it could not be done. */
  readonly setAside: (letter: DeadLetter) => Promise<boolean>;
  /** Tells the stanza's author that it will not leave; resolves when that is durable. */
  readonly bounce: (unfit: Unfit) => Promise<void>;
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
  /** After the last slice: resolves when everything is told that must be told. */
  outcome(): Promise<Outcome>;
}

/**
 * Of a burst of changes only the newest is worth writing: a broadcast in hand makes those before it old. If it is
 * given back, it comes again.
 */
function noteBroadcasts(packs: Iterable<ReturnType<typeof readOutboundPack>>, versions: Versions): void {
  for (const pack of packs) {
    for (const { availability, recipients } of pack.ok ? pack.value.items : []) {
      if (availability && recipients) versions.note(availability.ghost, availability.version);
    }
  }
}

export function makeUnit(messages: readonly ReceivedMessage[], options: UnitOptions): Unit {
  const { context, limits } = options;
  const packs = new Map(messages.map((message) => [message, readOutboundPack(message.body)]));
  noteBroadcasts(packs.values(), context.versions);
  const tellings = new Map<ReceivedMessage, Promise<boolean>[]>();
  /** Groups of which nothing more is written now: a later message must not overtake one that waits. */
  const waitingGroups = new Set<string>();
  const later: ReceivedMessage[] = [];
  const items: (readonly string[])[] = [];

  const tell = (message: ReceivedMessage, telling: Promise<boolean>) => {
    tellings.set(message, [...(tellings.get(message) ?? []), telling]);
  };

  /** With its body where the letter still fits a message. */
  const setAside = (letter: DeadLetter, body: string): Promise<boolean> => {
    const whole = { ...letter, body };
    const fits = asciiJson(whole).length <= limits.queueMessageBytesMax;
    return options.setAside(fits ? whole : letter);
  };

  const onMalformed = (message: ReceivedMessage, text: string) => {
    const at = new Date(context.now()).toISOString();
    const letter = { reason: "malformed", text, cause: message.id, at, group: message.group };
    tell(message, setAside(letter, message.body));
  };

  const onUnfit = (message: ReceivedMessage, item: OutboundItem, unfit: Unfit) => {
    const letter = {
      reason: "unfit",
      text: unfit.text,
      cause: item.id,
      trace: item.trace,
      at: new Date(context.now()).toISOString(),
      group: message.group,
    };
    tell(message, setAside(letter, writePack([encodeItem(item)])));
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

  function* stanzasOf(message: ReceivedMessage): Generator<string> {
    if (waitingGroups.has(message.group)) {
      later.push(message);
      return;
    }
    const pack = packs.get(message) ?? readOutboundPack(message.body);
    packs.delete(message);
    if (!pack.ok) {
      if (pack.error.kind === "malformed") return onMalformed(message, pack.error.text);
      // A newer writer: this reader will be replaced soon.
      waitingGroups.add(message.group);
      later.push(message);
      return;
    }
    for (const item of pack.value.items) {
      const stanzas = expand(item);
      if (!stanzas.ok) {
        onUnfit(message, item, stanzas.error);
        continue;
      }
      let written = false;
      for (const xml of stanzas.value) {
        yield xml;
        written = true;
      }
      if (written) items.push([item.id, stanzaIdOf(item.xml), traceIdOf(item.trace)]);
    }
  }

  function* slices(): Generator<string> {
    let slice = "";
    for (const message of messages) {
      for (const xml of stanzasOf(message)) {
        slice += xml;
        options.onWritten?.(xml);
        if (slice.length < limits.writeSliceBytes) continue;
        yield slice;
        slice = "";
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
    async outcome() {
      const done: ReceivedMessage[] = [];
      const untold: ReceivedMessage[] = [];
      for (const message of messages) {
        if (later.includes(message)) continue;
        const told = await Promise.all(tellings.get(message) ?? []);
        if (told.every(Boolean)) done.push(message);
        else untold.push(message);
      }
      return { done, later: [...untold, ...later], items };
    },
  };
}
