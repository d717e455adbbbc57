/** Reads `native-deliveries` for one user, beside readers for others. */
import type { Queues, ReceivedMessage } from "#aws/queues.ts";
import { pause } from "#connector/pause.ts";
import type { Delivery } from "#core/contract/events.ts";
import { limits } from "#core/limits.ts";
import type { Result } from "#core/result.ts";
import { wordsOf } from "../words.ts";
import { nameOf, readDelivery, type UnreadableEvent } from "./read-delivery.ts";

/** How long a received message is ours: showing takes no time. */
const holdS = 10;
/** Longest time for which another user's message is hidden when it is handed back. */
const handBackSMax = 60;
/** Names of events that are remembered, to drop repeats. */
const namesMax = 10_000;
const troublePauseMs = 1_000;

/** What to do with one received message. */
export type Handling =
  | { readonly kind: "show"; readonly event: Delivery; readonly name: string }
  | { readonly kind: "warn"; readonly text: string }
  | { readonly kind: "repeat" }
  /** Another user's: hidden for longer each time, so that readers do not toss it to and fro. */
  | { readonly kind: "handBack"; readonly visibilityS: number };

/** For whom a queue is read. */
export interface Reader {
  readonly user: string;
  /** Where several domains are served: the user is another in each. */
  readonly domain?: string;
}

/** Decides about one message. Pure. */
export function handlingOf(
  message: Pick<ReceivedMessage, "body" | "receives">,
  reader: Reader,
  seen: ReadonlySet<string>,
): Handling {
  const read = readDelivery(message.body);
  if (!isFor(reader, read)) {
    return { kind: "handBack", visibilityS: Math.min(2 ** (message.receives - 1), handBackSMax) };
  }
  if (!read.ok) return { kind: "warn", text: read.error.text };
  const name = nameOf(read.value);
  return seen.has(name) ? { kind: "repeat" } : { kind: "show", event: read.value, name };
}

/** What names no user is for every reader, and what names no domain for every domain. */
function isFor({ user, domain }: Reader, read: Result<Delivery, UnreadableEvent>): boolean {
  const named: { readonly user?: unknown; readonly domain?: unknown } = read.ok
    ? read.value.data
    : read.error;
  if (named.user === undefined) return true;
  return named.user === user && (domain === undefined || (named.domain ?? domain) === domain);
}

export interface InboxPorts {
  readonly queues: Pick<Queues, "receive" | "remove" | "extend">;
  readonly show: (event: Delivery) => void;
  readonly warn: (text: string) => void;
}

/** Shows what arrives for the user until the signal comes; deletes only what it has shown. */
export async function readInbox(ports: InboxPorts, reader: Reader, signal: AbortSignal): Promise<void> {
  const seen = new Set<string>();
  let troubled = false;
  while (!signal.aborted) {
    try {
      await readOnce(ports, reader, seen, signal);
      troubled = false;
    } catch (error) {
      if (signal.aborted) return;
      if (!troubled) ports.warn(`the queues cannot be read (${wordsOf(error)}); trying again`);
      troubled = true;
      await pause(troublePauseMs, signal);
    }
  }
}

async function readOnce(
  { queues, show, warn }: InboxPorts,
  reader: Reader,
  seen: Set<string>,
  signal: AbortSignal,
): Promise<void> {
  const messages = await queues.receive("nativeDeliveries", {
    max: limits.queueBatchMax,
    waitS: limits.receiveWaitS,
    visibilityS: holdS,
    signal,
  });
  const done: ReceivedMessage[] = [];
  for (const message of messages) {
    const handling = handlingOf(message, reader, seen);
    if (handling.kind === "handBack") {
      await queues.extend("nativeDeliveries", [message], handling.visibilityS);
      continue;
    }
    if (handling.kind === "warn") warn(handling.text);
    if (handling.kind === "show") {
      show(handling.event);
      remember(seen, handling.name);
    }
    done.push(message);
  }
  await queues.remove("nativeDeliveries", done);
}

function remember(seen: Set<string>, name: string): void {
  seen.add(name);
  const [oldest] = seen;
  if (seen.size > namesMax && oldest !== undefined) seen.delete(oldest);
}
