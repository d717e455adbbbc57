/** There and back: what one side says as the other side's translation reads it. */
import type { Element } from "ltx";
import { allCapabilities } from "#core/capabilities.ts";
import type { NativeEvent } from "#core/contract/events.ts";
import type { Effect } from "#core/decision.ts";
import { limits } from "#core/limits.ts";
import type { Context } from "#core/translate/context.ts";
import { eventToMessage } from "#core/translate/event-to-message.ts";
import { eventToReaction } from "#core/translate/event-to-reaction.ts";
import { eventToReceipt } from "#core/translate/event-to-receipt.ts";
import { eventToRetraction } from "#core/translate/event-to-retraction.ts";
import { eventToTyping } from "#core/translate/event-to-typing.ts";
import type { Known } from "#core/translate/known.ts";
import { messageToEvent } from "#core/translate/message-to-event.ts";

/** What was said: an event's type, and its data without the pair. */
export interface Saying {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** The effects of an event that says something to a contact; undefined where it is refused or is about another thing. */
export function decideSaying(ctx: Context, event: NativeEvent, known: Known): readonly Effect[] | undefined {
  switch (event.type) {
    case "message.sent":
    case "message.edited": {
      const decided = eventToMessage(ctx, event, known);
      return decided.ok ? decided.value : undefined;
    }
    case "message.retracted":
      return eventToRetraction(ctx, event, known);
    case "message.reacted":
      return eventToReaction(ctx, event, known);
    case "message.delivered":
    case "message.displayed":
      return eventToReceipt(ctx, event, known);
    case "typing.changed":
      return eventToTyping(ctx, event, known);
    default:
      return undefined;
  }
}

/** What a bridge on the contact's side would be told by these stanzas of the ghost's, in their order. */
export function heard(ctx: Context, stanzas: readonly Element[]): Saying[] {
  const { pair, ghost } = ctx;
  // There the ghost is the contact.
  const mirrored: Context = { ...ctx, pair: { ...pair, contact: ghost }, ghost: pair.contact };
  return stanzas.flatMap((stanza, index) => {
    const cause = { ...ctx.cause, id: `7.${index}` };
    return sayings(messageToEvent({ ...mirrored, cause }, stanza, allCapabilities).effects);
  });
}

/** The deliveries among effects. */
export function sayings(effects: readonly Effect[]): Saying[] {
  return effects
    .filter((effect) => effect.kind === "deliver")
    .map(({ event }) => {
      const { user: _, contact: __, ...data } = event.data;
      return { type: event.type, data };
    });
}

/**
 * Joins the stanzas of a message with attachments, as `docs/events.md` says: those under `<id>/<n>` are its files.
 * The message is the first.
 */
export function joined(all: readonly Saying[]): Saying | undefined {
  const [first, ...rest] = all;
  if (first === undefined || rest.length === 0) return first;
  const id = String(first.data["id"]);
  const files = all.flatMap(({ data }) => (data["attachments"] as unknown[] | undefined) ?? []);
  const isPart = ({ type, data }: Saying) => type === first.type && String(data["id"]).startsWith(`${id}/`);
  if (!rest.every(isPart) || rest.length > limits.attachmentsMax) return undefined;
  return { type: first.type, data: { ...first.data, attachments: files } };
}
