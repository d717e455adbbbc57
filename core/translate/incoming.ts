/** A contact's message while it is decided on: what each kind of it is read from, and how it is said on. */
import type { Element } from "ltx";
import type { Capabilities } from "../capabilities.ts";
import { asciiJson } from "../contract/envelope.ts";
import { limits } from "../limits.ts";
import type { Condition } from "../xmpp/error.ts";
import { ns } from "../xmpp/stanza.ts";
import { utf8Bytes } from "../xmpp/utf8.ts";
import type { Context } from "./context.ts";
import type { EffectCollector, Said } from "./effects.ts";

export interface Incoming {
  readonly ctx: Context;
  readonly stanza: Element;
  /** What the native system can do. */
  readonly capabilities: Capabilities;
  readonly effects: EffectCollector;
  /** When it was sent. */
  readonly time: string;
}

/** Why the native side is not told; its sender is. */
export interface Refusal {
  readonly condition: Condition;
  /** For people. */
  readonly text: string;
}

/** What became of a message that may be of a kind: it is of another, it was taken in, or it is refused. */
export type Outcome = "other" | "taken" | Refusal;

/** Events that a message may become, the first with what it says. */
type MessageEvent = "message.sent" | "message.edited" | "message.retracted" | "message.reacted";

/** Delivers an event, all of it or nothing. */
export function deliverOne<T extends MessageEvent>(incoming: Incoming, type: T, said: Said<T>): Outcome {
  if (isTooLarge(said)) return tooLarge;
  incoming.effects.deliver(type, said, incoming.time);
  return "taken";
}

export const tooLarge: Refusal = { condition: "policy-violation", text: "The message is too large." };

/** As an event of the contract, or as the ASCII that travels, where a character may take six bytes and more. */
export function isTooLarge(said: object): boolean {
  const { eventBytesMax, queueMessageBytesMax, eventFrameBytesMax } = limits;
  const eventMax = eventBytesMax - eventFrameBytesMax;
  const asciiBytes = asciiJson(said).length;
  // ASCII is never the shorter form: almost every message is measured once.
  if (asciiBytes <= eventMax) return false;
  return asciiBytes > queueMessageBytesMax - eventFrameBytesMax || utf8Bytes(JSON.stringify(said)) > eventMax;
}

/** Design §4: the `id` attribute, else the origin-id, else one made from the cause. */
export function idsOf({ ctx, stanza }: Incoming): Pick<Said<"message.sent">, "id" | "originId"> {
  const id = stanza.attrs["id"] ?? "";
  const originId = stanza.getChild("origin-id", ns.originId)?.attrs["id"] ?? "";
  if (id === "") return { id: originId === "" ? `causeway-${ctx.cause.id}` : originId };
  return originId === "" || originId === id ? { id } : { id, originId };
}
