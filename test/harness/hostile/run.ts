/** Puts hostile input through codec and translation, and trusts nothing that comes out. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { Element } from "ltx";
import * as v from "valibot";
import { makeClassifier } from "#connector/classify.ts";
import { makeSplitter } from "#connector/splitter.ts";
import { makeStreamParser } from "#connector/stream-parser.ts";
import { allCapabilities, type Capabilities } from "#core/capabilities.ts";
import { deliveryData } from "#core/contract/delivery-events.ts";
import { asciiJson } from "#core/contract/envelope.ts";
import type { DeliveryType } from "#core/contract/events.ts";
import { readNativeEvent } from "#core/contract/read-native-event.ts";
import type { Effect } from "#core/decision.ts";
import { limits } from "#core/limits.ts";
import type { Context } from "#core/translate/context.ts";
import type { Known } from "#core/translate/known.ts";
import { messageToEvent, unknownUserReply } from "#core/translate/message-to-event.ts";
import { checkOutbound, parseStanza, serializeStanza } from "#core/xmpp/codec.ts";
import { XmlFault } from "#core/xmpp/element-reader.ts";
import { ns } from "#core/xmpp/stanza.ts";
import { decideSaying } from "../round-trip.ts";
import type { Random } from "./random.ts";

/** Longest that one call may take; of the processor, which other programs do not lengthen. */
const callMsMax = 50;
const reruns = 3;

const domain = "im.example.com";
const encoder = new TextEncoder();
/** Nothing enters whose addresses cannot be read, or that is for somebody else (invariant 8). */
const classify = makeClassifier(domain, limits.lanes, limits);

/** What native systems may declare: everything, nothing, and short texts. */
const capabilities: readonly Capabilities[] = [
  allCapabilities,
  {
    ...allCapabilities,
    edits: false,
    retractions: false,
    replies: false,
    reactions: false,
    receipts: "off",
    markers: false,
    typing: false,
    attachments: false,
    styling: false,
  },
  {
    ...allCapabilities,
    reactions: { max: 1, allowed: ["👍"] },
    receipts: "handover",
    attachments: { bytesMax: 1000 },
    body: { charsMax: 16, tooLong: "split" },
  },
  { ...allCapabilities, body: { charsMax: 16, tooLong: "refuse" } },
];

/** What contacts' clients may be known for. */
const contacts: readonly Known["contact"][] = [
  undefined,
  new Set<string>(),
  new Set<string>([ns.retraction0, ns.retraction, ns.reactions]),
  new Set<string>([ns.replies, ns.correction, ns.chatStates]),
];

export interface Tally {
  /** Inputs taken so far. */
  inputs: number;
  /** Stanzas among them that were XML. */
  readable: number;
  /** Events among them that were accepted. */
  accepted: number;
  /** Deliveries and stanzas that came out. */
  deliveries: number;
  stanzas: number;
}

export function makeTally(): Tally {
  return { inputs: 0, readable: 0, accepted: 0, deliveries: 0, stanzas: 0 };
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Runs what is given to it, and notes the longest. */
type Step = <T>(call: () => T) => T;

/** Runs steps and says how long the longest took, by a clock. */
function longest<T>(clock: () => number, run: (step: Step) => T): { result: T; ms: number } {
  let ms = 0;
  const result = run((call) => {
    const begun = clock();
    const value = call();
    ms = Math.max(ms, clock() - begun);
    return value;
  });
  return { result, ms };
}

/** Where a step took long it is all run again, so that neither the collector of garbage nor a busy machine counts. */
function timedSteps<T>(what: string, run: (step: Step) => T): T {
  const { result, ms } = longest(() => performance.now(), run);
  if (ms <= callMsMax) return result;
  const best = Math.min(...Array.from({ length: reruns }, () => longest(cpuMs, run).ms));
  assert.ok(best <= callMsMax, `${what} takes ${best.toFixed(0)} ms`);
  return result;
}

function timed<T>(what: string, call: () => T): T {
  return timedSteps(what, (step) => step(call));
}

function assertSound(effects: readonly Effect[], tally: Tally): void {
  const ids = new Set<string>();
  for (const effect of effects) {
    ids.add(effect.kind === "stanza" ? effect.id : effect.event.id);
    if (effect.kind === "stanza") {
      const checked = checkOutbound(effect.xml, [domain]);
      assert.ok(checked.ok, checked.ok ? "" : `${checked.error}: ${effect.xml.slice(0, 1000)}`);
      tally.stanzas += 1;
    } else if (effect.kind === "deliver") {
      const { event } = effect;
      const read = v.safeParse(deliveryData[event.type as DeliveryType], event.data);
      assert.ok(read.success, `${event.type}: ${JSON.stringify(read.issues?.[0]?.message)}`);
      const ascii = asciiJson(event);
      assert.ok(ascii.length <= limits.queueMessageBytesMax, "the event fits the queue");
      const isSmall = ascii.length <= limits.eventBytesMax;
      assert.ok(isSmall || encoder.encode(JSON.stringify(event)).length <= limits.eventBytesMax);
      tally.deliveries += 1;
    }
  }
  assert.equal(ids.size, effects.length, "every effect has its own id");
}

function translate(ctx: Context, stanza: Element, random: Random, tally: Tally): void {
  if (stanza.name !== "message" || classify(stanza).kind !== "lane") return;
  const declared = random.pick(capabilities);
  const { effects } = timed("translating", () => messageToEvent(ctx, stanza, declared));
  assertSound(effects, tally);
  const reply = unknownUserReply(stanza);
  if (reply !== undefined) {
    const checked = checkOutbound(serializeStanza(reply), [domain]);
    assert.ok(checked.ok, checked.ok ? "" : checked.error);
  }
}

/** Within every limit of the connector, whatever it is. */
const surelySmall = 32 * 1024;

/** As a function takes a stanza from its queue. */
export function takeStanza(ctx: Context, xml: string, random: Random, tally: Tally): void {
  // What may be too much for a connector goes by way of it.
  if (xml.length > surelySmall) {
    takeBytes(ctx, Buffer.from(xml), random, tally);
    return;
  }
  tally.inputs += 1;
  const read = timed("reading", () => parseStanza(xml));
  if (!read.ok) return;
  tally.readable += 1;
  // Written and read again it is the same.
  const again = parseStanza(serializeStanza(read.value));
  assert.ok(again.ok && serializeStanza(again.value) === serializeStanza(read.value));
  translate(ctx, read.value, random, tally);
}

const header =
  '<stream:stream xmlns="jabber:component:accept" xmlns:stream="http://etherx.jabber.org/streams">';

/** What the connector reads of a stream, by its own chunks. */
function readStream(bytes: Buffer, step: Step): readonly Element[] {
  const splitter = makeSplitter(limits);
  const parser = makeStreamParser(limits);
  const found: Element[] = [];
  parser.on("element", (element: Element) => found.push(element));
  const whole = Buffer.concat([Buffer.from(header), bytes]);
  try {
    for (let at = 0; at < whole.length; at += limits.readChunkBytes) {
      splitter.push(whole.subarray(at, at + limits.readChunkBytes));
      for (let piece = step(splitter.next); piece; piece = step(splitter.next)) {
        const { xml } = { xml: undefined, ...piece };
        if (xml !== undefined) step(() => parser.write(xml));
      }
    }
  } catch (error) {
    if (!(error instanceof XmlFault)) throw error;
  }
  return found;
}

/** What the connector makes of the bytes of a stream, and the function of what the connector lets through. */
export function takeBytes(ctx: Context, bytes: Buffer, random: Random, tally: Tally): void {
  tally.inputs += 1;
  for (const element of timedSteps("reading a stream", (step) => readStream(bytes, step))) {
    const xml = serializeStanza(element);
    const read = timed("reading a queued stanza", () => parseStanza(xml));
    assert.ok(read.ok, read.ok ? "" : `${read.error}: ${xml.slice(0, 300)}`);
    tally.readable += 1;
    translate(ctx, read.value, random, tally);
  }
}

/** As a function takes an event of the native system from its queue. */
export function takeEvent(ctx: Context, body: string, random: Random, tally: Tally): void {
  tally.inputs += 1;
  const read = timed("reading an event", () => readNativeEvent(body, [domain]));
  if (!read.ok) {
    assert.ok(asciiJson(read.error).length < 100_000);
    return;
  }
  tally.accepted += 1;
  const event = read.value;
  const own = { ...ctx, cause: { ...ctx.cause, id: `${event.source} ${event.id}`, side: "native" as const } };
  const known = {
    capabilities: random.pick(capabilities),
    contact: random.pick(contacts),
    now: Date.parse(ctx.cause.time),
  };
  assertSound(timed("translating an event", () => decideSaying(own, event, known)) ?? [], tally);
}
