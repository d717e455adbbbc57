/** What the tests of decisions share: a pair, stanzas from text, and a look at effects that trusts nothing. */
import assert from "node:assert/strict";
import type { Element } from "ltx";
import * as v from "valibot";
import { allCapabilities, type Capabilities } from "#core/capabilities.ts";
import { deliveryData } from "#core/contract/delivery-events.ts";
import type { DeliveryType, NativeEvent } from "#core/contract/events.ts";
import { readNativeEvent } from "#core/contract/read-native-event.ts";
import type { Cause, Effect } from "#core/decision.ts";
import { parseUserId } from "#core/mapping.ts";
import type { Result } from "#core/result.ts";
import type { Context } from "#core/translate/context.ts";
import type { Known } from "#core/translate/known.ts";
import { messageToEvent } from "#core/translate/message-to-event.ts";
import type { Caps } from "#core/xmpp/caps.ts";
import { checkOutbound, parseStanza } from "#core/xmpp/codec.ts";
import { parseBareJid } from "#core/xmpp/jid.ts";

export const domain = "im.example.com";
export const ghost = "nina@im.example.com";
export const contact = "alice@example.org";
export const readTime = "2026-11-02T09:30:00.000Z";

export function must<T, E>(result: Result<T, E>): T {
  assert.ok(result.ok, result.ok ? "" : JSON.stringify(result.error));
  return result.value;
}

const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const fromXmpp: Cause = {
  id: "7.42",
  side: "xmpp",
  mark: "7.42",
  time: readTime,
  trace,
  hops: 1,
};
export const fromNative: Cause = { ...fromXmpp, id: "urn:chat e-1", side: "native" };

/** What ghosts say that they can do; the hash is of no matter here. */
export const caps: Caps = { hash: "sha-1", node: "urn:causeway", ver: "AAAAAAAAAAAAAAAAAAAAAAAAAAA=" };

export function makeContext(change: Partial<Context> = {}): Context {
  return {
    pair: { domain, user: must(parseUserId("nina")), contact: must(parseBareJid(contact)) },
    ghost: must(parseBareJid(ghost)),
    cause: fromXmpp,
    caps,
    severalDomains: false,
    ...change,
  };
}

/** What is known besides an event: nothing of the contact's clients. */
export function makeKnown(change: Partial<Known> = {}): Known {
  return { capabilities: allCapabilities, contact: undefined, now: Date.parse(readTime), ...change };
}

/** A contact all of whose clients have these features, and no others. */
export function knowing(...features: string[]): Known {
  return makeKnown({ contact: new Set(features) });
}

export function read(xml: string): Element {
  return must(parseStanza(xml));
}

/** A presence of the contact's to the ghost. */
export function presence(attrs: string, children = ""): Element {
  return read(`<presence from="${contact}/phone" to="${ghost}" ${attrs}>${children}</presence>`);
}

/** A message of the contact's to the ghost. */
export function message(attrs: string, children = ""): Element {
  return read(`<message from="${contact}/phone" to="${ghost}" ${attrs}>${children}</message>`);
}

/** What becomes of a message of the contact's, where the native system can do everything but what is said. */
export function received(
  attrs: string,
  children = "",
  capabilities: Partial<Capabilities> = {},
): readonly Effect[] {
  return messageToEvent(makeContext(), message(attrs, children), { ...allCapabilities, ...capabilities })
    .effects;
}

/** The one event that a chat message with the id `m1` becomes, as [type, data without the pair]. */
export function eventOf(
  children: string,
  capabilities: Partial<Capabilities> = {},
): [string, Record<string, unknown>] {
  const [event, ...more] = deliveriesOf(received('type="chat" id="m1"', children, capabilities));
  assert.ok(event);
  assert.deepEqual(more, []);
  return event;
}

/** Condition and text of the one answer among effects, and that nothing was delivered. */
export function refusalOf(effects: readonly Effect[]): [string, string] {
  assert.deepEqual(deliveriesOf(effects), []);
  const [reply, ...more] = stanzasOf(effects);
  assert.deepEqual(more, []);
  assert.equal(reply?.attrs["type"], "error");
  const [condition, text] = reply?.getChild("error")?.getChildElements() ?? [];
  return [condition?.name ?? "", text?.getText() ?? ""];
}

/** The native user's event, read as the bridge reads it. */
export function nativeEvent<T extends NativeEvent["type"]>(
  type: T,
  data: Record<string, unknown> = {},
): Extract<NativeEvent, { type: T }> {
  const event = {
    specversion: "1.0",
    id: "e-1",
    source: "urn:chat",
    type,
    time: "2026-11-02T09:29:59Z",
    data: { user: "nina", contact, ...data },
  };
  return must(readNativeEvent(JSON.stringify(event), [domain])) as Extract<NativeEvent, { type: T }>;
}

/** The stanzas among effects, each one fit for the socket. */
export function stanzasOf(effects: readonly Effect[]): Element[] {
  return effects
    .filter((effect) => effect.kind === "stanza")
    .map((effect) => must(checkOutbound(effect.xml, [domain])));
}

/** In one line a stanza: who to whom, type, show and text. */
export function lines(effects: readonly Effect[]): string[] {
  return stanzasOf(effects).map((stanza) => {
    const { from, to, type = "available" } = stanza.attrs;
    return `${stanza.name} ${type} ${from} > ${to}`;
  });
}

/** The delivered events, each one true to the contract, as [type, data without the pair]. */
export function deliveriesOf(effects: readonly Effect[]): [string, Record<string, unknown>][] {
  return effects
    .filter((effect) => effect.kind === "deliver")
    .map(({ event }) => {
      v.parse(deliveryData[event.type as DeliveryType], event.data);
      const { user: _, contact: __, ...said } = event.data;
      return [event.type, said];
    });
}

export function internalsOf(effects: readonly Effect[]): [string, Record<string, unknown>][] {
  return effects
    .filter((effect) => effect.kind === "internal")
    .map(({ event }) => {
      const body = must(readNativeEvent(JSON.stringify(event), [domain]));
      return [body.type, body.data];
    });
}
