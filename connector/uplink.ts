/** The way in: classify, number, pack, send; what cannot go in is set aside with its reason. */
import type { Element } from "ltx";
import type { Queues } from "#aws/queues.ts";
import { encodeItem, type OutboundItem, packOverheadBytes, writePack } from "#core/contract/envelope.ts";
import type { Limits } from "#core/limits.ts";
import type { Span, Tracer } from "#core/trace.ts";
import { parseStanza, serializeStanza } from "#core/xmpp/codec.ts";
import { type Condition, errorReply } from "#core/xmpp/error.ts";
import { setAside } from "./aside.ts";
import { makeClassifier, type Place, queueOf, type StanzaQueue, stanzaQueues } from "./classify.ts";
import type { Gate } from "./gate.ts";
import type { Lease } from "./lease.ts";
import type { Refused } from "./link.ts";
import type { Log } from "./log.ts";
import { makeSender, type SenderOptions, type SendItem } from "./sender.ts";
import type { Inbound } from "./stream.ts";
import { makeWindow } from "./window.ts";

export interface UplinkOptions {
  /** Prepared. */
  readonly domain: string;
  readonly lanes: number;
  readonly queues: Pick<Queues, "send" | "setAside">;
  readonly limits: Limits;
  readonly random: () => number;
  readonly tracer: Tracer;
  readonly lease: Pick<Lease, "term">;
  /** Asked about all that the server sends; what we say ourselves is exempt. */
  readonly gate: Pick<Gate, "refuses">;
  /** Writes an error that answers a stanza; nobody waits for it. */
  readonly reply: (xml: string) => void;
  readonly log: Log;
  /** See {@link SenderOptions.onPacked}. */
  readonly onPacked?: NonNullable<SenderOptions["onPacked"]>;
  /** Ends what would be tried for ever. */
  readonly signal: AbortSignal;
}

export interface Uplink extends Inbound {
  /**
   * Takes in a stanza of our own making, as if the server had sent it; resolves when it is durable.
   *
   * @param routed the item of ours that it says to have been routed
   */
  inject(stanza: Element, routed?: Pick<OutboundItem, "id" | "trace">): Promise<void>;
  /** Resolves when everything taken in is durable. */
  flush(): Promise<void>;
  /** Stanzas that are not durable yet. */
  size(): number;
}

/** Why a stanza is refused, as its sender is told; those that cannot be told have no row. */
const conditions: Readonly<Record<string, Condition>> = {
  // RFC 6120 §13.12
  oversized: "policy-violation",
  "too-deep": "policy-violation",
  "too-many-parts": "policy-violation",
  malformed: "bad-request",
  "refused-by-queue": "not-acceptable",
};

interface Refusal {
  readonly queue: StanzaQueue;
  readonly reason: string;
  readonly cause: string;
  readonly span: Span;
  readonly stanza: Element | undefined;
  readonly bytes: number;
  readonly detail?: string;
  /** The item as it would have been sent, where it is worth a replay. */
  readonly body?: string;
}

/** Addresses, id and size; never content. */
function describe({ stanza, bytes, detail }: Refusal): string {
  const { from = "?", to = "?", id = "?" } = stanza?.attrs ?? {};
  const what = `${stanza?.name ?? "stanza"} of ${bytes} bytes from ${from} to ${to}, id ${id}`;
  return detail === undefined ? what : `${what}: ${detail}`;
}

/** Without resources, which their owners name as they like. */
function spanFieldsOf(stanza: Element | undefined) {
  const { from, to, id, type } = stanza?.attrs ?? {};
  const bareOf = (jid: string | undefined) => jid?.split("/", 1)[0];
  return { kind: stanza?.name, type, stanza: id, contact: bareOf(from), ghost: bareOf(to) };
}

/** The opening tag as an element of its own. */
function readHead(head: string | undefined): Element | undefined {
  const closed = head?.replace(/\/?>$/, "/>");
  const parsed = closed === undefined ? undefined : parseStanza(closed);
  return parsed?.ok ? parsed.value : undefined;
}

export function makeUplink(options: UplinkOptions): Uplink {
  const { domain, limits, log } = options;
  const window = makeWindow(limits);
  const classify = makeClassifier(options.domain, options.lanes, limits);
  const senders = new Map(stanzaQueues.map((queue) => [queue, makeSender<SendItem>({ ...options, queue })]));
  const asides = new Set<Promise<boolean>>();
  let fence = 0;
  let seq = 0;
  /** The tenure of the lease in which the stream was opened. */
  let term: number | undefined;
  let onRoom = () => {};

  /** A trace begins with each stanza that is read; word of what was routed goes on in its own. */
  const begin = (
    { stanza, ...what }: Omit<Refusal, "reason" | "span"> & { lane?: string | undefined },
    parent?: string,
  ): Span => {
    const fields = () => ({ domain, ...what, ...spanFieldsOf(stanza) });
    if (parent !== undefined) return options.tracer.follow("stanza in", parent, fields);
    return options.tracer.begin("stanza in", fields);
  };

  /** Sets aside and answers; the stanza keeps its place in the window until that is done. */
  const refuse = async (refusal: Refusal): Promise<void> => {
    const { queue, reason, cause, stanza, span } = refusal;
    span.fail(reason);
    const condition = conditions[reason];
    // RFC 6120 §8.1 asks for an answer to messages and iqs; a refused presence is silent.
    if (condition !== undefined && stanza !== undefined && stanza.name !== "presence") {
      const answer = errorReply(stanza, condition);
      if (answer) options.reply(serializeStanza(answer));
    }
    const done = setAside(options, queue, {
      reason,
      text: describe(refusal),
      cause,
      trace: span.trace,
      at: new Date().toISOString(),
      group: "",
      ...(refusal.body !== undefined && { body: refusal.body }),
    });
    asides.add(done);
    await done;
    asides.delete(done);
  };

  /** Resolves when the stanza is durable: in its queue or in the dead letters. */
  const take = (
    stanza: Element,
    xml: string,
    bytes: number,
    place: Place,
    routed?: Pick<OutboundItem, "id" | "trace">,
  ): Promise<void> => {
    const ticket = window.enter(bytes);
    const { promise, resolve } = Promise.withResolvers<void>();
    const done = () => {
      span.end();
      window.leave(ticket);
      resolve();
      onRoom();
    };
    const cause = `${fence}.${seq}`;
    const queue = queueOf(stanza.name);
    const lane = queue === "iqStanzas" || place.kind !== "lane" ? undefined : place.lane;
    const span = begin({ cause, queue, lane, bytes, stanza }, routed?.trace);
    const reject = (reason: string, more: Pick<Refusal, "detail" | "body"> = {}) => {
      void refuse({ queue, reason, cause, span, stanza, bytes, ...more }).then(done);
    };
    const time = new Date().toISOString();
    const encoded = encodeItem({
      fence,
      seq,
      time,
      trace: span.trace,
      xml,
      ...(routed && { routed: routed.id }),
    });
    seq += 1;
    const opened = term;
    const isLate = () => options.lease.term() !== opened;
    // A new holder may be ahead of us, so it would turn the order: it is kept for a replay.
    const late = () => reject("late", { body: writePack([encoded]) });
    if (place.kind === "refused") reject(place.reason);
    else if (isLate()) late();
    else if (packOverheadBytes + encoded.length > limits.queueMessageBytesMax) reject("oversized");
    else {
      senders.get(queue)?.add({
        lane,
        encoded,
        cause,
        sent: done,
        refused: (detail) => reject("refused-by-queue", { detail }),
        isLate,
        late,
      });
    }
    return promise;
  };

  return {
    begin(next, tenure) {
      fence = next;
      term = tenure;
      seq = 0;
    },
    accept(stanza, bytes) {
      const place = classify(stanza);
      if (options.gate.refuses(stanza, place.sender, bytes)) return;
      void take(stanza, serializeStanza(stanza), bytes, place);
    },
    refuse(piece: Refused) {
      const stanza = readHead(piece.head);
      const { sender } = classify(stanza ?? { attrs: {} });
      if (options.gate.refuses(stanza, sender, piece.bytes)) return;
      const ticket = window.enter(0);
      const cause = `${fence}.${seq}`;
      seq += 1;
      const { reason, bytes } = piece;
      const queue = queueOf(stanza?.name ?? "");
      const span = begin({ cause, queue, stanza, bytes });
      void refuse({ queue, reason, cause, span, stanza, bytes }).then(() => {
        span.end();
        window.leave(ticket);
        onRoom();
      });
    },
    inject(stanza, routed) {
      const xml = serializeStanza(stanza);
      return take(stanza, xml, Buffer.byteLength(xml), classify(stanza), routed);
    },
    isFull: window.isFull,
    onRoom(listener) {
      onRoom = listener;
    },
    async flush() {
      // A refusal by the queue begins a setting aside, so look again until nothing is left.
      while (window.size() > 0 && !options.signal.aborted) {
        await Promise.all([...senders.values()].map((sender) => sender.idle()));
        await Promise.all(asides);
      }
      log("info", "uplink.flushed", { left: window.size() });
    },
    size: window.size,
  };
}
